"""`/`: a line to type a filter into, which narrows the list of a screen with each letter."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Final

from textual.binding import BindingType

from jobqueue_tui.console.actions import Where, bindings
from jobqueue_tui.console.filtering import Filter, FilterError, parse
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.widgets.input_bar import InputBar
from jobqueue_tui.console.words import grouped

RUN_GRAMMAR: Final = "regex   !x   -f fuzzy   tag:T   status:S   kind:K"
"""Of lists of runs."""
LINE_GRAMMAR: Final = "regex   !x   -f fuzzy"
"""Of lines that are just lines."""


class Filtered(LiveScreen):
    """A screen whose list can be narrowed. A subclass composes `filter_bar` and shows what `filter` lets through (`sift`).

    It is named last among the bases: Textual gives a screen the styles of the first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.FILTER)]

    grammar: ClassVar[str] = "regex   !x   -f fuzzy   tag:T   status:S"
    """What can be typed, as it stands in the empty line."""

    filter = Filter()
    """The one in force: what stands in the line, or, while that is no filter, the last that was."""
    _readable = True

    @cached_property
    def filter_bar(self) -> InputBar:
        """The line; not there until it is opened."""
        return InputBar(self.grammar, host(self).filters)

    def sift(self) -> None:
        """Show what passes; the filter is another one."""
        raise NotImplementedError

    def say_count(self, passing: int, of: int) -> None:
        """How many pass, beside the filter; what is wrong with it goes first."""
        if self.filter and self._readable:
            self.filter_bar.say(f"{grouped(passing)} of {grouped(of)}")

    def action_filter(self) -> None:
        """`/`: open the line."""
        self.filter_bar.open()

    def leave_pane(self) -> bool:
        """Esc in the line clears the filter, and is not the way to the main part."""
        return not self.filter_bar.has_keys and super().leave_pane()

    def back(self) -> bool:
        """Esc clears the filter."""
        if not (self.filter or self.filter_bar.display):
            return super().back()
        self.filter_bar.close()
        self._to_list()
        return True

    def _to_list(self) -> None:
        if self._main is not None:
            self._main.focus()

    def on_input_bar_typed(self, message: InputBar.Typed) -> None:
        """Show what passes, while it is typed. A filter that cannot be read is said so; the last good one stays."""
        message.stop()
        try:
            self.filter = parse(message.text)
        except FilterError as error:
            self._readable = False
            self.filter_bar.say(str(error), bad=True)
            return
        self._readable = True
        self.sift()

    def on_input_bar_done(self, message: InputBar.Done) -> None:
        """Back to the list; the filter stays."""
        message.stop()
        self._to_list()
