"""`jobqueue-tui logs`: the log files themselves, without an engine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.clock import Instant
from engine.model.log_parts import LogChunk
from engine.model.record import Json, RunRecord
from engine.values import lean
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.show.log import log_look, log_options, run_name
from jobqueue_tui.cli.show.merged import show_logs
from jobqueue_tui.cli.store import store_of, store_option
from jobqueue_tui.cli.wall import now

T = TypeVar("T")


@lean(frozen=True, slots=True)
class _StoredLog:
    store: Path
    run_id: str
    path: str

    def read(self, offset: int, limit: int) -> LogChunk:
        from engine.logs.chunk import read_chunk

        return self._asked(lambda: read_chunk(self.path, offset, limit), LogChunk(b"", 0, 0, more=False))

    def since(self, at: Instant) -> int:
        from engine.logs.times import RunLog, since

        log = RunLog.of(self._record(), self.path)
        return self._asked(lambda: since(log, at), 0)

    def times(self, start: int, end: int) -> list[tuple[int, Instant]]:
        from engine.logs.times import RunLog, times

        log = RunLog.of(self._record(), self.path)
        return self._asked(lambda: [(one.end, one.at) for one in times(log, start, end, now())], [])

    def _asked(self, ask: Callable[[], T], nothing: T) -> T:
        """`nothing` where there is no log yet, as the engine answers. Failure 4 for one that is gone."""
        try:
            return ask()
        except FileNotFoundError:
            from engine.logs.on_record import may_have_none

            if may_have_none(self._record()):
                return nothing
            raise Failure(Exit.REFUSED, f"the log of {self.run_id} is gone; it was pruned or removed") from None

    def over(self) -> bool:
        return self._record().outcome is not None

    def record(self) -> dict[str, Json]:
        from engine.logs.on_record import with_logs

        return with_logs([self._record()])[0].to_json()

    def newer(self) -> None:
        return None

    def last(self) -> bool:
        return True  # what is planned only an engine knows

    def _record(self) -> RunRecord:
        return _found(self.store, self.run_id)


@click.command("logs")
@click.argument("names", metavar="ID|RUN", nargs=-1, required=True)
@log_options
@store_option
def command(
    *,
    names: tuple[str, ...],
    run: int | None,
    merge: bool,
    state_dir: Path | None,
    file: Path | None,
    **chosen: Any,  # Any: the options of `log_options`, which `log_look` takes by name
) -> None:
    """Show the log of a run, or of a job's newest one; several with --merge."""
    store = store_of(state_dir, file)
    logs: list[_StoredLog] = []
    for name in names:
        record = _found(store, run_name(name, run))
        if record.log_path is None:
            raise Failure(Exit.REFUSED, f"{record.run_id} has no log; it never started")
        logs.append(_StoredLog(store, record.run_id, record.log_path))
    show_logs(logs, log_look(over_runs=False, **chosen), sys.stdout.buffer, merge=merge)


def _found(store: Path, name: str) -> RunRecord:
    from engine.store.history import ended_runs, one_run

    if ":" in name:
        run = one_run(store, name)
        if run is None:
            raise Failure(Exit.REFUSED, f"no run {name!r}; see `jobqueue-tui history`")
        return run
    runs = ended_runs(store, job=name, outcome=None, since=None, limit=100, over=False)
    if not runs:
        raise Failure(Exit.REFUSED, f"no run of a job {name!r} is on record; see `jobqueue-tui history`")
    return next((run for run in runs if run.started_at is not None), runs[0])
