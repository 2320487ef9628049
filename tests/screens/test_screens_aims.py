"""A verb acts on what was shown: the runs that a dialog names, the state that a row or a frozen view had."""

from __future__ import annotations

import asyncio

import pytest

from engine.clock import SECOND
from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from engine.model.undo import Undo
from jobqueue_tui.console.screens.dialogs import ChoiceDialog
from jobqueue_tui.console.screens.jobs import JobsScreen
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import MIB, FakeJob, ended_run
from tests.screens.stage import Stage, at, console


def with_four_runs() -> FakeEngine:
    """`ov` runs four times at once."""
    engine = small_engine()
    job = engine.add("ov", schedule_text="every 2s")
    for seconds in (40, 30, 20, 10):
        engine.running(job, seconds, 0.0, MIB)
    return engine


def dialog(stage: Stage) -> ChoiceDialog:
    top = stage.app.screen
    assert isinstance(top, ChoiceDialog)
    return top


def answers(stage: Stage) -> list[str]:
    return [choice.text for choice in dialog(stage).choices.choices]


async def choose(stage: Stage, answer: str) -> None:
    """Move to an answer by its id, and give it."""
    ids = [choice.id for choice in dialog(stage).choices.choices]
    await stage.press(*["j"] * ids.index(answer), "enter")


# ---- several runs


async def test_the_stop_menu_names_all_runs_that_it_ends() -> None:
    """How many, which, and that all are meant."""
    async with console(with_four_runs()) as stage:
        await at(stage, "ov")
        await stage.press("x")
        assert dialog(stage).lines == [
            "4 runs are active:", "ov:4 is running", "ov:3 is running", "ov:2 is running", "ov:1 is running",
        ]  # fmt: skip
        assert answers(stage) == [
            "Cancel", "Stop all 4 runs", "Kill all 4 runs", "Send a signal", "One of them", "Stop the job",
        ]  # fmt: skip
        await choose(stage, "kill")
        assert stage.engine.verbs == [("kill", "ov", {})]
        assert stage.toasts[-1] == ("", "4 runs of ov killed")


@pytest.mark.parametrize("answer", ["run", "kill", "job"])
async def test_a_run_that_came_while_the_menu_was_open_is_not_ended(answer: str) -> None:
    """Nor are the others: it is said, and looked at again."""
    async with console(with_four_runs()) as stage:
        await at(stage, "ov")
        await stage.press("x")
        job = stage.engine.job("ov")
        del job.active[0]
        job.touch()
        await choose(stage, answer)
        assert stage.verbs == []
        assert stage.toasts[-1] == ("ov has changed", "look again and repeat the key")


async def test_one_of_several_runs_is_chosen_and_ended_alone() -> None:
    """Whatever becomes of the others meanwhile; it must be as it was shown itself."""
    async with console(with_four_runs()) as stage:
        await at(stage, "ov")
        await stage.press("x")
        await choose(stage, "one")
        assert answers(stage) == ["Cancel", "ov:4", "ov:3", "ov:2", "ov:1"]
        await choose(stage, "ov:2")
        job = stage.engine.job("ov")
        del job.active[0]
        job.touch()
        await choose(stage, "kill")
        assert stage.engine.verbs == [("kill", "ov:2", {})]

        await stage.press("x")
        await choose(stage, "one")
        await choose(stage, "ov:3")
        job.active.clear()
        job.touch()
        await choose(stage, "run")
        assert stage.verbs == [("kill", "ov:2")]
        assert stage.toasts[-1] == ("", "ov:3 is over")


async def test_a_signal_goes_to_the_runs_that_were_shown() -> None:
    """All, or the one that was chosen."""
    async with console(with_four_runs()) as stage:
        await at(stage, "ov")
        await stage.press("x")
        await choose(stage, "signal")
        await choose(stage, "SIGUSR1")
        await stage.press("x")
        await choose(stage, "one")
        await choose(stage, "ov:1")
        await choose(stage, "signal")
        await choose(stage, "SIGHUP")
        assert stage.engine.verbs == [("signal", "ov", {"number": 10}), ("signal", "ov:1", {"number": 1})]


async def test_p_pauses_the_runs_that_were_shown_and_says_how_many() -> None:
    """The newest one alone does not decide: some that run are paused, and only where none does they go on."""
    async with console(with_four_runs()) as stage:
        await at(stage, "ov")
        job = stage.engine.job("ov")
        job.active[-1].phase = RunPhase.PAUSED
        job.touch()
        await stage.settle()
        await stage.press("p")
        assert stage.toasts[-1][1].startswith("ov: 4 runs paused")
        del job.active[0]
        await stage.pilot.press("p")
        await stage.app.workers.wait_for_complete()
        assert stage.verbs == [("pause", "ov")]
        assert stage.toasts[-1] == ("ov has changed", "look again and repeat the key")
        job.touch()
        await stage.settle()
        await stage.press("p")
        assert stage.toasts[-1][1].startswith("ov: 3 runs go on")


# ---- runs by their id


async def test_x_on_a_run_on_record_ends_it_though_its_job_has_left() -> None:
    """History shows it as running; its job is in no list any more."""
    engine = with_four_runs()
    async with console(engine) as stage:
        await stage.press("6", "right_square_bracket")
        await stage.press("x")
        assert dialog(stage).lines == ["db-dump:212 is running"]
        assert answers(stage) == ["Cancel", "Stop the run", "Kill the run", "Send a signal"]
        await choose(stage, "run")
        assert stage.engine.verbs == [("stop", "db-dump:212", {"grace": None})]
        await stage.press("G", "x")
        assert stage.toasts[-1][1].endswith(" is over.")


async def test_x_on_a_jobs_run_list_means_the_run_under_the_cursor() -> None:
    """Of several; all of them, and the job, are one answer further. A run that is over: the job."""
    async with console(with_four_runs()) as stage:
        await at(stage, "ov")
        await stage.press("enter", "j", "x")
        assert dialog(stage).heading.startswith("Stop ov:")
        assert answers(stage)[-1] == "All of ov"
        await choose(stage, "job")
        assert "Stop all 4 runs" in answers(stage)
        await stage.press("escape")
    async with console() as stage:
        await stage.press("enter", "x")
        assert dialog(stage).heading == "Stop db-dump"
        await stage.press("escape", "j", "x")
        assert dialog(stage).heading == "Stop db-dump"


# ---- what was shown of a job


@pytest.mark.parametrize("letter", ["E", "s", "o", "+"])
async def test_a_frozen_view_gives_no_verb_to_another_state(letter: str) -> None:
    """Somebody turned it since: refused, not turned the other way round."""
    engine = small_engine()
    job = engine.job("cert-renew")
    await job.hold()
    async with console(engine) as stage:
        await at(stage, "cert-renew")
        await stage.press("u")
        for turn in (job.disable, job.suspend, job.release, job.hold):
            await turn()
        await job.bump(5)
        given = len(stage.verbs)
        await stage.press("a", letter)
        await choose(stage, "yes")
        assert len(stage.verbs) == given
        assert stage.toasts[-1] == ("cert-renew has changed", "look again and repeat the key")


@pytest.mark.parametrize(
    ("letter", "typed", "turn"),
    [("E", (), FakeJob.disable), ("h", ("tab", "tab", "enter"), FakeJob.hold), ("o", (), FakeJob.hold)],
)
async def test_what_changed_under_an_open_question_refuses_its_answer(
    letter: str, typed: tuple[str, ...], turn: object
) -> None:
    """A menu, or a form."""
    assert callable(turn)
    async with console() as stage:
        await at(stage, "cert-renew")
        await stage.press("a")
        if typed:
            await stage.press(letter)
        await turn(stage.engine.job("cert-renew"))
        given = len(stage.verbs)
        await stage.press(*(typed or (letter,)))
        assert len(stage.verbs) == given
        assert stage.toasts[-1] == ("cert-renew has changed", "look again and repeat the key")


@pytest.mark.parametrize("frozen", [False, True])
async def test_a_bad_end_that_came_since_is_not_acknowledged(frozen: bool) -> None:
    """While the form was open, or the view stood still: nobody has seen it."""
    engine = small_engine()
    engine.bad = [ended_run("load:9", "load", engine.at - 60 * SECOND, Outcome.FAILED)]
    later = ended_run("load:10", "load", engine.at, Outcome.FAILED)
    async with console(engine) as stage:
        await at(stage, "load")
        await stage.press(*(["u"] if frozen else []))
        for _ in range(20 if frozen else 0):
            await stage.second()
        await stage.press("a", "A")
        for _ in range(0 if frozen else 20):
            await stage.second()
        engine.bad.append(later)
        await stage.press("enter", "enter")
        assert stage.toasts[-1] == ("", "1 run leaves the Inbox")
        assert engine.bad == [later]


async def test_several_presses_of_plus_add_up() -> None:
    """However fast: each is by one more, whatever was drawn meanwhile."""
    async with console() as stage:
        for _ in range(3):
            await stage.pilot.press("plus")
        await stage.settle()
        assert stage.engine.job("db-dump").priority == 53


# ---- Backspace


async def test_backspace_asks_in_a_frozen_view() -> None:
    """As every verb does there."""
    async with console() as stage:
        await stage.press("plus", "u", "backspace")
        assert "frozen" in dialog(stage).lines[0]
        assert dialog(stage).lines[1:] == ["priority db-dump 50"]
        await stage.press("escape")
        assert stage.verbs == [("bump", "db-dump")]
        await stage.press("backspace")
        await choose(stage, "yes")
        assert stage.verbs[-1] == ("set_priority", "db-dump")
        await stage.press("backspace")
        assert stage.toasts[-1] == ("", "Nothing to undo.")


@pytest.mark.parametrize("leave", [["escape"], ["7"]])
async def test_a_verb_that_was_given_is_told_and_kept_though_its_screen_is_left(
    leave: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine took its time: Backspace takes back this one, not the one before."""
    async with console() as stage:
        await stage.press("plus", "enter")
        durable = asyncio.Event()
        pause = FakeJob.pause

        async def slowly(self: FakeJob) -> Undo:
            await durable.wait()
            return await pause(self)

        monkeypatch.setattr(FakeJob, "pause", lambda self, aim: slowly(self))
        await stage.pilot.press("p")
        await stage.pilot.pause()
        await stage.pilot.press(*leave)
        await stage.pilot.pause()
        durable.set()
        await stage.settle()
        assert stage.verbs == [("bump", "db-dump"), ("pause", "db-dump")]
        assert stage.toasts[-1][1].startswith("db-dump paused  ·  Backspace undoes it: resume db-dump")
        if leave != ["escape"]:
            await stage.press("1")
        assert isinstance(stage.app.screen, JobsScreen)
        await stage.press("backspace")
        assert stage.verbs[-1] == ("resume", "db-dump")
