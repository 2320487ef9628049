"""`ctl logs`: asks the engine; `jobqueue-tui logs` reads the files without one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.spec.matrix import job_of
from engine.values import lean
from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.log import log_look, log_options, run_name, show_log
from jobqueue_tui.client.engine import EngineClient, LogPart


@lean(frozen=True, slots=True)
class _RemoteLog:
    engine: EngineClient
    run_id: str

    def read(self, offset: int, limit: int) -> LogPart:
        return self.engine.log(self.run_id, offset, limit)

    def over(self) -> bool:
        active = self.engine.job(job_of(self.run_id)).get("active")
        runs = active if isinstance(active, list) else []
        return not any(isinstance(run, dict) and run.get("run_id") == self.run_id for run in runs)


@click.command("logs")
@click.argument("name", metavar="ID|RUN")
@log_options
@engine_option
def command(
    *,
    name: str,
    tail: int | None,
    follow: bool,
    run: int | None,
    raw: bool | None,
    socket: Path | None,
    state_dir: Path | None,
    file: Path | None,
) -> None:
    """Show the log of a run, or of a job's newest one."""
    engine = engine_of(socket, state_dir, file)
    newest = engine.log(run_name(name, run), 0, 1).run_id  # from here on that run, also when a newer one starts
    show_log(_RemoteLog(engine, newest), log_look(tail, follow, raw), sys.stdout.buffer)
