"""`ctl logs`: asks the engine; `jobqueue-tui logs` reads the files without one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from engine.clock import Instant, moment
from engine.model.record import Json
from engine.spec.matrix import job_of
from engine.values import lean
from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.log import log_look, log_options, run_name
from jobqueue_tui.cli.show.merged import show_logs
from jobqueue_tui.client.engine import Answered, EngineClient, LogPart


@lean(frozen=True, slots=True)
class _RemoteLog:
    engine: EngineClient
    run_id: str

    def read(self, offset: int, limit: int) -> LogPart:
        return self.engine.log(self.run_id, offset, limit)

    def since(self, at: Instant) -> int:
        return self.engine.log_since(self.run_id, moment(at).isoformat())

    def times(self, start: int, end: int) -> list[tuple[int, Instant]]:
        return self.engine.log_times(self.run_id, start, end)

    def over(self) -> bool:
        active = self.engine.job(job_of(self.run_id)).get("active")
        runs = active if isinstance(active, list) else []
        return not any(isinstance(run, dict) and run.get("run_id") == self.run_id for run in runs)

    def record(self) -> dict[str, Json]:
        return self.engine.run(self.run_id)

    def newer(self) -> _RemoteLog | None:
        try:
            newest = self.engine.log(job_of(self.run_id), 0, 1).run_id
        except Answered:  # it has been claimed, and has no log yet
            return None
        return None if newest == self.run_id else _RemoteLog(self.engine, newest)

    def last(self) -> bool:
        job = self.engine.job(job_of(self.run_id))
        return not (job.get("next_run") or job.get("active") or job.get("queued"))


@click.command("logs")
@click.argument("names", metavar="ID|RUN", nargs=-1, required=True)
@log_options
@engine_option
def command(
    *,
    names: tuple[str, ...],
    run: int | None,
    merge: bool,
    socket: Path | None,
    state_dir: Path | None,
    file: Path | None,
    **chosen: Any,  # Any: the options of `log_options`, which `log_look` takes by name
) -> None:
    """Show the log of a run, or of a job's newest one; several with --merge."""
    engine = engine_of(socket, state_dir, file)
    # from here on those runs, also when newer ones start
    logs = [_RemoteLog(engine, engine.log(run_name(name, run), 0, 1).run_id) for name in names]
    show_logs(logs, log_look(over_runs=run is None and ":" not in names[0], **chosen), sys.stdout.buffer, merge=merge)
