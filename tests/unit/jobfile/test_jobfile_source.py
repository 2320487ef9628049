"""Which files are read: clean UTF-8, bounded, regular, safe for root; and what a message may show of the others."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobfile import Loaded, load
from engine.jobfile.source import MAX_BYTES, Opener, SourceError, decode

Load = Callable[..., Loaded]
GOOD = "jobs: {a: {command: x}}\n"


def only(loaded: Loaded) -> str:
    """The one finding, without the folder."""
    (found,) = loaded.diagnostics
    return str(found).rpartition("/")[2]


def test_a_byte_order_mark_is_not_counted(load_text: Load) -> None:
    assert load_text(b"\xef\xbb\xbf" + GOOD.encode()).ok
    assert only(load_text(b"\xef\xbb\xbfjob: {}")).startswith("jobs.yaml:1:1:")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_refused_by_name(load_text: Load, encoding: str) -> None:
    message = only(load_text(GOOD.encode(encoding)))
    assert "UTF-16" in message or "UTF-32" in message
    assert "save it as UTF-8" in message


def test_a_byte_that_is_not_utf_8_is_shown_with_its_place(load_text: Load) -> None:
    assert only(load_text("jobs:\n  ü: ".encode() + b"\xe9\n")).startswith(
        "jobs.yaml:2:6: error: is not UTF-8: byte 0xe9"
    )


@pytest.mark.parametrize("sign", ["\0", "\x07", "\x1b", "\x7f", "\ufffe"])
def test_control_characters_are_refused_with_their_place(load_text: Load, sign: str) -> None:
    message = only(load_text(f"jobs:\n  a: {sign}\n"))
    assert message.startswith(f"jobs.yaml:2:6: error: the character U+{ord(sign):04X}")


def test_a_file_beyond_16_mib_is_refused(load_text: Load) -> None:
    assert load_text(GOOD.encode() + b"#" * (MAX_BYTES - len(GOOD))).ok
    assert "at most 16 MiB" in only(load_text(GOOD.encode() + b"#" * (MAX_BYTES + 1 - len(GOOD))))


def test_the_limit_holds_for_all_files_together(load_text: Load) -> None:
    half = "#" * (MAX_BYTES // 2)
    loaded = load_text(f"include: ['d/*.yaml']\n{GOOD}{half}", {"d/b.yaml": f"jobs: {{b: {{command: x}}}}\n{half}"})
    assert "at most 16 MiB" in only(loaded)


def test_an_empty_file_is_told_the_shortest_one(load_text: Load) -> None:
    for text in ("", "# nothing\n"):
        assert "jobs: {hello: {command: echo hi}}" in only(load_text(text))


@pytest.mark.parametrize(
    "text", ["root:$6$secret:19000::::::\n", "password: hunter2\n", "- hunter2\n", "{hunter2: [", "hunter2"]
)
def test_nothing_of_a_file_that_is_no_job_file_is_shown(load_text: Load, text: str) -> None:
    loaded = load_text(text)
    assert "is not a job file" in only(loaded)
    shown = loaded.text() + loaded.json()
    assert "hunter2" not in shown
    assert "secret" not in shown


def test_a_misspelt_top_key_is_still_a_job_file(load_text: Load) -> None:
    assert only(load_text("job: {}\n")).endswith('"job" is not a key of a job file; did you mean `jobs`?')


def test_a_pipe_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not a regular file" in only(load(tmp_path / "pipe", {}))


@pytest.mark.parametrize("name", ["", "none.yaml", "with\0nul"])
def test_what_cannot_be_opened_is_a_finding(tmp_path: Path, name: str) -> None:
    loaded = load(tmp_path / name, {})
    assert (loaded.file, loaded.ok) == (None, False)


def make(path: Path, mode: int) -> Path:
    """A good job file with a mode."""
    path.write_text(GOOD)
    path.chmod(mode)
    return path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that root trusts")
@pytest.mark.parametrize(
    ("mode", "safe"), [(0o600, True), (0o644, True), (0o664, True), (0o666, False), (0o602, False)]
)
def test_root_reads_no_file_that_others_may_write(tmp_path: Path, mode: int, safe: bool) -> None:
    path = make(tmp_path / "jobs.yaml", mode)
    if safe:
        assert Opener(uid=0).read(path) == GOOD.encode()
    else:
        with pytest.raises(SourceError, match="can be changed by others"):
            Opener(uid=0).read(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_reads_no_file_of_another_user_or_foreign_group(tmp_path: Path) -> None:
    path = make(tmp_path / "jobs.yaml", 0o660)
    os.chown(path, 0, 1000)
    with pytest.raises(SourceError, match="can be changed by others"):
        Opener(uid=0).read(path)
    os.chown(path, 1000, 0)
    with pytest.raises(SourceError, match="belongs to user 1000"):
        Opener(uid=0).read(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders that root trusts")
def test_root_reads_no_file_below_a_folder_that_others_may_write(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    path = make(folder / "jobs.yaml", 0o644)
    folder.chmod(0o777)
    with pytest.raises(SourceError, match="the folder"):
        Opener(uid=0).read(path)
    folder.chmod(0o1777)
    assert Opener(uid=0).read(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders that root trusts")
def test_a_symlink_does_not_hide_an_unsafe_folder(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    make(folder / "jobs.yaml", 0o644)
    folder.chmod(0o777)
    (tmp_path / "link.yaml").symlink_to(folder / "jobs.yaml")
    with pytest.raises(SourceError, match="the folder"):
        Opener(uid=0).read(tmp_path / "link.yaml")


def test_the_rules_for_root_do_not_bind_an_ordinary_user(tmp_path: Path) -> None:
    assert Opener(uid=1000).read(make(tmp_path / "jobs.yaml", 0o666)) == GOOD.encode()


def test_decoding_counts_the_line_ends_that_yaml_counts() -> None:
    with pytest.raises(SourceError) as caught:
        decode("a\r\nb\rc\u2028d\x85  \x07".encode())
    assert caught.value.place == (5, 3)


def test_what_was_read_goes_without_the_collector_of_garbage(load_text: Load) -> None:
    """It sleeps while a program starts: a circle would keep the whole tree of the file."""
    text = "jobs:\n" + "".join(f"  j{number}: {{command: [echo, x], tags: [a, b]}}\n" for number in range(200))
    assert load_text(text).ok  # what a first load makes once
    gc.collect()
    gc.disable()
    try:
        assert load_text(text).ok
        assert gc.collect() < 200, "less than an object a job"
    finally:
        gc.enable()


def test_what_a_job_file_depends_on_is_known(tmp_path: Path, load_text: Load) -> None:
    """Includes with their patterns, files of variables, and where links lead: what was written there has to be seen."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "jobs.yaml").write_text("jobs: {b: {command: x}}\n")
    (tmp_path / "d[1]").mkdir()
    (tmp_path / "d[1]" / "link.yaml").symlink_to("../real/jobs.yaml")
    text = 'include: ["d*/*.yaml"]\njobs: {a: {command: x, env_file: [a.env]}}\n'
    file = load_text(text, {"a.env": "A=1"}).file
    assert file is not None
    names = ["jobs.yaml", "d[[]1]/link.yaml", "real/jobs.yaml", "a.env", "d*/*.yaml"]
    assert file.read_from == tuple(f"{tmp_path}/{name}" for name in names)
