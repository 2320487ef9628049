"""The Job screen: what it says of a job, its runs and its plots, and how it is gone through."""

from __future__ import annotations

from dataclasses import replace

from engine.clock import SECOND
from engine.model.audit import Done
from engine.model.states import RunPhase
from engine.spec.params import Param, ParamType
from jobqueue_tui.console.screens.job import JobScreen
from tests.screens.engines import small_engine
from tests.screens.stage import console


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


async def test_details_name_the_parameters_and_no_secret() -> None:
    """With what a run has when it is given nothing else."""
    engine = small_engine()
    engine.job("db-dump").params = {
        "day": Param("2026-03-08"),
        "count": Param(None, ParamType.INT, required=True),
        "note": Param(None),
        "token": Param("s3cret", secret=True),
    }
    async with console(engine, size=(160, 45)) as stage:
        await stage.press("2")
        text = "\n".join(stage.text())
        assert "params  day 2026-03-08   count (needed)   note (none)   token ***" in text
        assert "s3cret" not in text


async def test_verbs_given_from_the_job_screen_follow_its_state() -> None:
    """The second `p` resumes."""
    async with console() as stage:
        await stage.press("enter", "p")
        assert stage.engine.job("db-dump").active[0].phase is RunPhase.PAUSED
        await stage.press("p")
        assert [verb for verb, _ in stage.verbs] == ["pause", "resume"]


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
