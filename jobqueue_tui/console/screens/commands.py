"""`:` and `?`: type to find, Enter does it. The same list, by name for the one and by groups of keys for the other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip
from textual.widgets import Input

from jobqueue_tui.console.commands import Command, Named, answering
from jobqueue_tui.console.painting import fitted, text_strip
from jobqueue_tui.console.palette import Palette
from jobqueue_tui.console.screens.modal import Modal
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.widgets.line_list import LineList


class CommandList(LineList, can_focus=False):
    """Lines to choose from; a `str` is a heading."""

    def __init__(self, *, keys_first: bool) -> None:
        super().__init__(lambda: 0.0)
        self.rows: Sequence[Command | str] = ()
        self._keys_first = keys_first
        self._widths = (0, 0)

    def show(self, rows: Sequence[Command | str]) -> None:
        """Offer these; the first that is no heading has the cursor."""
        self.rows = rows
        commands = [row for row in rows if isinstance(row, Command)]
        self._widths = (
            max((len(command.name) for command in commands), default=0),
            max((len(command.keys) for command in commands), default=0),
        )
        self.cursor = next((row for row, one in enumerate(rows) if isinstance(one, Command)), 0)
        self.forget()
        self.rows_changed()
        self.scroll_to(y=0, animate=False)

    @property
    def row_count(self) -> int:
        """Commands and headings."""
        return len(self.rows)

    @property
    def current(self) -> Command | None:
        """The command under the cursor."""
        row = self.rows[self.cursor] if self.cursor < len(self.rows) else None
        return row if isinstance(row, Command) else None

    def empty_text(self) -> str:
        """Nothing fits."""
        return "Nothing is called that; Esc closes."

    def stamp(self, row: int) -> Hashable:
        """They do not change while they are shown."""
        one = self.rows[row]
        return one if isinstance(one, str) else one.name

    def paint(self, row: int, width: int, palette: Palette, *, selected: bool) -> Strip:
        """A heading, or name, keys and what it does."""
        one = self.rows[row]
        if isinstance(one, str):
            return text_strip([(f" {one}", Role.TITLE)], palette.raised, width)
        styles = palette.cursor if selected else palette.raised
        name = (f"  {fitted(one.name, min(40, self._widths[0]))}", Role.MUTED if self._keys_first else Role.STRONG)
        keys = (f"  {fitted(one.keys, self._widths[1])}", Role.KEY)
        text = (f"  {one.text}", Role.TEXT)
        mark = ("▌" if selected else " ", Role.TITLE)
        return text_strip([mark, keys, text] if self._keys_first else [mark, name, keys, text], styles, width)

    def step(self, by: int) -> None:
        """To the next command, over headings."""
        row = self.cursor + by
        while 0 <= row < len(self.rows):
            if isinstance(self.rows[row], Command):
                self.move_to(row)
                return
            row += by


class CommandsScreen(Modal[Command | None]):
    """Returns the command that was chosen; the caller runs it when the screen below has the keys again."""

    CSS_PATH = "commands.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("f1", "cancel", show=False),
        Binding("down,ctrl+n", "step(1)", show=False),
        Binding("up", "step(-1)", show=False),
        Binding("pagedown,ctrl+f", "step(10)", show=False),
        Binding("pageup,ctrl+u", "step(-10)", show=False, priority=True),
        Binding("tab", "complete", show=False),
    ]

    def __init__(
        self, title: str, commands: Callable[[], Sequence[Command]], words: Sequence[Named] = (), *, keys_first: bool
    ) -> None:
        super().__init__()
        self._title = title
        self.commands = commands()
        self.words = words
        self._keys_first = keys_first
        self.list = CommandList(keys_first=keys_first)
        self.field = Input(placeholder="type to find, Enter does it", compact=True)
        self.field.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Field and list."""
        with Vertical(id="commands") as box:
            box.border_title = self._title
            box.border_subtitle = "↑↓ choose  Enter does it  Esc closes"
            yield self.field
            yield self.list

    def on_mount(self) -> None:
        """All that there is."""
        self._offer("")
        self.field.focus()

    def _offer(self, typed: str) -> None:
        found = answering(typed, self.commands, self.words)
        rows: list[Command | str] = []
        if self._keys_first and not typed.strip():
            group = ""
            for command in found:
                if command.group != group:
                    group = command.group
                    rows.append(group)
                rows.append(command)
        else:
            rows.extend(found)
        self.list.styles.height = max(3, len(rows))
        self.list.show(rows)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Each letter narrows the list."""
        event.stop()
        if event.value in ("?", ":"):
            self.dismiss(None)  # the key that opened it closes it
            return
        self._offer(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: the command under the cursor. A word that takes a name is completed first."""
        event.stop()
        command = self.list.current
        if command is not None and any(word.word == command.name for word in self.words):
            self.action_complete()
        else:
            self.dismiss(command)

    def action_complete(self) -> None:
        """Tab: the name under the cursor into the field."""
        command = self.list.current
        if command is not None:
            self.field.value = f"{command.name} " if any(w.word == command.name for w in self.words) else command.name
            self.field.cursor_position = len(self.field.value)

    def action_step(self, by: int) -> None:
        """Up and down while the field has the keys."""
        for _ in range(abs(by)):
            self.list.step(1 if by > 0 else -1)

    def action_cancel(self) -> None:
        """Back."""
        self.dismiss(None)
