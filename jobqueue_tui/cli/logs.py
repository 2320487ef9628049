"""`jobqueue-tui logs`: the log files themselves, without an engine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.api import LogChunk
from engine.model.record import RunRecord
from engine.values import lean
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.show.log import log_look, log_options, run_name, show_log
from jobqueue_tui.cli.store import store_of, store_option


@lean(frozen=True, slots=True)
class _StoredLog:
    store: Path
    run_id: str
    path: str

    def read(self, offset: int, limit: int) -> LogChunk:
        from engine.logs.chunk import read_chunk

        try:
            return read_chunk(self.path, offset, limit)
        except FileNotFoundError:
            raise Failure(Exit.REFUSED, f"the log of {self.run_id} is gone; it was pruned or removed") from None

    def over(self) -> bool:
        from engine.store.history import one_run

        run = one_run(self.store, self.run_id)
        return run is None or run.outcome is not None


@click.command("logs")
@click.argument("name", metavar="ID|RUN")
@log_options
@store_option
def command(
    *,
    name: str,
    tail: int | None,
    follow: bool,
    run: int | None,
    raw: bool | None,
    state_dir: Path | None,
    file: Path | None,
) -> None:
    """Show the log of a run, or of a job's newest one."""
    store = store_of(state_dir, file)
    record = _found(store, run_name(name, run))
    if record.log_path is None:
        raise Failure(Exit.REFUSED, f"{record.run_id} has no log; it never started")
    show_log(_StoredLog(store, record.run_id, record.log_path), log_look(tail, follow, raw), sys.stdout.buffer)


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
