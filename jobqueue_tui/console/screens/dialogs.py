"""Questions with a few answers. The first answer is Cancel and has the cursor; Esc is Cancel as well."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from engine.values import lean
from jobqueue_tui.console.aiming import GAP
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.screens.modal import Modal
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.line_list import LineList
from jobqueue_tui.console.wrapping import wrapped


@lean(frozen=True, slots=True)
class Choice:
    """An answer. `id` is what the dialog returns; `hint` says what it means; `letter` gives it at once (menus)."""

    id: str
    text: str
    hint: str = ""
    letter: str = ""


CANCEL = "cancel"


class Choices(LineList):
    """The answers, one a line."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__(lambda: 0.0)
        self.choices = choices

    @property
    def row_count(self) -> int:
        """Answers there are."""
        return len(self.choices)

    def stamp(self, row: int) -> Hashable:
        """They do not change."""
        return self.choices[row].id

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """One answer with its hint."""
        choice = self.choices[row]
        wide = max(cell_len(other.text) for other in self.choices)
        # without focus a field has the keys, and nothing here is chosen by Enter
        selected = selected and self.has_focus
        styles = palette.cursor if selected else palette.raised
        mark = "▌" if selected else " "
        letters = any(other.letter for other in self.choices)
        parts = [
            (mark, Role.TITLE),
            (f" {choice.letter:<2}" if letters else "", Role.KEY),
            (f" {fitted(choice.text, wide)}", Role.STRONG),
            (f"   {choice.hint}", Role.MUTED),
        ]
        return text_strip(parts, styles, width)


_AROUND: Final = 6
"""Lines of a dialog that are neither text nor answers: border, padding, heading, what is between."""
_BESIDE: Final = 6
"""Columns of its border and padding."""
_LEAST_LINES: Final = 4


def told(lines: Sequence[str], room: int, width: int) -> list[str]:
    """What a dialog is about, in so many lines of that width. Without room for a line each, jobs (a name, three blanks, how it is)
    stand behind each other by name alone; what then has no room is counted."""
    if sum(len(wrapped(line, width)) for line in lines) <= room:
        return [*lines]
    names = [line.partition(GAP)[0] for line in lines if GAP in line]
    prose = [part for line in lines if GAP not in line for part in wrapped(line, width)]
    if not names:
        return prose[:room]
    room = max(1, room - len(prose))
    shown = len(names)
    while shown and len(flow := wrapped(_some(names, shown), width)) > room:
        shown -= max(1, shown // 20)
    return [*([line.strip() for line in flow] if shown else [f"{len(names)} jobs"]), *prose]


def _some(names: Sequence[str], count: int) -> str:
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more} more" if more else "")


class ChoiceDialog(Modal[str]):
    """Asks, and returns the id of the answer; `CANCEL` for Esc. `heading` and `lines` are harmless text, not markup."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", show=False),
        Binding("escape,q", "cancel", show=False),
    ]

    wide: ClassVar[int] = 76
    """Columns that it takes where the screen has them."""

    def __init__(self, heading: str, lines: Sequence[str], choices: Sequence[Choice], *, start: int = 0) -> None:
        """`start`: the answer that has the cursor; 0 is Cancel, and anything else only where the answer ends nothing."""
        super().__init__()
        self.heading = heading
        self.lines = lines
        self.choices = Choices([Choice(CANCEL, "Cancel", "nothing happens"), *choices])
        self._start = start

    def compose(self) -> ComposeResult:
        """Heading, lines, answers."""
        with Vertical(id="dialog"):
            yield Static(Content(self.heading), id="heading")
            if self.lines:
                yield Static(id="lines")
            yield from self.between()
            yield self.choices

    def between(self) -> Iterable[Widget]:
        """What stands between the lines and the answers, in a dialog that has more to show."""
        return ()

    def on_mount(self) -> None:
        """The cursor stands on Cancel, or where it is to start."""
        self.on_resize()
        self.choices.rows_changed()
        self.choices.cursor = self._start
        self.choices.focus()

    def on_resize(self) -> None:
        """The answers have their place first, as many as there is room for; what they are about has the rest."""
        room = self.app.size.height - _AROUND - (1 if self.lines else 0)
        least = min(len(self.lines), _LEAST_LINES)
        self.choices.styles.height = height = max(1, min(self.choices.row_count, room - least))
        if self.lines:
            width = min(self.wide, self.app.size.width * 96 // 100) - _BESIDE
            self.query_one("#lines", Static).update(Content("\n".join(told(self.lines, room - height, width))))

    def on_click(self, event: events.Click) -> None:
        """A second click on an answer gives it."""
        if event.chain > 1 and event.widget is self.choices:
            self.action_choose()

    def on_key(self, event: events.Key) -> None:
        """A letter of a menu gives its answer."""
        chosen = next(
            (choice for choice in self.choices.choices if choice.letter and choice.letter == event.character), None
        )
        if chosen is not None:
            event.stop()
            self.dismiss(chosen.id)

    def action_choose(self) -> None:
        """The answer under the cursor."""
        self.dismiss(self.choices.choices[self.choices.cursor].id)

    def action_cancel(self) -> None:
        """None of it."""
        self.dismiss(CANCEL)


def quit_dialog(running: int, *, read_only: bool) -> ChoiceDialog:
    """What becomes of runs when the console of an embedded engine ends."""
    if not running:
        gone = "The engine ends with its console: nothing starts until the next start."
        return ChoiceDialog("Quit", [gone], [Choice("leave", "Quit", "no run is active")])
    choices = [Choice("leave", "Leave them running", "the next start shows them, exit codes included")]
    if not read_only:
        choices.append(Choice("stop", "Stop them and quit", "TERM, grace, KILL of each process tree"))
    runs = "1 run is active" if running == 1 else f"{running} runs are active"
    return ChoiceDialog("Quit", [f"{runs} in the engine of this console."], choices)
