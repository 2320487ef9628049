"""What is shown is saved as a file, or copied."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from textual.widgets import Input

from jobqueue_tui.console.saving import Saving, Value, check_path
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.live import LiveScreen
from tests.screens.engines import small_engine
from tests.screens.stage import PLACES, Stage, console, shown


async def rows_of(stage: Stage) -> list[dict[str, Value]]:
    """What Ctrl-s would write as JSON; as CSV and text it has as many lines."""
    assert isinstance(stage.app.screen, LiveScreen)
    saving = stage.app.screen.to_save()
    assert isinstance(saving, Saving)
    rows: list[dict[str, Value]] = json.loads(saving.text(".json"))
    assert len(list(csv.reader(saving.text(".csv").splitlines()))) == len(rows) + 1
    assert len(saving.text(".txt").splitlines()) == len(rows) + 1
    return rows


async def test_the_view_is_saved_as_it_is_shown(tmp_path: Path) -> None:
    """Filtered and sorted; the ending says the form; a file that is there is not overwritten."""
    engine = small_engine()
    engine.job("report").title = '=HYPERLINK("x")'
    async with console(engine) as stage:
        await stage.press("slash", *"r", "enter", "N", "ctrl+s")
        assert isinstance(stage.app.screen, FormDialog)
        field = stage.app.screen.query_one(Input)
        assert field.value == "jobs-20260309-120000.csv"
        await stage.press("escape")
        for name in ("jobs.csv", "jobs.json", "jobs.txt"):
            await stage.press("ctrl+s")
            stage.app.screen.query_one(Input).value = str(tmp_path / name)
            await stage.settle()
            await stage.press("enter", "enter")
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        ids = shown(stage)
        rows = list(csv.DictReader((tmp_path / "jobs.csv").read_text().splitlines()))
        assert [row["id"] for row in rows] == ids
        assert next(row for row in rows if row["id"] == "report")["name"] == '\'=HYPERLINK("x")'
        assert [row["id"] for row in json.loads((tmp_path / "jobs.json").read_text())] == ids
        assert len((tmp_path / "jobs.txt").read_text().splitlines()) == len(ids) + 1
    for bad in (tmp_path / "jobs.csv", tmp_path / "x.doc", tmp_path / "nowhere" / "x.csv"):
        with pytest.raises(ValueError, match=r"."):
            check_path(str(bad))


@pytest.mark.parametrize("place", PLACES)
async def test_each_screen_can_be_saved_under_its_name(place: str) -> None:
    """Ctrl-s asks for a file on every one of them."""
    names = {"log": "db-dump-212", "effective": "db-dump", "system": "audit"}
    async with console() as stage:
        await stage.press(*PLACES[place], "ctrl+s")
        assert isinstance(stage.app.screen, FormDialog)
        assert stage.app.screen.query_one(Input).value.startswith(names.get(place, place))


async def test_the_tree_is_saved_with_its_depths_and_as_it_is_narrowed() -> None:
    """Headings are no rows."""
    async with console() as stage:
        await stage.press("4", "slash", *"^load", "enter")
        rows = await rows_of(stage)
        assert [(row["depth"], row["id"]) for row in rows] == [(0, "extract"), (1, "transform"), (2, "load")]
        await stage.press("escape")
        assert len(await rows_of(stage)) == 8  # and a heading, which is no row


async def test_a_timeline_is_saved_as_what_ran_and_what_is_to_come_in_its_window() -> None:
    """A row for each run and occurrence; what will be skipped says so."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "slash", *"extract|cert", "enter", *["less_than_sign"] * 4)
        rows = await rows_of(stage)
        ran = [row for row in rows if row["run_id"]]
        assert {row["outcome"] for row in ran} >= {"success"}
        planned = [row for row in rows if row["job"] == "extract" and not row["run_id"]]
        assert planned[0]["planned_at"] == "2026-03-09T12:08:17+00:00"
        assert [row["outcome"] for row in rows if row["job"] == "cert-renew"] == ["skipped"]
        whole = len(rows)
        await stage.press(*["greater_than_sign"] * 7)
        assert 0 < len(await rows_of(stage)) < whole


async def test_failures_and_the_lists_of_the_system_are_saved_as_they_are_shown() -> None:
    """Each with columns of its own."""
    async with console(size=(120, 40)) as stage:
        await stage.press("6", "left_square_bracket")
        rows = await rows_of(stage)
        assert rows[0]["to"] == "2026-03-09"
        assert {row["job"] for row in rows} == {"db-dump", "extract", "load", "index-mail", "vacuum"}
        await stage.press("7")
        rows = await rows_of(stage)
        assert [(row["verb"], row["refused"]) for row in rows] == [
            ("hold", "state"), ("bump", None), ("pause", None), ("skip-next", None), ("bump", "out_of_range"),
        ]  # fmt: skip
        await stage.press("right_square_bracket")
        assert [row["seq"] for row in await rows_of(stage)] == [42, 41]
        await stage.press("right_square_bracket")
        assert [row["warning"] for row in await rows_of(stage)] == ["held by operator since 11:00: deploy"]


def test_saved_lines_stand_in_columns() -> None:
    """As wide as the widest, no trailing blanks."""
    saving = Saving("x", ("id", "n"), 2, lambda: [{"id": "a", "n": 10}, {"id": "bcd", "n": None}])
    assert saving.text(".txt") == "id   n\na    10\nbcd\n"


async def test_c_copies_the_id_or_those_that_are_marked() -> None:
    """By the terminal's own clipboard; said in a toast."""
    async with console() as stage:
        await stage.press("c")
        assert stage.app.clipboard == "db-dump"
        await stage.press("space", "space", "c")
        assert stage.app.clipboard == "db-dump\nextract"
        assert stage.toasts[-1] == ("", "copied: 2 ids")
        await stage.press("U", "6", "right_square_bracket", "G", "c")
        assert stage.app.clipboard.startswith("db-dump:")
