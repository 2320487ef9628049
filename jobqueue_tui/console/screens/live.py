"""The base of screens that show an engine as it changes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget

from engine.api import Changes
from jobqueue_tui.console.actions import Where, bindings, gives_verb
from jobqueue_tui.console.host import host
from jobqueue_tui.console.widgets.line_cache import LineCache
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.terminal import one_line

if TYPE_CHECKING:
    from jobqueue_tui.console.saving import Saved

RESYNC = Changes(frozenset(), resync=True)


class LiveScreen(Screen[None]):
    """A screen that is flushed while it is on top; coming back on top, it takes everything as changed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.PANES)]

    not_in_footer: ClassVar[frozenset[str]] = frozenset({"all.leave"})
    """Ids of actions that work here but that nobody needs to be told of."""

    place: ClassVar[str] = "jobs"
    """The name of the screen (`places`)."""

    has_panes: ClassVar[bool] = False
    """Whether it has several parts: Tab goes from one to the next, `z` shows one alone."""

    copies: ClassVar[str] = "ids"
    """What several lines that are copied are."""

    _zoomed_rest = False
    """The part that was shown alone first is not the main one."""

    has_items: ClassVar[bool] = False
    """Whether `[` and `]` go somewhere."""

    def __init__(self) -> None:
        super().__init__()
        # its own lines stand behind those of all its parts, and are asked for with them
        self._styles_cache = LineCache(hindmost=True)

    @property
    def about(self) -> str:
        """What it is about, where there may be many of its kind: a job, a run."""
        return ""

    @property
    def also(self) -> tuple[str, ...]:
        """What is shown with that: the runs whose logs are merged with it."""
        return ()

    def flush(self, changes: Changes) -> None:
        """Show what changed."""

    def leave_for(self, job_id: str) -> None:
        """The job that it is about is gone: so is the screen, with the card that may stand over it."""
        if self in self.app.screen_stack:  # not gone yet
            self.notify(f"{one_line(job_id)} is no longer in the job file.", markup=False)
        while self in self.app.screen_stack:
            self.app.pop_screen()

    def on_screen_resume(self) -> None:
        """What happened under another screen was not noted."""
        if self.is_mounted:
            self.flush(RESYNC)

    def back(self) -> bool:
        """Esc: undo what narrows the view (a filter). False when there is nothing, and the screen may be left."""
        return False

    @property
    def job_id(self) -> str | None:
        """The job that this screen is about now."""
        return None

    def action_zoom(self) -> None:
        """`z`: one part alone, the other, both again."""
        order = ["", "-only-list", "-only-rest"]
        now = next((name for name in order[1:] if self.has_class(name)), "")
        if not now:
            self._zoomed_rest = self.focused is not self._main and isinstance(self.focused, Painted)
        if self._zoomed_rest:
            order[1:] = reversed(order[1:])
        following = order[(order.index(now) + 1) % len(order)]
        for name in order[1:]:
            self.set_class(name == following, name)
        if following == "-only-list":
            self.leave_pane()

    def action_pane(self, by: int) -> None:
        """Tab: the next part that is shown, and back."""
        panes = [widget for widget in self.focus_chain if isinstance(widget, Painted) and widget.is_pane]
        if self.focused in panes:
            panes[(panes.index(self.focused) + by) % len(panes)].focus()
        elif self._main is not None:
            self._main.focus()

    def action_jump(self) -> None:
        """`f`: a letter on each place that is on the screen."""
        from jobqueue_tui.console.screens.jump import JumpScreen  # noqa: PLC0415 - seldom needed

        spots = [spot for part in self.query(Painted) if part.is_on_screen for spot in part.spots()]
        if len(spots) < 2:
            self.notify("There is nothing to go to here.", timeout=2, markup=False)
            return

        def chosen(go: Callable[[], object] | None) -> None:
            if go is not None:
                go()
                # resuming, the home screen puts its cursor on this one
                host(self).current_job = self.job_id or host(self).current_job

        self.app.push_screen(JumpScreen(spots), chosen)

    def leave_pane(self) -> bool:
        """Esc: to the part that has the keys at first; False when it has them."""
        main = self._main
        if main is None or self.focused is main or not self.has_panes:
            return False
        main.focus()
        return True

    @property
    def _main(self) -> Widget | None:
        return next(iter(self.query(self.AUTO_FOCUS)), None) if self.AUTO_FOCUS else None

    def action_item(self, by: int) -> None:
        """`[` and `]`: the item before, the next one; a screen that has none has no such keys."""

    def set_frozen(self, frozen: bool) -> None:
        """The view is to stand still, or goes on; a list that draws what is live keeps what it shows."""

    def copied(self) -> str:
        """What `c` puts into the clipboard: the ids that are meant. Empty: there is nothing."""
        return ""

    def to_save(self) -> Saved | None:
        """What Ctrl-s writes: the rows that are shown, or a text; None where there are none."""
        return None

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Start reading; what this group is reading already is given up for it.

        The function is given, not its coroutine: one that is given up before its first step would never be awaited.
        """
        self.run_worker(work, group=group, exclusive=True)  # type: ignore[arg-type] # Textual's type asks for Never

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of verbs do not exist in a read-only console."""
        if action == "item" and not self.has_items:
            return False
        if action in {"zoom", "pane"} and not self.has_panes:
            return False
        return not (host(self).read_only and gives_verb(action))
