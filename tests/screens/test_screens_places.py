"""The sections: what they show, that they follow what changes, and what their keys do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from engine.clock import SECOND
from engine.model.audit import Done
from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from engine.spec.params import Param
from jobqueue_tui.console.actions import ACTIONS, Where
from jobqueue_tui.console.screens.compare import CompareScreen
from jobqueue_tui.console.screens.failures import FailuresScreen
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.history import HistoryScreen
from jobqueue_tui.console.screens.inbox import InboxScreen
from jobqueue_tui.console.screens.job import JobScreen
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.screens.queue import QueueScreen
from jobqueue_tui.console.screens.system import SystemScreen
from jobqueue_tui.console.screens.timeline import TimelineScreen
from jobqueue_tui.console.timeline import in_cell
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import FakeRun, ended_run
from tests.screens.stage import PLACES, Stage, console

OTHERS = [place for place in PLACES if place not in {"jobs", "log", "tree"}]


# ---- all of them


@pytest.mark.parametrize("place", OTHERS)
async def test_moving_never_acts(place: str) -> None:
    """No key of movement gives a verb, opens or closes anything."""
    async with console() as stage:
        await stage.press(*PLACES[place])
        screen = stage.app.screen
        for action in ACTIONS:
            if action.where is Where.MOVE:
                await stage.press(*action.keys)
        assert stage.app.screen is screen
        assert stage.app.places.here.name == place
        assert stage.verbs == []


@pytest.mark.parametrize("place", OTHERS)
async def test_an_engine_with_nothing_is_a_screen_not_a_crash(place: str) -> None:
    """Every key does nothing, or says why."""
    async with console(FakeEngine()) as stage:
        await stage.press(*PLACES[place])
        await stage.press("enter", "l", "r", "d", "space", "U", "p", "s", "x", "t", "plus", "left", "right", "A")
        await stage.press("left_square_bracket", "right_square_bracket", "escape", "escape")
        assert stage.verbs == []


@pytest.mark.parametrize("place", ["history", "inbox", "timeline", "job"])
async def test_a_record_that_cannot_be_read_is_said_where_it_would_be(place: str) -> None:
    """The console lives on."""
    engine = small_engine()
    engine.trouble = OSError("disk [full]")
    if place == "inbox":

        async def broken(**_: object) -> list[object]:
            raise OSError("disk [full]")

        engine.inbox = broken  # type: ignore[method-assign,assignment] # that it fails is the subject
    async with console(engine) as stage:
        await stage.press(*PLACES[place])
        assert stage.has("disk [full]")


@pytest.mark.parametrize("place", OTHERS)
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 60)])
async def test_lines_are_as_wide_as_the_screen(place: str, size: tuple[int, int]) -> None:
    """Nothing overflows or leaves a gap, whatever the names."""
    engine = small_engine()
    evil = engine.add("工作" * 30, title="[red]x[/", tags=("[b]",))
    engine.ended(evil, 30, 3.0, Outcome.FAILED, "exit(\x1b[31m3)")
    engine.records.insert(
        0, ended_run(f"{evil.id}:1", evil.id, engine.at - 60 * SECOND, Outcome.FAILED, reason="\x1b[2J")
    )
    engine.bad = list(engine.records)
    evil.queued.append(FakeRun(f"{evil.id}:2", evil.id, RunPhase.QUEUED, engine.at, engine.at, None))
    async with console(engine, size=size) as stage:
        await stage.press(*PLACES[place])
        strips = stage.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {size[0]}
        assert not any("\x1b" in line for line in stage.text())


async def test_numbers_open_sections_and_brackets_go_through_lists() -> None:
    """6 comes back to the list that was open last."""
    async with console() as stage:
        kinds = []
        for key in ("5", "6", *["right_square_bracket"] * 4, "left_square_bracket", "7", "6", "grave_accent", "escape"):
            await stage.press(key)
            kinds.append(type(stage.app.screen))
        assert kinds[:-1] == [
            TimelineScreen, QueueScreen, HistoryScreen, InboxScreen, FailuresScreen, QueueScreen, FailuresScreen,
            SystemScreen, FailuresScreen, SystemScreen,
        ]  # fmt: skip
        assert stage.app.screen is stage.home


# ---- queue


async def test_the_queue_says_what_each_run_waits_for() -> None:
    """In the order of the engine, with aged priority."""
    async with console() as stage:
        await stage.press("6")
        assert stage.has("transform:1191", "5→", "3m00s", "no free slot: 3 of 3 are taken")
        await stage.press("plus")
        assert stage.verbs == [("bump", "transform")]
        job = stage.engine.job("transform")
        job.queued.clear()
        job.touch()
        await stage.settle()
        assert stage.has("Nothing waits.")


async def test_a_verb_in_the_queue_waits_when_another_run_came_under_the_cursor() -> None:
    """The one that was meant has just started."""
    async with console() as stage:
        other = stage.engine.job("report")
        other.queued.append(FakeRun("report:41", "report", RunPhase.QUEUED, stage.engine.at, stage.engine.at, None))
        await stage.press("6")
        stage.engine.job("transform").queued.clear()
        stage.engine.job("transform").touch()
        stage.app.flush()
        await stage.press("p")
        assert stage.verbs == []
        stage.hand.at += 0.31
        await stage.press("p")
        assert stage.verbs == [("pause", "report")]


# ---- history, inbox


async def test_the_history_is_filtered_by_job_outcome_kind_and_tag() -> None:
    """The same words as on the table."""
    async with console() as stage:
        await stage.press("6", "right_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, HistoryScreen)
        for text, jobs in (
            ("dump", {"db-dump"}),
            ("status:timed", {"index-mail"}),
            ("kind:manual", {"index-mail"}),
            ("tag:etl status:failed", {"load"}),
            ("!extract !dump status:failed", {"load", "seed-cache"}),
        ):
            await stage.press("slash")
            screen.filter_bar._field.value = text  # type: ignore[union-attr] # it is open
            await stage.settle()
            assert {run.job for run in screen.runs.runs} == jobs, text
            await stage.press("escape")
        assert len(screen.runs.runs) > 20


async def test_the_history_follows_what_ends() -> None:
    """At most every two seconds, and the cursor stays on its run."""
    async with console() as stage:
        await stage.press("6", "right_square_bracket", *["j"] * 9)
        screen = stage.app.screen
        assert isinstance(screen, HistoryScreen)
        run = screen.runs.current
        stage.engine.records.insert(0, ended_run("report:41", "report", stage.engine.at, Outcome.SUCCESS))
        stage.engine.job("report").touch()
        for _ in range(3):
            await stage.second()
        assert "report:41" in [one.run_id for one in screen.runs.runs]
        assert screen.runs.current == run


async def test_more_of_the_history_is_read_when_it_is_wanted() -> None:
    """Two hundred runs at first; further down, and for a filter, more of them."""
    engine = small_engine()
    engine.records = [
        ended_run(f"extract:{5000 - n}", "extract", engine.at - n * 60 * SECOND, Outcome.SUCCESS) for n in range(900)
    ]
    async with console(engine) as stage:
        await stage.press("6", "right_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, HistoryScreen)
        assert len(screen.runs.runs) == 200
        await stage.press("G")
        assert len(screen.runs.runs) == 600
        await stage.press("slash", *"extract", "enter")
        assert len(screen.runs.runs) > 890


@pytest.mark.parametrize("place", OTHERS)
async def test_an_engine_out_of_reach_is_said_on_every_screen(place: str) -> None:
    """What stands there may be old."""
    async with console() as stage:
        await stage.press(*PLACES[place])
        stage.engine.connected = False
        await stage.second()
        assert stage.has("engine out of reach")


async def test_a_long_queue_is_put_in_order_less_often() -> None:
    """Each asking goes through all that waits."""
    engine = small_engine()
    job = engine.job("transform")
    job.queued = [FakeRun(f"transform:{n}", job.id, RunPhase.QUEUED, engine.at, engine.at, None) for n in range(4100)]
    asked = []
    order = engine.queue
    engine.queue = lambda: asked.append(1) or order()  # type: ignore[method-assign,func-returns-value] # counted
    async with console(engine) as stage:
        await stage.press("6")
        before = len(asked)
        for _ in range(5):
            job.touch()
            stage.app.flush()
        assert len(asked) == before
        for _ in range(3):
            job.touch()
            await stage.second()
        assert before < len(asked) <= before + 2


async def test_d_shows_the_record_beside_the_run_before() -> None:
    """Differences are marked by a sign; a marked run takes the place of the one before."""
    async with console(size=(120, 40)) as stage:
        await stage.press("6", "right_square_bracket", "slash", *"extract", "enter", "j", "d")
        assert isinstance(stage.app.screen, CompareScreen)
        assert stage.has("extract:1204", "extract:1203")
        assert stage.has("took", "48.0s", "≠", "49.0s", "-2%")
        await stage.press("escape", "G", "space", "g", "j", "d")
        assert stage.has("extract:1204", "extract:1193")


async def test_r_in_the_history_repeats_that_run() -> None:
    """Not the newest of its job."""
    async with console() as stage:
        await stage.press("6", "right_square_bracket", "slash", *"extract", "enter", "j", "j", "r", "enter")
        assert stage.verbs == [("rerun", "extract:1203")]


async def test_enter_in_the_history_opens_the_log_and_escape_comes_back() -> None:
    """To the same run."""
    async with console() as stage:
        await stage.press("6", "right_square_bracket", "slash", *"extract", "enter", "j", "enter")
        assert isinstance(stage.app.screen, LogScreen)
        assert stage.app.screen.run_id == "extract:1204"
        await stage.press("escape")
        assert isinstance(stage.app.screen, HistoryScreen)


async def test_acknowledging_takes_runs_out_of_the_inbox() -> None:
    """The marked ones, else the one under the cursor; the reason goes on record."""
    async with console() as stage:
        await stage.press(*PLACES["inbox"])
        screen = stage.app.screen
        assert isinstance(screen, InboxScreen)
        before = [run.run_id for run in screen.runs.runs]
        await stage.press("A")
        assert isinstance(stage.app.screen, FormDialog)
        await stage.press(*"mended", "enter", "enter")
        assert stage.engine.verbs == [("ack", before[0], {"reason": "mended"})]
        assert [run.run_id for run in screen.runs.runs] == before[1:]
        await stage.press("g", "space", "space", "A", "enter", "enter")
        assert [target for _, target in stage.verbs[1:]] == before[1:3]


# ---- failures


async def test_the_heat_map_has_the_worst_first_and_tells_by_shape() -> None:
    """Bars for shares, a dot for a good day, a question mark for missed ones only."""
    async with console(size=(120, 40)) as stage:
        await stage.press(*PLACES["failures"])
        screen = stage.app.screen
        assert isinstance(screen, FailuresScreen)
        rows = screen.list.rows
        assert [row.bad for row in rows] == sorted((row.bad for row in rows), reverse=True)
        by_job = {row.job: row for row in rows}
        assert set(by_job["extract"].cells) == {" ", "·"}
        assert set(by_job["vacuum"].cells) == {" ", "?"}
        await stage.press("enter")
        assert isinstance(stage.app.screen, JobScreen)
        assert stage.app.screen.job.id == rows[0].job


# ---- timeline


async def test_the_timeline_has_what_was_and_what_is_to_come() -> None:
    """A row per job; signs, not colours alone."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5")
        assert stage.has("db-dump", "▶", "○")
        assert stage.has("load", "✗")
        assert stage.has("index-mail", "!")
        assert stage.has("vacuum", "?")
        assert stage.has("mirror", "◆") or stage.has("mirror", "○")


async def test_the_time_cursor_says_what_it_is_on() -> None:
    """`]` goes to the next run or occurrence of the job, `[` back; `.` follows the clock again."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "right_square_bracket")
        assert stage.has("db-dump", "planned 02:00:00", "usually takes 21m00s")
        await stage.press("left_square_bracket")
        assert stage.has("db-dump:212", "running")
        await stage.press("j", "j", "j", "left_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, TimelineScreen)
        assert screen.table.column is not None
        await stage.press("full_stop")
        assert screen.table.column is None


async def test_zooming_keeps_the_time_under_the_cursor() -> None:
    """From fifteen minutes to thirty days, clamped."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "right_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, TimelineScreen)
        at = screen.table.at
        for key in ["less_than_sign"] * 6 + ["greater_than_sign"] * 9:
            await stage.press(key)
            assert abs(screen.table.at - at) <= 2 * max(screen.table.window.cell, 8 * 3600 * SECOND)
        assert screen.table.span_seconds <= 900


async def test_verbs_on_the_timeline_are_those_of_the_job() -> None:
    """Trigger, suspend, skip by the menu."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "j", "s", "a", "n")
        assert stage.verbs == [("suspend", "extract"), ("skip_next", "extract")]


async def test_the_occurrence_under_the_time_cursor_is_skipped_and_no_other() -> None:
    """Without a time cursor the next one; where nothing is planned, none."""
    async with console(size=(120, 40)) as stage:
        times = stage.engine.job("extract").times
        await stage.press("5", "j", "greater_than_sign", *["right_square_bracket"] * 3)
        screen = stage.app.screen
        assert isinstance(screen, TimelineScreen)
        (meant,) = in_cell(screen.table.lane, screen.table.window, screen.table.column or 0, stage.engine.at)[1]
        assert meant in times[1:]
        await stage.press("a")
        assert stage.has("n", "skip the occurrence under the time cursor")
        await stage.press("n")
        assert stage.engine.verbs == [("skip_next", "extract", {"undo": False, "at": meant.at})]
        await stage.press("right", "a", "n")
        assert len(stage.engine.verbs) == 1
        assert "Nothing is planned" in stage.toasts[-1][0]
        await stage.press("full_stop", "a", "n")
        assert stage.engine.verbs[1:] == [("skip_next", "extract", {"undo": False})]


async def test_of_several_occurrences_in_a_cell_none_is_skipped() -> None:
    """A shorter span has them apart."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5", "j", "less_than_sign", "less_than_sign", "right_square_bracket", "a", "n")
        assert stage.verbs == []
        title, remedy = stage.toasts[-1]
        assert "occurrences of extract are in this cell" in title
        assert "> shows a shorter span" in remedy


async def test_only_the_next_occurrence_is_postponed_where_the_time_cursor_is() -> None:
    """Another one is refused before anything is typed, with the way to the next."""
    async with console(size=(120, 40)) as stage:
        first = stage.engine.job("extract").times[0]
        await stage.press("5", "j", *["right_square_bracket"] * 2, "a", "P")
        assert isinstance(stage.app.screen, TimelineScreen)
        assert "Only the next occurrence of extract can be postponed" in stage.toasts[-1][0]
        assert ". and then ] goes to it" in stage.toasts[-1][1]
        await stage.press("full_stop", "right_square_bracket", "a", "P", *"5m", "enter", "enter")
        assert stage.engine.verbs == [("postpone", "extract", {"seconds": 300.0, "at": first.at})]


async def test_more_than_there_are_slots_is_set_off() -> None:
    """Where four want to run at once and three can."""
    engine = FakeEngine()
    for number in range(4):
        job = engine.add(f"job-{number}", next_run=engine.at + 3600 * SECOND)
        job.every(86400, 1, usual=600.0)
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("5")
        assert stage.has("of 3 slots", "!")
        engine.job("job-3").times = []
        await stage.press("1", "5")
        assert not stage.has("of 3 slots", "!")


def load_line(stage: Stage) -> str:
    """The second line of a timeline."""
    (line,) = [line for line in stage.text() if line.startswith(" of ")]
    return line


async def test_the_load_stands_above_what_it_counts_when_it_is_first_shown() -> None:
    """The width is known only when it has been laid out; what is read is for that. It stays there when time goes on."""
    engine = FakeEngine()
    for number in range(4):
        engine.add(f"job-{number}", next_run=engine.at + 3600 * SECOND).every(86400, 1, usual=600.0)
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("5")
        planned = next(line.rindex("○") for line in stage.text() if "job-0" in line)
        assert load_line(stage).index("!") == planned
        for _ in range(20):
            engine.at += 60 * SECOND
            stage.app.flush()
            await stage.pilot.pause()
            planned = next(line.rindex("○") for line in stage.text() if "job-0" in line)
            assert load_line(stage).index("!") == planned


async def test_more_than_a_pool_has_is_set_off() -> None:
    """Slots of the engine are not all that runs share: pools, groups, being alone. The line below says which it is."""
    engine = FakeEngine()
    for number in range(2):
        engine.add(f"job-{number}", next_run=engine.at + 3600 * SECOND).every(86400, 1, usual=600.0)
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("5")
        assert "!" not in load_line(stage)
        for job in engine.jobs:
            job.pools = {"db": 2}
        await stage.press("1", "5")
        assert "!" in load_line(stage)
        await stage.press("right_square_bracket")
        assert stage.has("job-0", "too many: 4 in pool db, which has 2")
        for job in engine.jobs:
            job.pools, job.exclusive = {}, "nightly"
        await stage.press("1", "5", "right_square_bracket")
        assert stage.has("too many: 2 in exclusive group nightly")
        engine.job("job-0").exclusive, engine.job("job-1").exclusive = True, False
        await stage.press("1", "5", "right_square_bracket")
        assert stage.has("too many: 1 beside one that runs alone")


# ---- job


async def test_brackets_go_to_the_job_before_and_the_next_one() -> None:
    """Round the end; home follows."""
    async with console(size=(120, 40)) as stage:
        await stage.press("2", "right_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, JobScreen)
        assert screen.job.id == "extract"
        assert [run.job for run in screen.runs.runs] == ["extract"] * 13
        await stage.press("left_square_bracket", "left_square_bracket")
        assert screen.job.id == "ad-hoc"
        await stage.press("escape")
        assert stage.home.table.current is stage.engine.job("ad-hoc")


async def test_the_job_screen_has_next_times_limits_and_usual_durations() -> None:
    """Ten times where there is room, with what an operator or the clock does to them."""
    async with console(size=(120, 40)) as stage:
        await stage.press("2")
        assert stage.has("limit 200%")
        assert stage.has("limit 512M")
        assert stage.has("┄┄┄")
        assert stage.has("usual 21m00s", "p95 27m18s")
        assert sum("2026-03-1" in line and "UTC" in line for line in stage.text()) == 9
        stage.home.table.select("mirror")
        await stage.press("1")
        stage.home.table.select("mirror")
        await stage.press("2")
        assert stage.has("◆", "does not exist")


async def test_the_job_screen_says_what_was_done_to_the_job() -> None:
    """The newest three, of nobody else; on a wide screen side by side."""
    engine = small_engine()
    last = engine.deeds[0]
    async with console(engine, size=(200, 60)) as stage:
        await stage.press("2")
        assert stage.has("audit  11:59 console hold: disk swap refused: state   11:59 uid 0 bump by=1")
        engine.deeds[:0] = [
            replace(
                last, no=7, at=engine.at - 86400 * SECOND, verb="skip_next", outcome=Done.DONE, reason="", code=None
            ),
            replace(last, no=6, target="db-dump:212", verb="stop", outcome=Done.DONE, reason="", code=None),
        ]
        engine.job("db-dump").priority += 1
        engine.job("db-dump").touch()
        await stage.second()
        await stage.second()
        assert stage.has("audit  03-08 12:00 console skip-next   11:59 console stop db-dump:212  ")
        assert stage.has("             11:59 console hold: disk swap refused: state  ")
        assert not stage.has("uid 0")
        await stage.press("right_square_bracket")
        assert not stage.has("audit")


async def test_what_was_done_is_read_when_the_job_is_another_and_not_with_each_flush() -> None:
    """A verb is seen a moment before it is on record: read is with the second after it, by who gave it at once."""
    engine = small_engine()
    async with console(engine) as stage:
        await stage.press("2")
        await stage.second()
        engine.audit_reads.clear()
        job = engine.job("db-dump")
        for _ in range(3):
            job.touch()  # a sample
            await stage.second()
        assert engine.audit_reads == []
        job.held = True
        job.touch()
        await stage.settle()
        assert engine.audit_reads == []
        await stage.second()
        assert engine.audit_reads == ["db-dump"]
        engine.audit_reads.clear()
        await stage.press("plus")
        assert set(engine.audit_reads) == {"db-dump"}


async def test_the_job_screen_names_what_the_environment_is_made_of() -> None:
    """No value; what has no room is a key away."""
    async with console(size=(200, 60)) as stage:
        await stage.press("2")
        assert stage.has(
            "env  BACKUPS, DB   env_file /etc/jobs/db.env   inherit SSH_AUTH_SOCK   secrets PGPASSWORD    "
        )
    async with console(size=(80, 24)) as stage:
        await stage.press("2")
        assert stage.has("env  BACKUPS, DB   env_file /etc/jobs/db.env … y shows it")
        await stage.press("right_square_bracket")
        assert not stage.has(" env  ")


async def test_facts_leave_room_for_runs() -> None:
    """What there are too many of goes below, which is marked, and can be gone to."""
    engine = small_engine()
    job = engine.job("db-dump")
    job.description, job.needs, job.params = "A dump", ("extract",), {"DB": Param("main")}
    job.changed = ("priority",)
    async with console(engine, size=(80, 24)) as stage:
        await stage.press("2")
        assert stage.has("▾  cpu, mem")
        assert stage.has("▌ ● running", "db-dump:212")
        assert not stage.has("env")
        await stage.press("shift+tab", "G")
        assert stage.has("env  BACKUPS")
        assert not stage.has("▾")


async def test_plots_show_the_last_hours_or_the_last_minutes() -> None:
    """`<` and `>`, as on the timeline; the span stands below."""
    engine = small_engine()
    engine.job("db-dump").cpu_rollup = [10.0] * 720
    engine.job("db-dump").rss_rollup = [1e8] * 720
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("2", "less_than_sign")
        assert stage.has("peak 10%")
        assert stage.has("-2h", "now")
        await stage.press("greater_than_sign")
        assert stage.has("-2m", "now")


async def test_plots_make_room_in_a_narrow_terminal() -> None:
    """A line of curves among the facts instead."""
    async with console(size=(80, 24)) as stage:
        await stage.press("2")
        assert stage.has("cpu, mem")
        await stage.pilot.resize_terminal(140, 40)
        await stage.settle()
        assert not stage.has("cpu, mem")
        assert stage.has("limit 200%")


async def test_the_times_above_a_timeline_are_there_at_once() -> None:
    """Not with the next second: its width is known only when it has been laid out."""
    async with console(size=(120, 40)) as stage:
        await stage.press("5")
        (line,) = [line for line in stage.text() if line.startswith(" span ")]
        assert re.search(r"\d\d:\d\d", line)
