"""How the table is looked at: marks and verbs for many, problems, groups, columns, zoom, saving, copying, keeping."""

from __future__ import annotations

import csv
import gc
import json
from pathlib import Path

import pytest
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.css.stylesheet import Stylesheet
from textual.widgets import Input

from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from engine.model.stats import JobStats, Spread
from jobqueue_tui.console import kept
from jobqueue_tui.console.arranging import Heading
from jobqueue_tui.console.kept import Kept, KeptError
from jobqueue_tui.console.saving import Saving, Value, check_path
from jobqueue_tui.console.screens.dialogs import ChoiceDialog
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.settings import ConsoleSettings
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import PLACES, Stage, console


def shown(stage: Stage) -> list[str]:
    """Ids in the table, from top to bottom."""
    return [job.id for job in stage.home.table.view]


# ---- marks


async def test_verbs_act_on_the_marked_after_asking() -> None:
    """All are listed; Cancel has the cursor; one toast counts, one Backspace takes all back."""
    async with console() as stage:
        await stage.press("space", "j", "space", "p")
        dialog = stage.app.screen
        assert isinstance(dialog, ChoiceDialog)
        assert dialog.choices.cursor == 0
        assert [line.split()[0] for line in dialog.lines] == ["db-dump", "transform"]
        await stage.press("enter")
        assert stage.verbs == []
        await stage.press("p", "j", "enter")
        assert stage.verbs == [("pause", "db-dump"), ("pause", "transform")]
        assert stage.toasts[-1][1].startswith("1 paused, 1 held  ·  Backspace undoes it: all 2")
        await stage.press("backspace")
        assert stage.verbs[2:] == [("resume", "transform"), ("resume", "db-dump")]


async def test_space_marks_and_goes_on_and_shows_it_by_a_sign() -> None:
    """The top line counts; `U` takes all marks off."""
    async with console() as stage:
        await stage.press("space", "space", "j", "space")
        assert stage.home.table.marked == {"db-dump", "extract", "load"}
        assert "3 marked" in stage.text()[0]
        assert sum("◆" in line for line in stage.text()) == 3
        await stage.press("g", "space")
        assert stage.home.table.marked == {"extract", "load"}
        await stage.press("U")
        assert stage.home.table.marked == set()
        assert "marked" not in stage.text()[0]


async def test_a_range_is_marked_from_the_last_mark() -> None:
    """Ctrl-Space, in either direction."""
    async with console() as stage:
        await stage.press("j", "space", "j", "j", "ctrl+@")
        assert [job for job in shown(stage) if job in stage.home.table.marked] == shown(stage)[1:5]


async def test_marked_jobs_that_are_not_shown_are_left_alone() -> None:
    """What a filter hides is not acted upon, and the top line says so."""
    async with console() as stage:
        await stage.press("space", "space", "slash", *"dump", "enter")
        assert "1 marked, 1 not shown" in stage.text()[0]
        await stage.press("s")
        assert stage.verbs == [("suspend", "db-dump")]


async def test_refusals_among_many_are_named() -> None:
    """What could be done is done."""
    engine = small_engine()
    from engine.errors import Refused, RefusedCode

    engine.job("extract").refusal = Refused(RefusedCode.STATE, "extract [red]cannot")
    async with console(engine) as stage:
        await stage.press("space", "space", "s", "j", "enter")
        assert stage.verbs == [("suspend", "db-dump")]
        assert stage.toasts[-1] == ("1 of 2 were refused", "extract [red]cannot")


@pytest.mark.parametrize("key", ["x", "t", "a", "plus", "minus", "p", "s"])
async def test_every_verb_on_many_opens_a_dialog_on_cancel(key: str) -> None:
    """Whatever is harmless for one is asked for many."""
    async with console() as stage:
        await stage.press("space", "space", key)
        dialog = stage.app.screen
        assert isinstance(dialog, ChoiceDialog)
        assert dialog.choices.choices[dialog.choices.cursor].id == "cancel"
        await stage.press("enter")
        assert stage.verbs == []


async def test_the_stop_menu_of_many_stops_those_that_run() -> None:
    """Only jobs with runs are told to stop their runs."""
    async with console() as stage:
        await stage.press("space", "space", "j", "space", "x", "j", "enter")
        assert [job for _, job in stage.verbs] == ["db-dump", "extract"]


# ---- problems, groups, columns


async def test_only_problems() -> None:
    """Failed, timed out, lost, missed, in error; and what runs longer than it usually does."""
    engine = small_engine()
    engine.job("extract").taken = JobStats(
        seconds=Spread(5.0, 5.0, 6.0, 7.0),
        waits=Spread(),
        outcomes=(Outcome.SUCCESS,) * 5,
        cpu_seconds=1.0,
        peak_rss_bytes=1,
    )
    async with console(engine) as stage:
        await stage.press("exclamation_mark")
        assert shown(stage) == ["extract", "load", "index-mail", "seed-cache"]
        assert "problems only" in stage.text()[0]
        assert any("● slow" in line and " extract " in line for line in stage.text())
        stage.engine.job("load").last_run_outcome = Outcome.SUCCESS
        stage.engine.job("load").touch()
        await stage.second()
        assert shown(stage) == ["extract", "index-mail", "seed-cache"]
        await stage.press("exclamation_mark")
        assert len(shown(stage)) == 16


async def test_an_occurrence_that_was_skipped_makes_nothing_well() -> None:
    """The last run that ran failed: it is a problem, and the header counts it, whatever was skipped since."""
    engine = FakeEngine()
    job = engine.add("fails")
    engine.ended(job, 10.0, 2.5, Outcome.FAILED, "exit(1)")
    engine.running(job, 2.0, 0.0, 1)
    engine.ended(job, 1.0, 0.0, Outcome.SKIPPED, "overlap")
    engine.add("fine")
    async with console(engine) as stage:
        assert "failing 1" in stage.text()[0]
        await stage.press("exclamation_mark")
        assert shown(stage) == ["fails"]


async def test_no_problem_is_a_screen_that_says_so() -> None:
    """And how to get the jobs back."""
    engine = FakeEngine()
    engine.add("fine")
    async with console(engine) as stage:
        await stage.press("exclamation_mark")
        assert any("No problems. ! shows all jobs again." in line for line in stage.text())


async def test_groups_have_headings_with_counts() -> None:
    """By the first tag, by the first pool, by status, then none; Space on a heading marks its group."""
    engine = small_engine()
    engine.job("db-dump").pools = {"disk": 1, "net": 2}
    async with console(engine) as stage:
        await stage.press("b", "g")
        rows = stage.home.table.rows
        assert isinstance(rows[0], Heading)
        assert (rows[0].name, rows[0].count, rows[0].running) == ("db", 1, 1)
        names = [row.name for row in rows if isinstance(row, Heading)]
        assert names == ["db", "etl", "home", "mail", "net", "web", "no tag"]
        await stage.press("p", "x", "t", "enter", "l")
        assert isinstance(stage.app.screen, JobsScreen)
        assert stage.verbs == []
        await stage.press("j", "j", "space")
        assert stage.home.table.marked == {"extract", "transform", "load"}
        await stage.press("b")
        assert next((row.name, row.count) for row in stage.home.table.rows if isinstance(row, Heading)) == ("disk", 1)
        assert [row.name for row in stage.home.table.rows if isinstance(row, Heading)] == ["disk", "no pool"]
        await stage.press("b")
        assert {row.name for row in stage.home.table.rows if isinstance(row, Heading)} >= {
            "running",
            "waiting",
            "held",
        } - {"held"}
        await stage.press("b")
        assert not any(isinstance(row, Heading) for row in stage.home.table.rows)


async def test_wide_shows_words_in_place_of_curves() -> None:
    """More columns in the same width."""
    async with console(size=(120, 30)) as stage:
        before = {placed.column.id for placed in stage.home.table.placed}
        await stage.press("w")
        after = {placed.column.id for placed in stage.home.table.placed}
        assert not after & {"cpu-curve", "memory-curve"}
        assert after > before - {"cpu-curve", "memory-curve"}
        await stage.press("w")
        assert {placed.column.id for placed in stage.home.table.placed} == before


async def test_columns_are_chosen_by_name() -> None:
    """`:columns`; status and name are always there."""
    async with console(size=(120, 30)) as stage:
        await stage.press("colon", *"columns", "enter")
        assert isinstance(stage.app.screen, FormDialog)
        await stage.press("space", "tab", "space", *["tab"] * 20, "escape")
        assert {"priority", "next"} <= {placed.column.id for placed in stage.home.table.placed}
        await stage.press("colon", *"columns", "enter", "space", "tab", "space")
        form = stage.app.screen
        assert isinstance(form, FormDialog)
        form.choices.focus()
        await stage.press("enter")
        ids = {placed.column.id for placed in stage.home.table.placed}
        assert not {"priority", "next"} & ids
        assert {"status", "name", "outcome"} <= ids


async def test_the_cursor_may_be_told_to_stay() -> None:
    """`F`: another job comes under it, and verbs wait for a moment."""
    async with console() as stage:
        await stage.press("F", "N", "j")
        before = stage.home.table.cursor
        stage.engine.add("aaa")
        await stage.settle()
        assert stage.home.table.cursor == before
        assert stage.home.aimed() is None
        stage.hand.at += 0.31
        assert stage.home.aimed() is not None


async def test_why_nothing_is_shown_is_said_anew_when_the_reason_changes() -> None:
    """Nothing passes the filter, then no problem does."""
    async with console() as stage:
        await stage.press("slash", *"zzz", "enter")
        assert any("No job passes the filter" in line for line in stage.text())
        await stage.press("exclamation_mark")
        assert any("No problem passes the filter" in line for line in stage.text())


# ---- zoom


async def test_zoom_shows_one_part_then_the_other_then_both() -> None:
    """The cursor and its keys stay."""
    async with console() as stage:
        home = stage.home
        await stage.press("z")
        assert home.tail.size.height == 0
        await stage.press("z", "j")
        assert home.table.size.height == 1
        assert home.tail.size.height > 20
        assert home.table.cursor == 1
        await stage.press("z")
        assert home.table.size.height > 5
        assert home.tail.size.height > 4


# ---- filters that were used


async def test_filters_that_were_used_come_back_with_up() -> None:
    """The newest first; down goes forward; also on another screen."""
    async with console() as stage:
        await stage.press("slash", *"dump", "enter", "escape", "slash", *"etl", "enter", "escape", "slash", "up")
        assert stage.home.filter_bar.text == "etl"
        await stage.press("up")
        assert stage.home.filter_bar.text == "dump"
        assert shown(stage) == ["db-dump"]
        await stage.press("down")
        assert stage.home.filter_bar.text == "etl"
        await stage.press("escape", "6", "right_square_bracket", "slash", "up", "up")
        assert isinstance(stage.app.focused, Input)
        assert stage.app.focused.value == "dump"


# ---- saving, copying


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


async def rows_of(stage: Stage) -> list[dict[str, Value]]:
    """What Ctrl-s would write as JSON; as CSV and text it has as many lines."""
    assert isinstance(stage.app.screen, LiveScreen)
    saving = stage.app.screen.to_save()
    assert isinstance(saving, Saving)
    rows: list[dict[str, Value]] = json.loads(saving.text(".json"))
    assert len(list(csv.reader(saving.text(".csv").splitlines()))) == len(rows) + 1
    assert len(saving.text(".txt").splitlines()) == len(rows) + 1
    return rows


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


# ---- kept


async def test_the_look_of_the_table_is_kept(tmp_path: Path) -> None:
    """Sort, groups, columns, wide, theme: the next console begins as this one ended."""
    settings = ConsoleSettings(config_folder=tmp_path)
    async with console(settings=settings) as stage:
        await stage.press("M", "M", "b", "w", "colon", *"theme", "space", *"light", "enter")
        await stage.press("colon", *"theme", "space", *"jobqueue-light", "enter")
    assert kept.read(tmp_path) == Kept(theme="jobqueue-light", sort="M", reversed=True, group="tag", wide=True)
    async with console(settings=settings) as stage:
        table = stage.home.table
        assert (table.order.letter, table.order.reverse) == ("M", True)
        assert isinstance(table.rows[0], Heading)
        assert "cpu-curve" not in {placed.column.id for placed in table.placed}
        assert stage.app.theme == "jobqueue-light"


async def test_nothing_is_written_when_nothing_was_changed(tmp_path: Path) -> None:
    """A console that was only looked at leaves no file."""
    async with console(settings=ConsoleSettings(config_folder=tmp_path / "new")):
        pass
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["theme = ", "colour = 1", "sort = 3", "[keys]\nx = 3", "columns = [1]", "\x00"])
async def test_a_bad_file_is_said_and_left_alone(tmp_path: Path, text: str) -> None:
    """The console begins with its defaults and does not overwrite what the user is to mend."""
    (tmp_path / "console.toml").write_text(text)
    with pytest.raises(KeptError):
        kept.read(tmp_path)
    async with console(settings=ConsoleSettings(config_folder=tmp_path)) as stage:
        assert "console.toml" in stage.toasts[0][1]
        await stage.press("M")
    assert (tmp_path / "console.toml").read_text() == text


async def test_settings_that_cannot_be_written_are_said_at_the_end(tmp_path: Path) -> None:
    """What was there stays, and nothing is left lying about."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "console.toml").mkdir()  # nobody can replace that by a file, not even root
    async with console(settings=ConsoleSettings(config_folder=folder)) as stage:
        stage.app._unread = ""
        await stage.press("M")
    assert stage.app.unkept.startswith("the console's settings cannot be kept: ")
    assert [one.name for one in folder.iterdir()] == ["console.toml"]


async def test_a_screen_that_is_left_leaves_no_lines_behind() -> None:
    """Dialogs come and go all day."""

    def caches() -> int:
        gc.collect()
        return sum(isinstance(one, StylesCache) for one in gc.get_objects())

    async with console() as stage:
        keys = ("colon", "escape", "x", "escape", "question_mark", "escape", "2", "escape")
        await stage.press(*keys)
        before = caches()
        for _ in range(3):
            await stage.press(*keys)
        assert caches() <= before + 5


async def test_keys_of_the_users_file_hold_and_are_kept(tmp_path: Path) -> None:
    """`[keys]` is the user's; the console writes it back as it was."""
    (tmp_path / "console.toml").write_text('[keys]\n"jobs.pause" = "f5"\n')
    async with console(settings=ConsoleSettings(config_folder=tmp_path)) as stage:
        await stage.press("f5", "M")
        assert stage.verbs == [("pause", "db-dump")]
        assert stage.engine.job("db-dump").active[0].phase is RunPhase.PAUSED
    assert kept.read(tmp_path) == Kept(sort="M", keys={"jobs.pause": "f5"})


async def test_styles_are_read_once_in_the_colours_of_the_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual would read all of them again for a theme that is there from the beginning; another theme is followed."""
    again = 0
    reparse = Stylesheet.reparse

    def counted(self: Stylesheet) -> None:
        nonlocal again
        again += 1
        reparse(self)

    monkeypatch.setattr(Stylesheet, "reparse", counted)
    async with console(settings=ConsoleSettings(theme="jobqueue-light")) as stage:
        app = stage.app
        assert again == 0
        for name in ("jobqueue-light", "jobqueue-dark"):
            app.theme = name
            await stage.settle()
            assert app.screen.styles.background == Color.parse(app.get_css_variables()["background"])
        assert again == 1
