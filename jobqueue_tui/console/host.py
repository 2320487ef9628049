"""What a screen may ask of the app that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from textual.dom import DOMNode

from engine.api import EngineView, JobView
from engine.clock import Instant
from engine.model.undo import Undo
from jobqueue_tui.console.kept import Kept
from jobqueue_tui.console.settings import ConsoleSettings
from jobqueue_tui.console.tally import Tally


class Host(Protocol):
    """The app, as far as screens know it."""

    engine: EngineView
    settings: ConsoleSettings
    read_only: bool
    tally: Tally
    undo: list[tuple[Undo, ...]]
    """What takes verbs back, the newest last; verbs that were given together are one step."""
    kept: Kept
    """What is kept for the next time; replaced as a whole when it changes."""
    filters: list[str]
    """Filters that were used, the newest last."""
    frozen: bool
    """The view stands still: what is on screen may be old."""
    current_job: str | None

    @property
    def shown_at(self) -> Instant:
        """What came later is not on screen."""

    def go(self, name: str) -> None:
        """Open a place by its name."""

    def show_log(self, run_id: str, also: Sequence[str] = ()) -> None:
        """Open the log of a run, those of others with it."""

    def marked(self) -> Sequence[JobView]:
        """The jobs that are marked in the table and shown there."""

    def say_no_log(self, job_id: str) -> None:
        """Say that there is no log yet, and what to do."""

    def show_details(self, job_id: str) -> None:
        """Open the details of a job."""


def host(node: DOMNode) -> Host:
    """The app of a screen or widget."""
    return cast("Host", node.app)  # Textual types `app` as App; ConsoleApp is the only one that shows our screens
