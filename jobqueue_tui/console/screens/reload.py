"""Ctrl-r: what is different in the job file, shown before it is taken; or what is wrong with it. `e`: an editor first."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import SuspendNotSupported
from textual.strip import Strip
from textual.widget import Widget

from engine.errors import BadJobFile, EngineError
from engine.model.file_changes import FileChanges
from jobqueue_tui.console import orders
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.editing import command, edit
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.host import host
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.screens.dialogs import CANCEL, Choice, ChoiceDialog
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.line_list import LineList
from jobqueue_tui.console.wrapping import wrapped
from jobqueue_tui.terminal import one_line

_ROLES = {"+": Role.OK, "-": Role.FAILED, "~": Role.TITLE}


class ReadLines(LineList):
    """Lines to be read; they scroll when they have the keys."""

    def __init__(self, text: Sequence[Cell]) -> None:
        super().__init__(lambda: 0.0)
        self._text = text
        self.lines: list[Cell] = []

    def lay_out(self, width: int) -> None:
        """What is wider goes on below."""
        self.lines = [(part, role) for text, role in self._text for part in wrapped(text, width - 2, indent="    ")]
        self.rows_changed()

    @property
    def row_count(self) -> int:
        """Lines there are."""
        return len(self.lines)

    def stamp(self, row: int) -> Hashable:
        """They do not change."""
        return row

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One line; the cursor shows only where the keys are."""
        selected = selected and self.has_focus
        text, role = self.lines[row]
        cells = [("▌ " if selected else "  ", Role.TITLE), (fitted(text, max(1, width - 2)), role)]
        return text_strip(cells, palette.cursor if selected else palette.raised, width)


class FileDialog(ChoiceDialog):
    """A question below lines that may be many."""

    wide = 110

    BINDINGS: ClassVar = [("tab", "other_part", ""), ("shift+tab", "other_part", "")]

    def __init__(self, heading: str, lines: Sequence[str], body: Sequence[Cell], choices: Sequence[Choice]) -> None:
        super().__init__(heading, lines, choices)
        self.body = ReadLines(body)

    def between(self) -> Iterable[Widget]:
        """The lines."""
        return (self.body,)

    def on_resize(self) -> None:
        """The answers always have their place."""
        super().on_resize()
        width = min(self.wide, self.app.size.width * 96 // 100)
        self.query_one("#dialog").styles.width = width
        self.body.lay_out(width - 8)
        others = 8 + len(self.lines) + self.choices.row_count
        self.body.styles.height = max(1, min(self.body.row_count, self.app.size.height - others))

    def action_other_part(self) -> None:
        """Tab: the keys that move go to the lines, or back to the answers."""
        (self.choices if self.body.has_focus else self.body).focus()

    def action_choose(self) -> None:
        """Enter answers only where the answers have the keys."""
        if self.body.has_focus:
            self.choices.focus()
        else:
            super().action_choose()


def show_changes(screen: Giving) -> None:
    """Read the file, then ask; `screen` gives the verb."""
    screen.run_worker(_ask(screen), group="reload", exclusive=True)


def edit_file(screen: Giving, job_id: str | None) -> None:
    """Open the job file at a job, or at its top, in an editor, then ask."""
    screen.run_worker(_edit(screen, job_id), group="reload", exclusive=True)


async def _edit(screen: Giving, job_id: str | None) -> None:
    try:
        place = await host(screen).engine.place_of(job_id)
        argv = command(os.environ, place.path, place.line)
        with screen.app.suspend():
            code = await _edited(argv)
    except SuspendNotSupported:
        _say(screen, "this terminal cannot be given to an editor", "Not edited")
    except (EngineError, OSError, ValueError) as error:
        _say(screen, str(error), "Not edited")
    else:
        if isinstance(code, OSError):
            _say(screen, str(code), "Not edited")
            return
        if code:
            _say(screen, f"{Path(argv[0]).name} ended with {code}", "")
        await _ask(screen)


async def _edited(argv: Sequence[str]) -> int | OSError:
    """The editor's exit code, or why it could not be run: raised, it would leave Textual without the terminal for good."""
    try:
        return await edit(argv)
    except OSError as error:
        return error


def _say(screen: Giving, text: str, title: str) -> None:
    screen.notify(one_line(text), title=title, severity="warning", timeout=6, markup=False)


async def _ask(screen: Giving) -> None:
    engine = host(screen).engine
    try:
        changes = await engine.file_changes()
    except BadJobFile as bad:
        path = engine.status().job_file
        lines = [line.replace(path, Path(path).name) for line in bad.text.splitlines()]
        cells = [(one_line(line), _role_of_problem(line)) for line in lines]
        screen.app.push_screen(FileDialog(one_line(str(bad)), [], cells, []))
        return
    except (EngineError, OSError) as error:
        _say(screen, str(error), "Not reloaded")
        return
    if changes.nothing:
        with contextlib.suppress(EngineError, OSError):
            await engine.reload(changes.digest)  # the jobs may stand in another order
        screen.notify(f"{one_line(changes.path)} says what the engine has.", timeout=3, markup=False)
        return

    if engine.status().job_file_followed and not changes.asks:
        # the engine is about to take it, whatever was answered
        screen.give([orders.reload(engine, changes, stop=False)])
        return

    def answered(answer: str | None) -> None:
        if answer not in {None, CANCEL}:
            screen.give([orders.reload(engine, changes, stop=answer == "stop")])

    screen.app.push_screen(reload_dialog(changes), answered)


def reload_dialog(changes: FileChanges) -> FileDialog:
    """The difference, and what can be done about it."""
    cells = [(one_line(line), _ROLES.get(line[0], Role.TEXT)) for line in changes.lines()]
    summary = changes.summary()
    lines = [f"{summary[0].upper()}{summary[1:]}. Runs that have begun end by what they began with."]
    choices = [Choice("reload", "Reload", "runs of what vanishes end by themselves" if changes.removed else "")]
    if changes.removed:
        choices.append(Choice("stop", "Reload, stop what vanishes", "TERM, grace, KILL of each process tree"))
    return FileDialog(f"Reload {one_line(changes.path)}", lines, cells, choices)


def _role_of_problem(line: str) -> Role:
    if line.startswith(" "):
        return Role.MUTED
    return Role.WARN if ": warning: " in line else Role.FAILED
