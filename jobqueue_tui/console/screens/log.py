"""The log of one run, full screen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from textual.app import ComposeResult
from textual.message import Message
from textual.strip import Strip

from engine.api import Changes
from engine.spec.log import LogFormat
from engine.spec.matrix import job_of
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.host import host
from jobqueue_tui.console.merged_feed import MOST_LOGS
from jobqueue_tui.console.notices import notices
from jobqueue_tui.console.painting import text_strip
from jobqueue_tui.console.saving import Saving
from jobqueue_tui.console.screens.dialogs import Choice, ChoiceDialog
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.signs import OF_PHASE, Role
from jobqueue_tui.console.widgets.input_bar import InputBar
from jobqueue_tui.console.widgets.keys_bar import KeysBar
from jobqueue_tui.console.widgets.log_view import ERRORS, LogView
from jobqueue_tui.console.widgets.painted import Painted
from jobqueue_tui.terminal import one_line

MOST_RUNS: Final = 1_000
_SINCE: Final = ((1, "1"), (5, "5"), (15, "q"), (30, "3"), (60, "6"))
"""Minutes, and the letter that chooses them."""


class LogTitle(Painted):
    """Whose log this is, how much of it is behind and ahead, and what the view does."""

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self._view = view
        self._shown: tuple[Cell, ...] = ()

    def flush(self) -> None:
        """Draw anew when the text is another one."""
        parts = self._parts()
        if parts != self._shown:
            self._shown = parts
            self.refresh()

    def _parts(self) -> tuple[Cell, ...]:
        view, console = self._view, host(self)
        window, engine = view.window, console.engine
        try:
            phase = engine.run(view.run_id).phase
            state: Cell = (f"  {OF_PHASE[phase].word}", OF_PHASE[phase].role)
        except KeyError:
            state = ("  ended", Role.MUTED)
        share = ""
        if window.size and view.top < len(window.lines) and not view.also:
            share = f"  {100 * window.offset_of(view.top) // window.size}%"
        return (
            (one_line(view.run_id), Role.TITLE),
            state,
            (f"  and {len(view.also)} more" if view.also else "", Role.TITLE),
            (f"  {words.size(window.size)}", Role.MUTED),
            ("  following" if view.following else share, Role.RUNNING if view.following else Role.MUTED),
            ("  wrapped" if view.wrapping else "", Role.MUTED),
            (f"  {_only(view)}" if view.only is not None else "", Role.TITLE),
            (f"  {view.state}" if view.state else "", Role.MUTED),
            *((f"  {text}", role) for text, role in notices(engine, read_only=console.read_only)),
            ("  FROZEN" if console.frozen else "", Role.WARN),
        )

    def render_line(self, y: int) -> Strip:
        """The one line."""
        return text_strip([(" ", Role.TEXT), *self._parts()], self.palette.bar, self.size.width)


def _only(view: LogView) -> str:
    """What the filter leaves, in words."""
    return "errors only" if view.only == ERRORS else f"only {one_line(view.only.text)}" if view.only else ""


class HidingBar(InputBar):
    """The line for `&`."""

    class Chosen(Message):
        """The user has typed what lines must hold."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def action_leave(self) -> None:
        """Back to the log."""
        if not self.text.strip():
            self.close()
        self.post_message(self.Chosen(self.text))


class LogScreen(LiveScreen):
    """Log of a run."""

    AUTO_FOCUS = "LogView"
    place = "log"
    has_items = True
    copies = "lines"

    def __init__(self, run_id: str, also: Sequence[str] = ()) -> None:
        """`also`: runs whose logs are merged with it."""
        super().__init__()
        self.run_id = run_id
        self._also = tuple(also[: MOST_LOGS - 1])
        self._left_out = len(also) - len(self._also)

    @property
    def about(self) -> str:
        """The run."""
        return self.run_id

    @property
    def also(self) -> tuple[str, ...]:
        """The runs whose logs are merged with it."""
        return self._also

    def compose(self) -> ComposeResult:
        """Title, search line, filter line, log, keys."""
        engine = host(self).engine
        self.view = LogView(engine, self.run_id, host(self).settings.zone)
        format_ = next((job.log_format for job in engine.jobs if job.id == job_of(self.run_id)), LogFormat.TEXT)
        self.view.as_json = format_ is LogFormat.JSON
        self.view.open(self.run_id, self._also)
        self.bar = InputBar("text to find; n and N go on")
        self.hiding = HidingBar("text or pattern that lines must hold to stay")
        self.heading = LogTitle(self.view)
        yield self.heading
        yield self.bar
        yield self.hiding
        yield self.view
        yield KeysBar()

    def on_mount(self) -> None:
        """Say what is not shown."""
        self._say_left_out()

    def _say_left_out(self) -> None:
        if self._left_out:
            text = f"The logs of {MOST_LOGS} jobs are shown, those of {self._left_out} more are not."
            self.notify(text, severity="warning", markup=False)

    def flush(self, changes: Changes) -> None:
        """Follow the file."""
        self.view.flush()
        self.heading.flush()

    def set_frozen(self, frozen: bool) -> None:
        """Said in the title."""
        self.heading.flush()

    def on_log_view_search(self, message: LogView.Search) -> None:
        """`/` and `&`."""
        message.stop()
        (self.hiding if message.hide else self.bar).open()

    def on_input_bar_done(self, message: InputBar.Done) -> None:
        """Enter starts the search."""
        message.stop()
        self.view.focus()
        self.view.seek(message.text)

    def on_hiding_bar_chosen(self, message: HidingBar.Chosen) -> None:
        """Enter filters."""
        message.stop()
        self.view.focus()
        self.view.hide(message.text)

    def on_log_view_said(self, message: LogView.Said) -> None:
        """What the search has to say stands beside its field."""
        message.stop()
        if self.bar.display:
            self.bar.say(message.text)
        elif self.hiding.display:
            self.hiding.say(message.text)
        elif message.text:
            self.notify(message.text, markup=False)

    def on_log_view_since(self, message: LogView.Since) -> None:
        """`i`: from when on."""
        message.stop()
        choices = [
            Choice("tail", "tail", "its end, following", "t"),
            Choice("head", "head", "its beginning", "h"),
            *(Choice(str(60 * n), f"{n} min" if n < 60 else "1 h", "printed since then", key) for n, key in _SINCE),
        ]

        def answered(answer: str | None) -> None:
            match answer:
                case "tail":
                    self.view.action_edge(1)
                case "head":
                    self.view.action_edge(-1)
                case str() if answer.isdecimal():
                    self.view.go_since(float(answer))

        self.app.push_screen(ChoiceDialog("Since", [one_line(self.view.run_id)], choices), answered)

    def on_log_view_merge(self, message: LogView.Merge) -> None:
        """`a`: with the newest runs of the marked jobs; again: this one alone."""
        message.stop()
        jobs = () if self._also else host(self).marked()
        runs = [job.last_run_id for job in jobs if job.last_run_id not in (None, self.run_id)]
        if not (self._also or runs):
            self.notify("No other job is marked. Space marks on 1, then a shows their logs in one.", markup=False)
            return
        self._merge([run for run in runs if run is not None])

    def _merge(self, also: Sequence[str]) -> None:
        self._also = tuple(also[: MOST_LOGS - 1])
        self._left_out = len(also) - len(self._also)
        self.view.merge(self._also)
        self._say_left_out()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The run before and after is one of a single log."""
        return False if action == "item" and self._also else super().check_action(action, parameters)

    def copied(self) -> str:
        """Lines of the log."""
        return self.view.copied()

    def to_save(self) -> Saving | None:
        """The lines that are at hand (at most 1 MiB of them), harmless; with their times where they are shown."""
        view = self.view
        columns = ("at", "line") if view.timing else ("line",)
        rows = [{"at": at, "line": line} for at, line in view.all_lines()]
        return Saving(view.run_id.replace(":", "-"), columns, len(rows), lambda: rows) if rows else None

    def action_item(self, by: int) -> None:
        """`[`, `]`: the run before or after."""
        self.begin(partial(self._other_run, by), "other")

    async def _other_run(self, by: int) -> None:
        """The log of the run before or after, among those that have one."""
        job_id = job_of(self.view.run_id)
        records = await host(self).engine.history(job=job_id, limit=MOST_RUNS)
        runs = [record.run_id for record in records if record.log_path is not None or record.run_id == self.view.run_id]
        newest = next((job.last_run_id for job in host(self).engine.jobs if job.id == job_id), None)
        for run_id in (self.view.run_id, newest):  # what runs, and what was pruned meanwhile
            if run_id is not None and run_id not in runs:
                runs.insert(0, run_id)
        wanted = runs.index(self.view.run_id) - by  # newest first
        if not 0 <= wanted < len(runs):
            self.notify("There is no log of a run after it." if by > 0 else "There is no log of a run before it.")
            return
        self.run_id = runs[wanted]
        self.view.open(self.run_id)
        self.view.refresh()
        self.view.flush()

    def back(self) -> bool:
        """Esc ends the search first, then the filter."""
        if self.bar.display:
            self.bar.close()
            self.view.seek("")
        elif self.hiding.display or self.view.only is not None:
            self.hiding.close()
            self.view.hide("")
        else:
            return False
        self.view.focus()
        return True
