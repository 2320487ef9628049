"""Secrets in what is read of a log: hidden wherever the reader begins and ends, from the marks beside it alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.logs.chunk import read_chunk
from engine.logs.masking import marks_of, marks_path
from engine.logs.outputs import last_lines
from engine.logs.secret_child import LONGEST, Unavailable, add_fault, add_marks, fault_of, value_of

SECRET = b"hunter2-and-more"


def a_log(tmp_path: Path, text: bytes, *secrets: bytes) -> str:
    path = tmp_path / "7.log"
    path.write_bytes(text)
    if secrets:
        add_marks(marks_path(str(path)), secrets)
    return str(path)


def test_a_secret_is_hidden_wherever_a_chunk_begins_or_ends(tmp_path: Path) -> None:
    text = b"a " + SECRET + b" b " + SECRET + SECRET + b"\n"
    hidden = text.replace(SECRET, b"*" * len(SECRET))
    path = a_log(tmp_path, text, SECRET)
    for size in (1, 5, 16, 17, 100):
        read = b"".join(read_chunk(path, at, size).data for at in range(0, len(text), size))
        assert read == hidden, f"in chunks of {size}"
    assert read_chunk(path, -3, 100).data == hidden[-3:]


def test_readers_of_the_end_hide_as_well(tmp_path: Path) -> None:
    path = a_log(tmp_path, b"x" * 3000 + b"\n" + SECRET + b"\n", SECRET)
    assert last_lines(path) == "*" * len(SECRET)


def test_the_file_of_marks_does_not_hold_the_value(tmp_path: Path) -> None:
    """80-security: secrets are never stored."""
    path = a_log(tmp_path, b"", SECRET)
    raw = Path(marks_path(path)).read_bytes()
    assert SECRET not in raw
    assert SECRET.hex().encode() not in raw
    assert Path(marks_path(path)).stat().st_mode & 0o777 == 0o600


def test_values_of_later_attempts_are_hidden_beside_the_earlier_ones_and_cost_nothing_when_equal(
    tmp_path: Path,
) -> None:
    path = a_log(tmp_path, b"first-value second-value", b"first-value")
    for _ in range(3):
        add_marks(marks_path(path), [b"first-value", b"second-value"])
    assert read_chunk(path, 0, 100).data == b"*********** ************"
    assert len(Path(marks_path(path)).read_text().splitlines()) == 3


def test_lines_of_a_value_are_hidden_one_by_one_and_short_values_not_at_all(tmp_path: Path) -> None:
    path = a_log(tmp_path, b"KEY BEGIN\r\n\nabcdefgh\nab", b"KEY BEGIN\nabcdefgh\nab", b"ab", b"abc")
    assert read_chunk(path, 0, 100).data == b"*********\r\n\n********\nab"


@pytest.mark.parametrize("marks", [b"", b"no salt\n", b"00ff\nx y z\n9999999 1 aa\n1 300\n", bytes(range(256)) * 8])
def test_a_file_of_marks_in_any_state_harms_no_reader(tmp_path: Path, marks: bytes) -> None:
    path = a_log(tmp_path, b"text")
    Path(marks_path(path)).write_bytes(marks)
    assert read_chunk(path, 0, 100).data == b"text"


def test_a_link_or_a_pipe_in_the_place_of_the_marks_is_not_followed(tmp_path: Path) -> None:
    """80-security: symlinked files beside logs."""
    path = a_log(tmp_path, b"text")
    victim = tmp_path / "victim"
    victim.write_text("mine")
    Path(marks_path(path)).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        add_marks(marks_path(path), [SECRET])
    Path(marks_path(path)).unlink()
    os.link(victim, marks_path(path))
    with pytest.raises(OSError, match="not the file"):
        add_marks(marks_path(path), [SECRET])
    Path(marks_path(path)).unlink()
    os.mkfifo(marks_path(path))
    assert marks_of(path) is None
    assert victim.read_text() == "mine"


def test_a_fault_is_found_by_its_attempt_alone(tmp_path: Path) -> None:
    path = marks_path(a_log(tmp_path, b"", SECRET))
    add_fault(path, "a:1.1", "secret(PW: is empty)")
    assert fault_of(path, "a:1.1") == "secret(PW: is empty)"
    assert fault_of(path, "a:1.2") is None


@pytest.mark.parametrize(
    ("raw", "value"), [(b"x\n", b"x"), (b"x\r\n", b"x"), (b"x\n\n", b"x\n"), (b" x ", b" x "), (b"a\nb\n", b"a\nb")]
)
def test_a_value_ends_before_the_end_of_its_last_line(raw: bytes, value: bytes) -> None:
    assert value_of(raw) == value


@pytest.mark.parametrize("raw", [b"", b"\n", b"a\0b", b"x" * (LONGEST + 1)])
def test_what_cannot_be_a_variable_is_no_value(raw: bytes) -> None:
    with pytest.raises(Unavailable):
        value_of(raw)
