"""Nothing that a job prints or is named reaches a terminal as a control sequence."""

from __future__ import annotations

import re

import pytest

from jobqueue_tui.terminal import LONGEST_STRING, neutral, one_line

DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u206f\ud800-\udfff]"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("schön 工作 ✓", "schön 工作 ✓"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b[2J\x1b[Hgone?", "gone?"),
        ("\x1b[?1049l\x1b[>1u\x1b[4:3mx", "x"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;ZXZpbA==\x1b\\after", "after"),
        ("\x9d52;c;ZXZpbA==\x9cafter", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r\x1b\\x\x1b_app\x1b\\y\x1b^pm\x07z", "xyz"),
        ("\x1b(B\x1b7\x1bc\x1b=done", "done"),
        ("a\x00b\x07c\x08d\x7fe", "a␀b␇c␈d␡e"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("abc\u202etxt.exe", "abc\ufffdtxt.exe"),
        ("x\u2066y\u2069z\u200f", "x\ufffdy\ufffdz\ufffd"),
        ("a\udc80b", "a\ufffdb"),
        ("\x1b", "␛"),
        ("\x1b[", "␛["),
        ("\x1b[12;", "␛[12;"),
    ],
)
def test_each_kind_of_sequence_is_dropped_or_shown(text: str, shown: str) -> None:
    """What a terminal would obey is dropped, what could hide something is shown as one sign."""
    assert neutral(text) == shown


def test_a_string_that_never_ends_hides_nothing() -> None:
    """An OSC without its end does not swallow the lines after it."""
    assert neutral("\x1b]52;c;\nerror: disk full\n") == "␛]52;c;\nerror: disk full\n"
    long = "\x1b]0;" + "x" * (LONGEST_STRING + 1) + "\x07"
    assert neutral(long).startswith("␛]0;xxx")


def test_pieces_do_not_form_a_new_sequence() -> None:
    """What is left after one sequence was dropped is not read as another one."""
    for text in ("\x1b\x1b[31m[2J", "\x1b[\x1b[31m2J", "\x1b\x1b]0;x\x07]52;c;x\x07", "\x1b\x1b(B[H"):
        assert not DANGEROUS.search(neutral(text)), repr(text)
        assert not re.search(r"\x1b(?!\[[0-9;:]*m)", neutral(text, keep_colours=True)), repr(text)


def test_every_control_character_alone_and_in_front_of_text() -> None:
    """No character of C0, C1, bidirectional control or surrogate passes, in any company."""
    for code in [*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x2028, 0xDC41]:
        for tail in ("", "[2J", "]0;x\x07", "Pq\x1b\\", "c"):
            assert not DANGEROUS.search(neutral(chr(code) + tail))


def test_bytes_that_are_no_utf8_become_signs() -> None:
    """Bad bytes are shown, not guessed at and not fatal."""
    assert neutral(b"ok \xff\xfe \xc3") == "ok \ufffd\ufffd \ufffd"
    assert not DANGEROUS.search(neutral(bytes(range(256)) * 3))


def test_colours_are_kept_on_demand_and_nothing_else() -> None:
    """SGR passes, is closed at the end, and every other sequence goes the usual way."""
    assert neutral("\x1b[1;31mred\x1b[2J!", keep_colours=True) == "\x1b[1;31mred!\x1b[0m"
    assert neutral("\x1b]0;t\x07plain", keep_colours=True) == "plain"
    assert neutral("\x1b[>4;2mx\x1b[?1m", keep_colours=True) == "x"


def test_a_cell_of_a_table_is_one_line() -> None:
    """A name with line feeds or tabs cannot break a table."""
    assert one_line("a\nb\tc\r\nd") == "a␤b c␤d"
    assert one_line("[red]") == "[red]"


@pytest.mark.parametrize(
    "piece", ["\x9d", "\x1b]", "\x1b[", "\x1b[0", "\x1b", "\x1bP" + "q" * 50, "\u202e", "\x1b]0;x"]
)
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    """Two million characters of shapes that defeat backtracking: linear takes a blink, quadratic would never end."""
    assert not DANGEROUS.search(neutral(piece * (2_000_000 // len(piece))))
