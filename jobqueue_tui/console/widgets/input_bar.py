"""A line to type into, for filter and search. Its field is made when it is first opened: the first frame needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.widgets import Input

_MOST_USED = 50


class InputBar(Horizontal):
    """`/`, an input field, and a note beside it: how many match, or what is wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "leave", show=False),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
    ]

    class Typed(Message):
        """The text is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Done(Message):
        """The user has finished typing (Enter, down) and wants the list again."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, placeholder: str, used: list[str] | None = None) -> None:
        super().__init__()
        self._placeholder = placeholder
        self._field: Input | None = None
        self._note = Static(id="note")
        self._said = ""
        self.display = False
        self.used = [] if used is None else used
        """What was typed before, the newest last; shared with whoever gave it."""
        self._recalled = 0

    @property
    def text(self) -> str:
        """What stands in the field."""
        return "" if self._field is None else self._field.value

    @property
    def has_keys(self) -> bool:
        """Whether letters go into the field."""
        return self._field is not None and self.screen.focused is self._field

    def open(self) -> None:
        """Show the line and type into it. The keys are its own at once: letters that follow are meant for it, not for verbs."""
        self.display = True
        self._recalled = 0
        if self._field is None:
            from textual.widgets import Input  # noqa: PLC0415 - a field costs 15 ms that the first frame has not

            self._field = Input(placeholder=self._placeholder, compact=True)
            self._field.cursor_blink = False
            self.mount(Static("/", id="sign"), self._field, self._note)
        self.screen.set_focus(self._field, scroll_visible=False)

    def type(self, letter: str) -> None:
        """A letter that was on its way to another widget when this line took the keys."""
        if self._field is not None:
            self._field.insert_text_at_cursor(letter)

    def close(self) -> None:
        """Empty the field and hide the line."""
        self.display = False
        self.say("")
        if self._field is not None:
            self._field.value = ""

    def say(self, text: str, *, bad: bool = False) -> None:
        """Put a note beside the field; the same one again costs nothing."""
        if text == self._said:
            return
        self._said = text
        self._note.update(Content(text))
        self._note.set_class(bad, "-bad")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Each letter counts."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: back to the list. An empty field takes no line."""
        event.stop()
        self.action_leave()

    def action_recall(self, by: int) -> None:
        """Up: what was used before. Down: what was used after that; beyond the newest, back to the list."""
        if by > 0 and self._recalled == 0:
            self.action_leave()
            return
        recalled = max(0, min(len(self.used), self._recalled - by))
        if recalled != self._recalled and self._field is not None:
            self._recalled = recalled
            self._field.value = self.used[-recalled] if recalled else ""
            self._field.cursor_position = len(self._field.value)

    def action_leave(self) -> None:
        """Back to the list."""
        text = self.text.strip()
        if not text:
            self.close()
        elif not self.used or self.used[-1] != text:
            self.used.append(text)
            del self.used[:-_MOST_USED]
        self.post_message(self.Done(self.text))
