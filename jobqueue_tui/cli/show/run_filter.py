"""The options that narrow a list of runs, the same for `history` and `ctl history`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from engine.model.outcome import Outcome

F = TypeVar("F", bound=Callable[..., object])


def run_filter(command: F) -> F:
    """Adds `--job`, `--outcome`, `--since` and `--limit`."""
    job = click.option("--job", metavar="ID", help="Only runs of this job.")
    outcome = click.option(
        "--outcome", type=click.Choice([outcome.value for outcome in Outcome]), help="Only runs that ended like this."
    )
    since = click.option("--since", metavar="TIME", help="Not older than 2h, 3d … or a time with offset.")
    limit = click.option(
        "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many."
    )
    return job(outcome(since(limit(command))))
