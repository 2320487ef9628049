"""Verbs that ask: what each dialog takes, that its answer reaches the engine, and that Cancel and Esc give nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from engine.clock import SECOND
from engine.model.outcome import Outcome
from engine.model.states import RunPhase
from engine.spec.params import Param, ParamType
from jobqueue_tui.console import keys_page
from jobqueue_tui.console.actions import ACTIONS, Where
from jobqueue_tui.console.screens.commands import CommandsScreen
from jobqueue_tui.console.screens.dialogs import ChoiceDialog, told
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.modal import Modal
from jobqueue_tui.console.screens.tree import TreeScreen
from jobqueue_tui.console.settings import ConsoleSettings
from tests.screens.engines import big_engine, small_engine
from tests.screens.fake_job import ended_run
from tests.screens.stage import Stage, console


async def at(stage: Stage, job_id: str) -> None:
    """Put the cursor on a job, as a user does."""
    assert stage.home.table.select(job_id)
    await stage.settle()


async def type_in(stage: Stage, text: str) -> None:
    """Type a text into the field that has the keys."""
    field = stage.app.focused
    assert isinstance(field, Input)
    field.value = text
    await stage.settle()


# ---- the table


def test_the_page_of_keys_is_the_table() -> None:
    """docs/reference/keys.md is made from it: `python -m jobqueue_tui.console.keys_page > docs/reference/keys.md`."""
    kept = Path(__file__).parents[2] / "docs/reference/keys.md"
    assert kept.read_text("utf-8") == keys_page.page()


def test_letters_of_the_menu_are_unique_and_do_not_move() -> None:
    """A letter that also moves the cursor, or cancels, would do one of two things."""
    letters = [action.letter for action in ACTIONS if action.letter]
    assert len(letters) == len(set(letters))
    taken = {key for action in ACTIONS if action.where is Where.MOVE for key in action.keys} | {"q"}
    assert not taken & set(letters)


# ---- the menu


@pytest.mark.parametrize(
    ("letter", "verb"),
    [
        ("p", ("pause", {"for_seconds": None})),
        ("s", ("suspend", {})),
        ("n", ("skip_next", {"undo": False})),
        ("o", ("release", {})),
        ("E", ("disable", {})),
    ],
)
async def test_a_letter_of_the_menu_does_what_its_line_says(letter: str, verb: tuple[str, dict[str, object]]) -> None:
    """`a` and the letter; the menu is closed then."""
    async with console() as stage:
        await at(stage, "cert-renew")
        await stage.press("a")
        assert isinstance(stage.app.screen, ChoiceDialog)
        assert stage.app.screen.choices.cursor == 0
        await stage.press(letter)
        assert stage.engine.verbs == [(verb[0], "cert-renew", verb[1])]
        assert isinstance(stage.app.screen, JobsScreen)


async def test_the_menu_opens_on_cancel() -> None:
    """Enter pressed ahead does nothing."""
    async with console() as stage:
        await stage.press("a", "enter")
        assert stage.verbs == []
        assert isinstance(stage.app.screen, JobsScreen)


async def test_suspend_shows_and_turns_round() -> None:
    """`s` again lets the schedule go on; both can be undone."""
    async with console() as stage:
        await at(stage, "cert-renew")
        await stage.press("s")
        assert any("suspended" in line and "cert-renew" in line for line in stage.text())
        await stage.press("s", "backspace")
        assert [verb for verb, _ in stage.verbs] == ["suspend", "unsuspend", "suspend"]


async def test_a_schedule_that_changed_since_it_was_drawn_refuses_s() -> None:
    """Somebody else suspended it: the key must not let it go on."""
    async with console() as stage:
        await at(stage, "cert-renew")
        await stage.engine.job("cert-renew").suspend()
        await stage.pilot.press("s")
        await stage.app.workers.wait_for_complete()
        assert stage.verbs == [("suspend", "cert-renew")]
        assert stage.toasts[-1] == ("cert-renew has changed", "look again and repeat the key")


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


async def test_rerun_and_backfill_act_on_the_marked_that_the_dialog_lists() -> None:
    """As every verb; the cursor's own job is not among them. One without a run is counted."""
    async with console() as stage:
        for job_id in ("db-dump", "load", "ad-hoc"):
            await at(stage, job_id)
            await stage.press("space")
        await at(stage, "report")
        await stage.press("r")
        assert isinstance(stage.app.screen, ChoiceDialog)
        shown = "\n".join(stage.text())
        assert "Run the last runs of 2 jobs once more" in shown
        assert "1 of the marked has not run yet" in shown
        await stage.press("enter")
        assert [verb[:2] for verb in stage.engine.verbs] == [("rerun", "db-dump:212"), ("rerun", "load:1189")]
        await stage.press("a", "B")
        assert "Backfill 3 jobs" in "\n".join(stage.text())
        await type_in(stage, "2026-03-01T00:00")
        await stage.press("enter")
        await type_in(stage, "2026-03-02T00:00")
        await stage.press("enter", "enter", "enter")
        assert [job for verb, job, _ in stage.engine.verbs if verb == "backfill"] == ["db-dump", "load", "ad-hoc"]


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


# ---- the command line and the help


async def test_the_command_line_does_what_it_finds() -> None:
    """By the name of an action, on the job under the cursor."""
    async with console() as stage:
        await at(stage, "report")
        await stage.press("colon", *"jobs", "full_stop", *"sus", "enter")
        assert stage.verbs == [("suspend", "report")]
        assert isinstance(stage.app.screen, JobsScreen)


async def test_the_command_line_completes_names() -> None:
    """`theme lig` Tab; `job rep` Enter."""
    async with console() as stage:
        await stage.press("colon", *"theme", "space", *"light", "down", "up", "tab", "enter")
        assert stage.app.theme.endswith("light")
        await stage.press("colon", *"job", "space", *"rep", "enter")
        assert stage.app.places.here.about == "report"


async def test_the_help_is_searched_and_does_what_is_chosen() -> None:
    """`?` shows what works here by groups; a word narrows it; Enter does it."""
    async with console() as stage:
        await stage.press("question_mark")
        screen = stage.app.screen
        assert isinstance(screen, CommandsScreen)
        assert "On a job" in screen.list.rows
        await stage.press(*"dependency", "space", *"tree", "enter")
        assert isinstance(stage.app.screen, TreeScreen)
        await stage.press("question_mark", "question_mark")
        assert isinstance(stage.app.screen, TreeScreen)


async def test_every_action_that_works_here_is_in_the_help() -> None:
    """Those without a key as well."""
    async with console() as stage:
        await stage.press("question_mark")
        screen = stage.app.screen
        assert isinstance(screen, CommandsScreen)
        names = {command.name for command in screen.commands}
        here = {Where.JOBS, Where.FILTER, Where.TABLE, Where.EVERYWHERE, Where.PANES, Where.MOVE}
        # home has no items to go through
        assert names == {action.id for action in ACTIONS if action.where in here} - {"all.previous", "all.next"}


async def test_a_user_can_give_a_key_to_an_action_that_has_none() -> None:
    """By its id, in the key map."""
    async with console(settings=ConsoleSettings(keys={"jobs.skip": "f6"})) as stage:
        await stage.press("f6")
        assert stage.verbs == [("skip_next", "db-dump")]


# ---- places


async def test_the_key_for_the_screen_before_goes_to_and_fro() -> None:
    """Grave accent: there and back again."""
    async with console() as stage:
        await stage.press("4", "1", "grave_accent")
        assert isinstance(stage.app.screen, TreeScreen)
        await stage.press("grave_accent")
        assert isinstance(stage.app.screen, JobsScreen)


async def test_a_job_that_was_just_removed_is_said_to_be_gone() -> None:
    """Keys pressed between its end and the next frame."""
    async with console() as stage:
        await at(stage, "report")
        del stage.engine.by_id["report"]
        for key in ("enter", "2", "3"):
            await stage.pilot.press(key)
            await stage.pilot.pause()
        assert isinstance(stage.app.screen, JobsScreen)
        assert stage.toasts[0] == ("", "report is no longer in the job file.")


async def test_verbs_given_from_the_job_screen_follow_its_state() -> None:
    """The second `p` resumes."""
    async with console() as stage:
        await stage.press("enter", "p")
        assert stage.engine.job("db-dump").active[0].phase is RunPhase.PAUSED
        await stage.press("p")
        assert [verb for verb, _ in stage.verbs] == ["pause", "resume"]


# ---- why


async def test_d_says_why_a_job_is_not_running_and_what_helps() -> None:
    """Reason, details, keys, the jobs it needs; Enter on one of those leads to it."""
    async with console() as stage:
        await at(stage, "transform")
        await stage.press("d")
        text = "\n".join(stage.text())
        for part in (
            "◷ queued",
            "no free slot: 3 of 3 are taken",
            "1 ahead",
            "+ lets it start before others",
            "extract",
        ):
            assert part in text
        await stage.press("G", "enter")
        assert stage.app.places.here.about == "extract"


@pytest.mark.parametrize(
    ("facts", "helps"),
    [
        ({"held": True}, "p lets it go on"),
        ({"suspended": True}, "s lets its schedule go on"),
        ({"enabled": False}, "a E enables it"),
        ({"needs": ("gone",)}, "is no longer in the job file"),
    ],
)
async def test_what_helps_is_named_by_its_key(facts: dict[str, object], helps: str) -> None:
    """Each kind of off has its way back."""
    engine = small_engine()
    engine.add("off", **facts)
    async with console(engine) as stage:
        await at(stage, "off")
        await stage.press("d")
        assert any(helps in line for line in stage.text())


@pytest.mark.parametrize(
    ("holds", "helps", "not_so"),
    [
        (("off",), ["p lets it go on"], "ctl release"),
        (("tag:db",), ["`jobqueue-tui ctl release tag:db` ends the hold of tag db"], "p lets it go on"),
        (
            ("--all", "off"),
            ["p ends its own hold", "`jobqueue-tui ctl release --all` ends the hold of all jobs"],
            "go on",
        ),
    ],
)
async def test_each_hold_is_ended_by_what_ends_it(holds: tuple[str, ...], helps: list[str], not_so: str) -> None:
    """`p` is refused for the hold of a tag or of the engine."""
    engine = small_engine()
    engine.add("off", held=True, holds=holds)
    async with console(engine) as stage:
        await at(stage, "off")
        await stage.press("d")
        lines = stage.text()
        assert all(any(text in line for line in lines) for text in helps)
        assert not any(not_so in line for line in lines)


async def test_priority_is_said_to_help_only_where_it_does() -> None:
    """A run that stands behind nobody starts no earlier for it."""
    async with console() as stage:
        await at(stage, "transform")
        stage.engine.job("transform").behind_others = False
        await stage.press("d")
        assert not any("+ lets it start before others" in line for line in stage.text())


@pytest.mark.parametrize("keys", [["d"], ["enter"]], ids=["why", "job"])
async def test_a_long_reason_goes_on_below(keys: list[str]) -> None:
    """Nothing of it is cut off, however narrow the terminal is."""
    engine = small_engine()
    tags = tuple(f"tag:{word}" for word in ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"))
    engine.add("off", held=True, holds=tags)
    async with console(engine, size=(72, 40)) as stage:
        await at(stage, "off")
        await stage.press(*keys)
        text = "\n".join(stage.text())
        assert all(tag in text for tag in tags)


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
