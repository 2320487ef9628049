"""Going from screen to screen. Home is at the bottom of the stack, at most one other section above it, then a job, then a log
or the text of a job.

Screens other than home are imported when they are opened: the first frame waits for none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.api import JobView
from engine.values import lean
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.terminal import one_line

if TYPE_CHECKING:
    from jobqueue_tui.console.app import ConsoleApp

RECORDS: Final = ("queue", "history", "inbox", "failures")
"""The lists behind one number, in the order of `]`."""


@lean(frozen=True, slots=True)
class Place:
    """A screen, and what it is about: a job, a run and others that are shown with it, or nothing."""

    name: str
    about: str = ""
    also: tuple[str, ...] = ()


class Places:
    """Where the console is, and where it was before."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._before: Place | None = None
        self._records = "queue"

    @property
    def here(self) -> Place:
        """What is on top now."""
        top = self._app.screen
        return Place(top.place, top.about, top.also) if isinstance(top, LiveScreen) else Place("jobs")

    def go(self, name: str) -> None:
        """Open a place by its name; a job or a log is the one of the job that is meant on the screen now."""
        top = self._app.screen
        if not top.is_mounted:
            return  # two keys at once, and the screen of the first is not made yet
        match name:
            case "last":
                if self._before is not None:
                    self.open(self._before)
            case "records":
                self.open(Place(self._records))
            case "job" | "log" | "effective":
                job_id = (top.job_id if isinstance(top, LiveScreen) else None) or self._app.current_job
                if job_id is None:
                    return
                if name == "log":
                    self._log_of(job_id)
                else:
                    self.open(Place(name, job_id))
            case _:
                self.open(Place(name))

    def open(self, place: Place) -> None:
        """Show it, unless it is on top already."""
        here = self.here
        if place == here:
            return
        self._thaw()
        if place.name in RECORDS:
            self._records = place.name
        match place.name:
            case "jobs":
                self._home()
            case "log":
                self._show_log(place)
            case "job":
                if not self._show_job(place.about):
                    return
            case "effective":
                if not self._show_effective(place.about):
                    return
            case name:
                self._show_section(name)
        self._before = here

    def back(self) -> None:
        """Leave what is on top."""
        if len(self._app.screen_stack) > 1:
            self._thaw()
            self._before = self.here
            self._app.pop_screen()

    def _thaw(self) -> None:
        """A frozen view is left for a live one."""
        if self._app.frozen:
            self._app.action_freeze()

    def say_no_log(self, job_id: str) -> None:
        """There is no log yet, and what to do."""
        self._app.notify(f"{one_line(job_id)} has not run yet: no log. t runs it now.", timeout=3, markup=False)

    def _log_of(self, job_id: str) -> None:
        job = self._job(job_id)
        if job is None:
            return
        if job.last_run_id is None:
            self.say_no_log(job_id)
        else:
            self.open(Place("log", job.last_run_id))

    def _home(self) -> None:
        while len(self._app.screen_stack) > 1:
            self._app.pop_screen()

    def _show_section(self, name: str) -> None:
        screen: LiveScreen
        match name:
            case "tree":
                from jobqueue_tui.console.screens.tree import TreeScreen  # noqa: PLC0415 - after the first frame

                screen = TreeScreen()
            case "queue":
                from jobqueue_tui.console.screens.queue import QueueScreen  # noqa: PLC0415 - after the first frame

                screen = QueueScreen()
            case "history":
                from jobqueue_tui.console.screens.history import HistoryScreen  # noqa: PLC0415 - after the first frame

                screen = HistoryScreen()
            case "inbox":
                from jobqueue_tui.console.screens.inbox import InboxScreen  # noqa: PLC0415 - after the first frame

                screen = InboxScreen()
            case "failures":
                from jobqueue_tui.console.screens.failures import FailuresScreen  # noqa: PLC0415 - after the first frame

                screen = FailuresScreen()
            case "timeline":
                from jobqueue_tui.console.screens.timeline import TimelineScreen  # noqa: PLC0415 - after the first frame

                screen = TimelineScreen()
            case "system":
                from jobqueue_tui.console.screens.system import SystemScreen  # noqa: PLC0415 - after the first frame

                screen = SystemScreen()
            case _:
                raise AssertionError(f"no screen {name}")
        self._home()
        self._app.push_screen(screen)

    def _show_log(self, place: Place) -> None:
        from jobqueue_tui.console.screens.log import LogScreen  # noqa: PLC0415 - after the first frame

        if self.here.name in ("log", "effective"):
            self._app.pop_screen()
        self._app.push_screen(LogScreen(place.about, place.also))

    def _show_effective(self, job_id: str) -> bool:
        from jobqueue_tui.console.screens.effective import EffectiveScreen  # noqa: PLC0415 - after the first frame

        job = self._job(job_id)
        if job is None:
            return False
        if self.here.name in ("log", "effective"):
            self._app.pop_screen()
        self._app.push_screen(EffectiveScreen(job))
        return True

    def _show_job(self, job_id: str) -> bool:
        from jobqueue_tui.console.screens.job import JobScreen  # noqa: PLC0415 - after the first frame

        job = self._job(job_id)
        if job is None:
            return False
        while self.here.name in ("job", "log", "effective"):
            if self.here == Place("job", job_id):
                return True
            self._app.pop_screen()
        self._app.push_screen(JobScreen(job))
        return True

    def _job(self, job_id: str) -> JobView | None:
        """The job; None where there is none of that id any more, which is said."""
        try:
            return self._app.engine.job(job_id)
        except KeyError:
            self._app.notify(f"{one_line(job_id)} is no longer in the job file.", timeout=4, markup=False)
            return None
