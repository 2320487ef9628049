"""`jobqueue-tui history`: the past from the store, without an engine."""

from __future__ import annotations

from pathlib import Path

import click

from engine.model.outcome import Outcome
from jobqueue_tui.cli.show.kinds import RUN_COLUMNS, RUN_KEYS
from jobqueue_tui.cli.show.listing import look, look_options, print_list
from jobqueue_tui.cli.show.run_filter import run_filter
from jobqueue_tui.cli.store import store_of, store_option
from jobqueue_tui.cli.wall import beginning


@click.command("history")
@run_filter
@look_options
@store_option
def command(
    *,
    job: str | None,
    outcome: str | None,
    since: str | None,
    limit: int,
    form: str,
    columns: str,
    state_dir: Path | None,
    file: Path | None,
) -> None:
    """List past runs, newest first, from the state on disk."""
    from engine.logs.on_record import with_logs
    from engine.store.history import ended_runs

    runs = ended_runs(
        store_of(state_dir, file),
        job=job,
        outcome=None if outcome is None else Outcome(outcome),
        since=None if since is None else beginning(since),
        limit=limit,
        over=False,
    )
    print_list([run.to_json() for run in with_logs(runs)], look(form, columns), usual=RUN_COLUMNS, keys=RUN_KEYS)
