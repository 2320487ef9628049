"""What a callable job is given: one object that knows its run, keeps its data, and passes pauses and stops on to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

DATA_LIMIT: Final = 64 * 1024
"""Bytes of JSON that one run, or one job over its runs, may keep: a child is handed them as one variable."""


class JobContext(Protocol):
    """Handed to the function of a job. Usable from the function's own thread or task, and from threads it starts.

    `cancelled` is set when the run is told to end: stop, timeout, shutdown. A coroutine is cancelled as well; a plain
    function has to look, or to call `checkpoint_sync`.
    """

    @property
    def job_id(self) -> str: ...
    @property
    def run_id(self) -> str:
        """`JOB:N`."""

    @property
    def attempt(self) -> int:
        """Number of the attempt within the run, from 1."""

    @property
    def scheduled_at(self) -> datetime:
        """The instant for which the run was planned, in UTC."""

    @property
    def params(self) -> Mapping[str, str]:
        """Values of the job's parameters for this run, by name, each in the form of its type (`true`, `12`)."""

    @property
    def cancelled(self) -> threading.Event: ...
    @property
    def pause_requested(self) -> bool:
        """Somebody asked for a pause; it is granted at the next checkpoint."""

    def save_data(self, data: Mapping[str, object] | str, value: object = None) -> None:
        """Put facts on the run's record: a map, or one name and its value. Later values of a name win.

        The values are copied, as JSON. TypeError for what JSON cannot hold, ValueError beyond `DATA_LIMIT`.
        """

    def get_data(self) -> dict[str, Any]:
        """A copy of what this run has saved, its earlier attempts included."""

    def save_job_data(self, data: Mapping[str, object] | str, value: object = None) -> None:
        """As `save_data`, for the job: kept in the store over runs and restarts. None removes a name."""

    def get_job_data(self) -> dict[str, Any]:
        """A copy of what runs of this job have saved for the job: as it was when this attempt began, and its own."""

    async def checkpoint(self) -> None:
        """In a coroutine: a place where it may be paused. Waits as long as the pause lasts."""

    def checkpoint_sync(self) -> None:
        """In a plain function: likewise; raises `engine.errors.JobCancelled` once the run is told to end."""

    def log(self, text: str) -> None:
        """Append lines to the run's log."""


JobFunction: TypeAlias = Callable[[JobContext], object] | Callable[[], object]
"""A plain function or a coroutine function; it may leave the context out. What it returns is not looked at."""
