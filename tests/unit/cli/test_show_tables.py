"""Cells, values and tables: what fits, what is harmless, what is short."""

from __future__ import annotations

from datetime import UTC
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.record import Json
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.show import kinds
from jobqueue_tui.cli.show.cells import fitted, one_line, width
from jobqueue_tui.cli.show.listing import Form, Look, in_colour, print_list, print_record
from jobqueue_tui.cli.show.table import render
from jobqueue_tui.cli.show.values import duration, size, text_of
from tests.unit.server.fake_view import FakeJob, run_record


@given(st.text(max_size=40), st.integers(0, 30))
def test_a_cell_is_never_wider_than_its_room_and_stays_whole_when_it_fits(text: str, cells: int) -> None:
    shown = fitted(one_line(text), cells)
    assert width(shown) <= cells
    if width(one_line(text)) <= cells:
        assert shown == one_line(text)


@given(st.text())
def test_one_line_is_one_line_without_anything_a_terminal_obeys(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert "\x1b" not in one_line(text)


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    assert (width("日本"), width("é"), width("abc")) == (4, 1, 3)
    assert fitted("日本語", 4) == "日…"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("pid", None, "-"),
        ("tags", [], "-"),
        ("tags", ["a", "b"], "a b"),
        ("active", [{}, {}], "2"),
        ("enabled", True, "yes"),
        ("started_at", "2026-11-24T04:12:17.123456+00:00", "2026-11-24 04:12:17"),
        ("wall_seconds", 0.4213, "0.42s"),
        ("wall_seconds", 3723.9, "1h2m4s"),
        ("peak_rss_bytes", 158_715_904, "151M"),
        ("cpu_percent", 99.96, "100.0%"),
        ("reason", "a\x1b[2Jb\nc", "ab c"),
        ("priority", -5, "-5"),
    ],
)
def test_a_value_has_its_words(key: str, value: Json, text: str) -> None:
    assert text_of(key, value, UTC) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.00s"), (9.999, "10.00s"), (59.9, "59.9s"), (90_061.0, "1d1h"), (-5.0, "-5.00s")]
)
def test_a_duration_is_short_rather_than_exact(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (1023, "1023"), (1024, "1.0K"), (10 << 20, "10M"), (5 << 50, "5120T")]
)
def test_a_size_is_short_rather_than_exact(count: int, text: str) -> None:
    assert size(count) == text


@given(
    st.lists(st.lists(st.text(alphabet="ab日", max_size=20), min_size=3, max_size=3), max_size=4),
    st.integers(10, 60),
)
def test_a_table_never_passes_the_edge_of_its_terminal(rows: list[list[str]], room: int) -> None:
    text = render(["ONE", "TWO", "THREE"], rows, room=room, colour=False, numeric=[False, True, False])
    assert all(width(line) <= room for line in text.splitlines())
    assert len(text.splitlines()) == len(rows) + 1


def test_the_widest_column_gives_way_first() -> None:
    text = render(["ID", "TEXT"], [["short", "x" * 50]], room=20, colour=False, numeric=[False, False])
    assert text.splitlines()[1] == "short  " + "x" * 12 + "…"


def test_colour_paints_states_only_where_they_stand_as_a_cell() -> None:
    text = render(["ID", "STATE"], [["failed-once", "failed"]], room=None, colour=True, numeric=[False, False])
    assert text.splitlines()[1] == "failed-once  \x1b[31mfailed\x1b[0m"


def test_colour_needs_a_terminal_that_can_and_no_word_against_it() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    assert in_colour(Terminal(), {"TERM": "xterm", "NO_COLOR": ""})
    assert not in_colour(Terminal(), {"TERM": "xterm", "NO_COLOR": "1"})
    assert not in_colour(Terminal(), {"TERM": "dumb"})
    assert not in_colour(StringIO(), {"TERM": "xterm"})


def test_the_keys_that_columns_are_chosen_from_are_those_of_the_records() -> None:
    assert list(run_record().to_json().keys() - set(kinds.RUN_KEYS)) == []
    assert set(kinds.RUN_KEYS) == set(run_record().to_json())
    assert set(kinds.JOB_KEYS) == set(FakeJob("a").record().to_json())
    assert set(kinds.RUN_COLUMNS) <= set(kinds.RUN_KEYS)
    assert set(kinds.JOB_COLUMNS) <= set(kinds.JOB_KEYS)


def test_an_unknown_column_names_those_there_are() -> None:
    with pytest.raises(Failure) as failure:
        print_list([], Look(Form.TABLE, ("mood",)), usual=("id",), keys=("id", "status"))
    assert (failure.value.code, failure.value.message) == (Exit.USAGE, "no column 'mood'; there are id, status")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_compute_is_quoted_in_csv(text: str) -> None:
    out = StringIO()
    print_list([{"a": text, "n": -1}], Look(Form.CSV, ("a", "n")), usual=(), keys=(), out=out)
    assert out.getvalue().splitlines()[1].startswith("'")
    assert out.getvalue().splitlines()[1].endswith(",-1")


def test_a_record_prints_as_lines_and_as_an_object() -> None:
    lines, data = StringIO(), StringIO()
    print_record({"id": "a", "status": "running"}, Form.TABLE, out=lines)
    print_record({"id": "a"}, Form.JSONL, out=data)
    assert (lines.getvalue(), data.getvalue()) == ("id      a\nstatus  running\n", '{"id": "a"}\n')
