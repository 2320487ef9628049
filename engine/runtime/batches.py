"""The rows of a flight."""

from __future__ import annotations

from typing import Final

from engine.clock import SECOND, Instant, micros
from engine.core.offs import offs_text
from engine.core.turn import Turn
from engine.ports.store import Batch, Forget
from engine.runtime.flight import Flight
from engine.runtime.launching import Launcher
from engine.runtime.records import runs_log_line
from engine.runtime.rows import claim_row, job_row, run_row

FORGET_EVERY: Final = 3_600 * SECOND
"""Between two looks for runs that are too old."""


class Batches:
    """Makes batches of what changed; remembers when old runs were last looked for."""

    def __init__(self, turn: Turn, launcher: Launcher) -> None:
        self._turn = turn
        self._launcher = launcher
        self._forgot_at: Instant | None = None

    def make(self, flight: Flight) -> Batch:
        """As the runs and jobs are now: what changes after this is for the next flight."""
        rows = {run.no: run_row(run) for run in flight.runs.values()}
        return Batch(
            new=[rows[run.no] for run in flight.runs.values() if not run.stored],
            runs=[rows[run.no] for run in flight.runs.values() if run.stored],
            claims=[
                claim_row(run, attempt)
                for run, attempt in flight.claims
                if run.no not in rows and attempt is run.attempt
            ],
            ended=[rows[run.no] for run in flight.over],
            forget=self._forget(flight),
            jobs=[job_row(job) for job in flight.jobs.values()],
            facts=flight.facts,
            attached=flight.attached,
            folders=self._launcher.new_folders(flight.claims),
            lines=[(self._launcher.runs_log(run), runs_log_line(run)) for run in flight.over if run.attempts_made],
            audit=flight.audit,
            acks=flight.acks,
            offs=offs_text(self._turn.state) if flight.offs_changed else None,
        )

    def _forget(self, flight: Flight) -> Forget | None:
        """Runs beyond `keep_runs` now and then, those older than `keep_days` once an hour."""
        keep, now = self._turn.state.spec.history, self._turn.now
        before = None
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = now
            before = now - micros(keep.keep_days * 86_400)
        if not flight.forget and before is None:
            return None
        return Forget(tuple(flight.forget), keep.keep_runs, before)
