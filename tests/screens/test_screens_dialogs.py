"""Dialogs and forms: what each takes, that its answer reaches the engine, and that Cancel and Esc give nothing."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.widgets import Input

from engine.clock import SECOND
from engine.model.outcome import Outcome
from engine.spec.params import Param, ParamType
from jobqueue_tui.console.screens.dialogs import ChoiceDialog, told
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.modal import Modal
from tests.screens.engines import big_engine, small_engine
from tests.screens.fake_job import ended_run
from tests.screens.stage import at, console, type_in

# ---- forms


async def test_a_hold_takes_a_reason_and_an_end() -> None:
    """`a h`; the reason is shown wherever something waits for it."""
    async with console() as stage:
        await at(stage, "report")
        await stage.press("a", "h")
        await type_in(stage, "disk [full]")
        await stage.press("enter")
        await type_in(stage, "2h")
        await stage.press("enter", "enter")
        assert stage.engine.verbs == [("hold", "report", {"reason": "disk [full]", "for_seconds": 7200.0})]
        assert stage.toasts[-1][1].startswith("report held for 2h00m")
        await stage.press("backspace")
        assert stage.verbs[-1] == ("release", "report")


async def test_the_next_occurrence_is_postponed_by_what_is_typed() -> None:
    """The menu, a duration, Enter."""
    async with console() as stage:
        await stage.press("a", "P")
        await type_in(stage, "30m")
        await stage.press("enter", "enter")
        assert stage.engine.verbs == [("postpone", "db-dump", {"seconds": 1800.0})]
        assert "starts 30m00s later" in stage.toasts[-1][1]


async def test_a_value_that_cannot_be_read_is_said_and_not_sent() -> None:
    """The note stands below its field, and the form stays."""
    async with console() as stage:
        await stage.press("a", "T")
        await type_in(stage, "soon")
        await stage.press("enter", "enter")
        assert isinstance(stage.app.screen, FormDialog)
        assert stage.verbs == []
        assert stage.app.screen.problems()
        await type_in(stage, "90s")
        await stage.press("enter", "enter")
        assert stage.engine.verbs == [("set_timeout", "db-dump", {"seconds": 90.0})]


async def test_a_backfill_has_a_span_in_the_clock_of_the_screen() -> None:
    """Times without an offset are read as they are shown."""
    async with console() as stage:
        await at(stage, "report")
        await stage.press("a", "B")
        await type_in(stage, "2026-03-01T00:00")
        await stage.press("enter")
        await type_in(stage, "2026-03-02T00:00")
        await stage.press("enter", "enter", "enter")
        (verb, job, arguments) = stage.engine.verbs[0]
        assert (verb, job, arguments["parallel"]) == ("backfill", "report", 1)
        assert (int(str(arguments["end"])) - int(str(arguments["start"]))) == 86400 * SECOND


async def test_escape_leaves_every_form_without_a_verb() -> None:
    """Cancel is never further than one key."""
    async with console() as stage:
        for letter in ("h", "T", "B", "A", "x", "r"):
            await stage.press("a", letter)
            assert isinstance(stage.app.screen, FormDialog | ChoiceDialog)
            await stage.press("escape")
            assert isinstance(stage.app.screen, JobsScreen)
        assert stage.verbs == []


async def test_acknowledge_takes_a_reason() -> None:
    """All bad ends of the job leave the Inbox."""
    engine = small_engine()
    engine.bad = [ended_run("load:9", "load", engine.at - 60 * SECOND, Outcome.FAILED)]
    async with console(engine) as stage:
        await at(stage, "load")
        await stage.press("a", "A")
        await type_in(stage, "fixed")
        await stage.press("enter", "enter")
        assert stage.engine.verbs == [("ack", "load", {"reason": "fixed"})]
        assert stage.toasts[-1] == ("", "1 run leaves the Inbox")


async def test_rerun_asks_and_enter_is_enough() -> None:
    """`r` Enter: the newest run once more. A job that never ran says what to do instead."""
    async with console() as stage:
        await stage.press("r", "enter")
        assert stage.engine.verbs == [("rerun", "db-dump:212", {})]
        await at(stage, "ad-hoc")
        await stage.press("r")
        assert stage.toasts[-1] == ("", "ad-hoc has not run yet: t triggers.")


@pytest.mark.parametrize("next_field", ["tab", "enter", "down"])
async def test_what_is_typed_in_one_go_is_in_the_fields_that_it_was_typed_for(next_field: str) -> None:
    """A slow line hands over many keys at once: a secret must not stand in the field before its own."""
    engine = small_engine()
    engine.job("ad-hoc").params = {
        "name": Param(None, required=True),
        "count": Param(None, ParamType.INT, required=True),
        "token": Param(None, secret=True),
    }
    async with console(engine) as stage:
        await at(stage, "ad-hoc")
        await stage.press("t")
        for key in ("x", next_field, "7", next_field, "s", "3"):
            stage.app.post_message(Key(key, None if len(key) > 1 else key))
        await stage.settle()
        assert [one.value for one in stage.app.screen.query(Input)] == ["x", "7", "s3"]
        await stage.press("shift+tab", "8")
        assert [one.value for one in stage.app.screen.query(Input)] == ["x", "8", "s3"]


# ---- trigger


async def test_trigger_asks_for_parameters() -> None:
    """Types are checked while they are typed; defaults stand there; secrets are hidden."""
    engine = small_engine()
    engine.job("ad-hoc").params = {
        "day": Param("2026-03-08", ParamType.STRING, description="which day"),
        "count": Param(None, ParamType.INT, required=True),
        "token": Param("s3cret", secret=True),
    }
    async with console(engine) as stage:
        await at(stage, "ad-hoc")
        await stage.press("t")
        form = stage.app.screen
        assert isinstance(form, FormDialog)
        fields = list(form.query(Input))
        assert [(field.value, field.password) for field in fields] == [("2026-03-08", False), ("", False), ("", True)]
        await stage.press("enter")
        await type_in(stage, "many")
        assert [field.name for field in form.problems()] == ["count"]
        await type_in(stage, "3")
        await stage.press("enter", "enter", "enter")
        assert stage.engine.verbs == [
            ("trigger", "ad-hoc", {"bypass": False, "params": {"day": "2026-03-08", "count": "3"}})
        ]


async def test_trigger_offers_to_pass_over_needs_and_to_take_followers_along() -> None:
    """The answer has the cursor: `t` Enter is an ordinary run."""
    async with console() as stage:
        await at(stage, "load")
        await stage.press("t", "enter")
        await stage.press("t", "shift+tab", "space", "tab", "enter")
        await stage.press("t", "shift+tab", "shift+tab", "space", "tab", "tab", "enter")
        assert stage.engine.verbs == [
            ("trigger", "load", {"bypass": False}),
            ("trigger", "load", {"bypass": False, "downstream": True}),
            ("trigger", "load", {"bypass": True}),
        ]


# ---- all of them


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 60)])
async def test_a_dialog_lists_all_that_it_acts_on_and_has_its_heading_and_answers(size: tuple[int, int]) -> None:
    """Where there is no line for each, by name; the answer under the cursor is always seen."""
    engine = big_engine(60)
    async with console(engine, size=size) as stage:
        names = [job.id for job in engine.jobs][:40]
        await stage.press("g", *(["space"] * 40))
        for keys, heading in ((["a"], "40 jobs"), (["x"], "40 jobs"), (["p"], "Pause or resume: 40 jobs")):
            await stage.press(*keys)
            text = "\n".join(stage.text())
            assert heading in text
            assert "Cancel" in text
            top = stage.app.screen
            assert isinstance(top, ChoiceDialog)
            listed = sum(name in text for name in names)
            assert listed == 40 or f"and {40 - listed} more" in text, (keys, listed)
            await stage.press("G")
            assert top.choices.choices[-1].text.split()[0] in "\n".join(stage.text())
            await stage.press("escape")


def test_what_a_dialog_is_about_is_told_in_the_room_there_is() -> None:
    """A line each, or names behind each other, or how many there are."""
    lines = ["Nothing of it starts.", *(f"job-{n:02}   no active run" for n in range(30))]
    assert told(lines, 31, 70) == lines
    flowing = told(lines, 10, 70)
    assert len(flowing) <= 10
    assert " ".join(flowing[:-1]) == ", ".join(f"job-{n:02}" for n in range(30))
    assert flowing[-1] == "Nothing of it starts."
    few = told(lines, 3, 70)
    assert len(few) == 3
    shown = few[0].count("job-") + few[1].count("job-")
    assert few[1].endswith(f" and {30 - shown} more")
    assert told(lines, 1, 20)[0] == "job-00 and 29 more"
    assert told(["a b c"] * 9, 2, 70) == ["a b c", "a b c"]


@pytest.mark.parametrize("before", [[], ["4"]])
async def test_a_second_answer_in_the_same_packet_takes_nothing_else_away(before: list[str]) -> None:
    """Two keys that are handed over before the first one is handled; the second one ended the console, or the screen below."""
    async with console() as stage:
        await stage.press(*before, "f")
        top = stage.app.screen
        assert isinstance(top, Modal)
        top.post_message(Key("tilde", "~"))
        top.post_message(Key("tilde", "~"))
        await stage.settle()
        assert len(stage.app.screen_stack) == 1 + len(before)


@pytest.mark.parametrize("opened", [["x"], ["ctrl+s"], ["question_mark"], ["d"], ["colon", *"tour", "enter"]])
async def test_a_dialog_is_closed_once(opened: list[str]) -> None:
    """Whoever closes it again is late."""
    async with console() as stage:
        await stage.press(*opened)
        top = stage.app.screen
        assert isinstance(top, Modal)
        top.dismiss(None)
        top.dismiss(None)
        await stage.settle()
        assert stage.app.screen is stage.home
