"""The filter line. It is made when `/` is first pressed: an input field is not needed for the first frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from jobqueue_tui.console.filtering import Filter, FilterError, parse
from jobqueue_tui.console.words import grouped

if TYPE_CHECKING:
    from textual.widgets import Input


class FilterBar(Horizontal):
    """`/`, an input field, and what it does: how many pass, or what is wrong with it."""

    class Changed(Message):
        """Another filter holds."""

        def __init__(self, wanted: Filter) -> None:
            super().__init__()
            self.filter = wanted

    class Done(Message):
        """The user has finished typing."""

    def __init__(self) -> None:
        super().__init__()
        self._input: Input | None = None
        self._note = Static(id="note")
        self.display = False

    def open(self) -> None:
        """Show the line and type into it."""
        self.display = True
        if self._input is None:
            from textual.widgets import Input  # noqa: PLC0415 - an input field costs 15 ms that the first frame has not

            self._input = Input(placeholder="regex   !x   -f fuzzy   tag:T   status:S", compact=True)
            self._input.cursor_blink = False
            self.mount(Static("/", id="sign"), self._input, self._note)
        self._input.focus()

    def close(self) -> None:
        """Clear the filter and hide the line."""
        self.display = False
        if self._input is not None:
            self._input.value = ""
        self.post_message(self.Changed(Filter()))

    def show_count(self, passing: int, jobs: int) -> None:
        """Say how many pass."""
        self._note.update(Content(f"{grouped(passing)} of {grouped(jobs)}"))
        self._note.remove_class("-bad")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Each letter counts. A filter that cannot be read is said so, and the last good one stays."""
        event.stop()
        try:
            wanted = parse(event.value)
        except FilterError as error:
            self._note.update(Content(str(error)))
            self._note.add_class("-bad")
        else:
            self.post_message(self.Changed(wanted))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: back to the list. An empty filter takes no line."""
        event.stop()
        if not event.value.strip():
            self.close()
        self.post_message(self.Done())
