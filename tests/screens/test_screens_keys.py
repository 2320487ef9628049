"""Each key does its verb on the object that was on screen; movement never acts; what ends work asks first."""

from __future__ import annotations

import inspect

import pytest
from textual import events
from textual.binding import Binding

from engine.errors import EngineError, Refused, RefusedCode
from engine.model.states import RunPhase
from engine.spec.job import Manual
from jobqueue_tui.console.actions import ACTIONS, Where
from jobqueue_tui.console.screens.commands import CommandsScreen
from jobqueue_tui.console.screens.dialogs import ChoiceDialog
from jobqueue_tui.console.screens.form import FormDialog
from jobqueue_tui.console.screens.job import JobScreen
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.screens.tree import TreeScreen
from jobqueue_tui.console.settings import ConsoleSettings
from jobqueue_tui.console.widgets.job_table import JobTable
from jobqueue_tui.console.widgets.job_tree import JobTree
from jobqueue_tui.console.widgets.log_view import LogView
from jobqueue_tui.console.widgets.run_list import RunList
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import at, console

# ---- the table of actions


def test_action_ids_are_unique_and_no_key_has_two_meanings_on_one_screen() -> None:
    """User key maps name ids; a key that is bound twice on one screen would do the wrong thing."""
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))
    screens = [
        ({Where.JOBS, Where.FILTER, Where.TABLE, Where.MOVE, Where.EVERYWHERE}, set()),
        ({Where.JOBS, Where.TREE, Where.MOVE, Where.EVERYWHERE}, {"jobs.details"}),
        (
            {Where.JOBS, Where.RUNS, Where.PLOTS, Where.MOVE, Where.EVERYWHERE},
            {"jobs.details", "jobs.log", "jobs.rerun", "jobs.why", "runs.stop"},
        ),
        ({Where.JOBS, Where.TIMELINE, Where.MOVE, Where.EVERYWHERE}, set()),
        ({Where.RUNS, Where.FILTER, Where.MOVE, Where.EVERYWHERE}, set()),
        ({Where.RUNS, Where.INBOX, Where.MOVE, Where.EVERYWHERE}, set()),
        ({Where.HEAT, Where.MOVE, Where.EVERYWHERE}, set()),
        ({Where.SYSTEM, Where.MOVE, Where.EVERYWHERE}, set()),
        ({Where.LOG, Where.MOVE, Where.EVERYWHERE}, set()),
    ]
    for where, without in screens:
        keys = [key for action in ACTIONS if action.where in where and action.id not in without for key in action.keys]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize("node", [JobsScreen, TreeScreen, JobScreen, LogScreen, JobTable, JobTree, RunList, LogView])
def test_every_bound_action_has_its_method(node: type) -> None:
    """A key that is shown in the footer has something behind it, where it is bound."""
    for binding in [binding for base in node.__mro__ for binding in base.__dict__.get("BINDINGS", ())]:
        if isinstance(binding, Binding) and binding.id:
            assert inspect.isfunction(getattr(node, "action_" + binding.action.partition("(")[0], None)), binding


def test_never_a_key_that_a_terminal_keeps_for_itself() -> None:
    """Ctrl-a b z d h i j m [ belong to tmux, screen, job control, or are other keys in disguise."""
    taken = {f"ctrl+{letter}" for letter in "abzdhijm"} | {"ctrl+left_square_bracket"}
    assert not taken & {key for action in ACTIONS for key in action.keys}


def test_sort_letters_are_the_upper_case_letter_of_a_head() -> None:
    """Shift and the letter that stands in the head of the column."""
    from jobqueue_tui.console.columns import TABLE
    from jobqueue_tui.console.sorting import LETTERS

    assert {column.sort for column in TABLE if column.sort} == set(LETTERS)
    assert all(column.head.count(column.sort) == 1 for column in TABLE if column.sort)
    assert {key for action in ACTIONS if action.id.startswith("sort.") for key in action.keys} == set(LETTERS)


# ---- moving


@pytest.mark.parametrize("place", ["1", "4", "2", "l"])
async def test_moving_never_acts(place: str) -> None:
    """No key of movement gives a verb, opens or closes anything, on any screen."""
    async with console() as stage:
        await stage.press(place)
        screen = stage.app.screen
        for action in ACTIONS:
            if action.where is Where.MOVE:
                await stage.press(*action.keys)
        assert stage.app.screen is screen
        assert stage.verbs == []


async def test_moving_moves() -> None:
    """j k g G and their aliases, clamped at both ends."""
    async with console(size=(80, 24)) as stage:
        table = stage.home.table
        seen = []
        for key in ("k", "j", "down", "up", "G", "j", "g", "pagedown", "pageup", "end", "home", "ctrl+f", "ctrl+u"):
            await stage.press(key)
            seen.append(table.cursor)
        last = table.row_count - 1
        page = seen[7]
        assert seen == [0, 1, 2, 1, last, last, 0, page, 0, last, 0, page, 0]
        assert 5 < page < last


async def test_a_click_moves_the_cursor_and_does_nothing_else() -> None:
    """The mouse is not needed, and does not act by surprise."""
    async with console() as stage:
        await stage.pilot.click(JobTable, offset=(20, 4))
        await stage.settle()
        assert stage.home.table.cursor == 4
        assert stage.verbs == []


# ---- verbs


@pytest.mark.parametrize(
    ("job", "key", "verb"),
    [
        ("db-dump", "p", ("pause", {"for_seconds": None})),
        ("sync-photos", "p", ("resume", {})),
        ("report", "p", ("pause", {"for_seconds": None})),
        ("vacuum", "p", ("resume", {})),
        ("report", "plus", ("bump", {"by": 1})),
        ("report", "equals_sign", ("bump", {"by": 1})),
        ("report", "minus", ("bump", {"by": -1})),
        ("cert-renew", "t", ("trigger", {"bypass": False})),
        ("cert-renew", "s", ("suspend", {})),
    ],
)
@pytest.mark.parametrize("place", ["1", "4", "2"])
async def test_a_key_gives_its_verb_to_the_job_under_the_cursor(
    place: str, job: str, key: str, verb: tuple[str, dict[str, object]]
) -> None:
    """The same letter means the same on the table, in the tree and on the job's own screen."""
    async with console() as stage:
        await at(stage, job)
        await stage.press(place)
        await stage.press(key)
        name, arguments = verb
        assert stage.engine.verbs == [(name, job, arguments)]


@pytest.mark.parametrize("key", ["x", "f9"])
async def test_the_stop_menu_opens_on_cancel(key: str) -> None:
    """Enter pressed ahead, and Esc, do nothing."""
    for close in ("enter", "escape", "q"):
        async with console() as stage:
            await stage.press(key)
            dialog = stage.app.screen
            assert isinstance(dialog, ChoiceDialog)
            assert dialog.choices.has_focus
            assert dialog.choices.choices[dialog.choices.cursor].id == "cancel"
            await stage.press(close)
            assert isinstance(stage.app.screen, JobsScreen)
            assert stage.verbs == []


async def test_the_stop_menu_stops_the_run_or_the_job() -> None:
    """Second and third line; the verb carries no grace of its own."""
    async with console() as stage:
        await stage.press("x", "j", "enter")
        await at(stage, "extract")
        await stage.press("x", "j", "j", "enter")
        assert stage.engine.verbs == [
            ("stop", "db-dump", {"job": False, "grace": None}),
            ("kill", "extract", {}),
        ]


async def test_the_stop_menu_stops_the_job_for_good() -> None:
    """The last line; what is queued is dropped with it."""
    async with console() as stage:
        await at(stage, "extract")
        await stage.press("x", "G", "enter")
        assert stage.engine.verbs == [("stop", "extract", {"job": True, "grace": None})]


async def test_a_signal_is_chosen_behind_a_second_cancel() -> None:
    """By its name; Enter pressed ahead sends none."""
    async with console() as stage:
        await stage.press("x", "j", "j", "j", "enter", "enter")
        assert stage.verbs == []
        await stage.press("x", "j", "j", "j", "enter", "j", "enter")
        assert stage.engine.verbs == [("signal", "db-dump", {"number": 1})]
        assert stage.toasts[-1] == ("", "HUP sent to db-dump")


async def test_nothing_to_stop_offers_no_run() -> None:
    """A job that does not run can only be kept from starting."""
    async with console() as stage:
        await at(stage, "report")
        await stage.press("x")
        assert isinstance(stage.app.screen, ChoiceDialog)
        assert [choice.id for choice in stage.app.screen.choices.choices] == ["cancel", "job"]


async def test_trigger_asks_where_the_job_says_so() -> None:
    """`manual: confirm`: Cancel first, the run only on the second line."""
    engine = small_engine()
    engine.job("report").manual = Manual.CONFIRM
    async with console(engine) as stage:
        await at(stage, "report")
        await stage.press("t")
        assert isinstance(stage.app.screen, FormDialog)
        assert stage.app.screen.choices.has_focus
        await stage.press("enter")
        assert stage.verbs == []
        await stage.press("t", "j", "enter")
        assert stage.verbs == [("trigger", "report")]
        assert stage.toasts[-1] == ("", "report:99 triggered")


async def test_backspace_undoes_the_last_reversible_verbs() -> None:
    """Newest first; a verb that cannot be undone is not in the list."""
    async with console() as stage:
        await stage.press("p", "plus", "t", "backspace", "backspace", "backspace")
        assert [verb for verb, _ in stage.verbs] == ["pause", "bump", "trigger", "set_priority", "resume"]
        assert stage.engine.verbs[3][2] == {"priority": 50}
        assert "undone: priority 50 for db-dump" in [text for _, text in stage.toasts]
        assert stage.toasts[-1] == ("", "Nothing to undo.")


async def test_p_holds_a_job_with_nothing_running_and_the_next_p_releases_it() -> None:
    """A held job still waits: what tells is the hold, not the status."""
    engine = FakeEngine()
    engine.add("nightly", schedule_text="@daily")
    async with console(engine) as stage:
        await stage.press("p")
        assert any("‖ held" in line and "nightly" in line for line in stage.text())
        await stage.press("p")
        assert stage.verbs == [("pause", "nightly"), ("resume", "nightly")]


async def test_a_refused_verb_is_a_toast_with_its_remedy() -> None:
    """Why, and what to do instead; as text, whatever is in it."""
    engine = small_engine()
    engine.job("db-dump").refusal = Refused(RefusedCode.NOT_PAUSABLE, "db-dump is [red]not pausable", "stop \x1b[2J it")
    async with console(engine) as stage:
        await stage.press("p")
        assert stage.toasts == [("db-dump is [red]not pausable", "stop  it")]
        assert stage.app.undo == []
        assert any("[red]not" in line for line in stage.text())


async def test_a_refusal_without_a_remedy_is_one_text() -> None:
    """No empty line under a title."""
    engine = small_engine()
    engine.job("db-dump").refusal = Refused(RefusedCode.STATE, "it is already over")
    async with console(engine) as stage:
        await stage.press("p")
        assert stage.toasts == [("", "it is already over")]


async def test_an_engine_that_does_not_answer_is_a_toast() -> None:
    """A socket that broke, an engine that is gone: said, and the console lives on."""
    engine = small_engine()
    engine.job("db-dump").refusal = ConnectionResetError("reset by peer")
    engine.job("extract").refusal = EngineError("the engine has ended")
    async with console(engine) as stage:
        await stage.press("plus", "j", "t")
        assert [text for _, text in stage.toasts] == ["reset by peer", "the engine has ended"]


async def test_a_verb_is_aimed_at_what_was_drawn() -> None:
    """The run changed after the last frame: the engine is told what was on screen, and refuses."""
    async with console() as stage:
        job = stage.engine.job("db-dump")
        job.active[0].phase = RunPhase.STOPPING
        job.touch()
        await stage.pilot.press("p")
        await stage.app.workers.wait_for_complete()
        assert stage.verbs == []
        assert stage.toasts == [("db-dump has changed", "look again and repeat the key")]


async def test_verbs_wait_after_another_row_moved_under_the_cursor() -> None:
    """The job under the cursor vanished: for 300 ms a key might be meant for the old one."""
    async with console() as stage:
        await at(stage, "extract")
        del stage.engine.by_id["extract"]
        stage.engine.changed(resync=True)
        stage.app.flush()
        await stage.press("p", "x", "t", "plus")
        assert stage.verbs == []
        assert isinstance(stage.app.screen, JobsScreen)
        stage.hand.at += 0.31
        await stage.press("p")
        assert len(stage.verbs) == 1


async def test_moving_to_a_row_means_it() -> None:
    """The user's own movement ends the waiting."""
    async with console() as stage:
        await at(stage, "extract")
        del stage.engine.by_id["extract"]
        stage.engine.changed(resync=True)
        stage.app.flush()
        await stage.press("j", "k", "plus")
        assert len(stage.verbs) == 1


async def test_pasted_text_gives_no_verbs() -> None:
    """A paste is swallowed outside input fields; inside one it is text."""
    async with console() as stage:
        stage.app.post_message(events.Paste("pxtq+-\r"))
        await stage.settle()
        assert stage.verbs == []
        assert isinstance(stage.app.screen, JobsScreen)
        await stage.press("slash")
        stage.app.screen.focused.post_message(events.Paste("etl"))  # type: ignore[union-attr] # the field has the keys
        await stage.settle()
        assert stage.home.filter_bar.text == "etl"


# ---- read-only


async def test_a_read_only_console_has_no_keys_for_verbs() -> None:
    """Removed, not greyed: in the bindings, in the footer, in the help."""
    async with console(read_only=True) as stage:
        await stage.press("p", "x", "f9", "t", "plus", "minus", "backspace")
        assert stage.verbs == []
        assert isinstance(stage.app.screen, JobsScreen)
        assert not {"p", "x", "t"} & stage.app.screen.active_bindings.keys()
        assert "pause" not in stage.text()[-1]
        assert "log" in stage.text()[-1]
        await stage.press("question_mark")
        assert isinstance(stage.app.screen, CommandsScreen)
        given = {action.id for action in ACTIONS if action.verb}
        assert not given & {command.name for command in stage.app.screen.commands}


async def test_a_key_map_moves_keys_in_bindings_footer_and_help() -> None:
    """One table: a remapped key works, and is the one that is shown."""
    async with console(settings=ConsoleSettings(keys={"jobs.pause": "f5"})) as stage:
        await stage.press("p")
        assert stage.verbs == []
        await stage.press("f5")
        assert stage.verbs == [("pause", "db-dump")]
        assert "F5 pause" in stage.text()[-1]


# ---- screens


async def test_numbers_open_screens_and_esc_goes_back() -> None:
    """1 jobs, 2 job, 3 log, 4 tree; Esc at home does nothing."""
    async with console() as stage:
        kinds = []
        for key in ("4", "2", "3", "escape", "escape", "escape", "1", "3", "2", "1", "escape"):
            await stage.press(key)
            kinds.append(type(stage.app.screen))
        assert kinds == [
            TreeScreen, JobScreen, LogScreen, JobScreen, TreeScreen, JobsScreen, JobsScreen,
            LogScreen, JobScreen, JobsScreen, JobsScreen,
        ]  # fmt: skip
        assert stage.app.ended is None


async def test_a_dialog_does_not_move_the_cursor() -> None:
    """Moved, opened and closed faster than the screen is flushed: the cursor stays where the user put it."""
    async with console() as stage:
        for key in ("j", "j", "x", "escape"):
            await stage.pilot.press(key)
            await stage.pilot.pause()
        await stage.settle()
        assert stage.home.table.cursor == 2


async def test_screens_keep_to_the_job_they_are_about() -> None:
    """The tree begins at the job of the table, the table goes to the job of the tree."""
    async with console() as stage:
        await at(stage, "load")
        await stage.press("4")
        tree = stage.app.screen
        assert isinstance(tree, TreeScreen)
        assert tree.job_id == "load"
        await stage.press("j", "1")
        assert stage.home.job_id == "report"


async def test_a_job_that_never_ran_has_no_log_to_open() -> None:
    """It is said, and nothing opens."""
    async with console() as stage:
        await at(stage, "ad-hoc")
        await stage.press("l", "3")
        assert isinstance(stage.app.screen, JobsScreen)
        assert len(stage.toasts) == 2


@pytest.mark.parametrize("above", [[], ["colon", *"tour", "enter"]])
async def test_a_job_that_leaves_the_file_closes_its_screen(above: list[str]) -> None:
    """Its details would be about nothing; a card that stands over them goes as well."""
    async with console() as stage:
        await stage.press("enter", *above)
        del stage.engine.by_id["db-dump"]
        stage.engine.changed(resync=True)
        await stage.settle()
        assert isinstance(stage.app.screen, JobsScreen)
        assert [text for _, text in stage.toasts] == ["db-dump is no longer in the job file."]


async def test_enter_and_l_open_the_run_under_the_cursor() -> None:
    """On a job's own screen it is a run that is chosen."""
    async with console() as stage:
        await stage.press("2", "j", "enter")
        assert isinstance(stage.app.screen, LogScreen)
        assert stage.app.screen.run_id == "db-dump:211"
