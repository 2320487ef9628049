"""Waiting for jobs and runs to end, by asking the engine again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from engine.model.record import Json
from engine.spec.matrix import MOST, job_of
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.client.engine import EngineClient, Object

_ASK_EVERY: Final = 0.2
_BAD: Final = frozenset({"failed", "timed_out", "lost", "stopped", "missed"})


class Goal(StrEnum):
    """What a job is waited for."""

    IDLE = "idle"
    """Nothing of it runs or waits."""
    ENDED = "ended"
    """What runs or waits now is over."""
    SUCCESS = "success"
    """Its last run succeeded, and nothing of it runs or waits."""


def went_well(outcome: Json, reason: Json) -> bool:
    """Is a run that ended so no failure (exit code 0): a success, or a skip that is not for the fault of another job."""
    return outcome not in _BAD and not (outcome == "skipped" and str(reason).startswith("upstream"))


def wait_for_jobs(engine: EngineClient, ids: Sequence[str], goal: Goal, timeout: float | None) -> Exit:
    """Until all have reached the goal; OK or FAILED by how they ended. Failure 4: nothing to wait for, 124: out of time."""
    jobs = engine.jobs(ids)
    idle = [str(job["id"]) for job in jobs if not _busy(job) and job.get("last_outcome") is None]
    if idle and (goal is not Goal.SUCCESS or any(job.get("next_run") is None for job in jobs if job["id"] in idle)):
        raise Failure(Exit.REFUSED, f"{', '.join(idle)}: nothing runs or waits, and nothing has run")
    if goal is Goal.ENDED:
        busy = {str(job["id"]) for job in jobs if _busy(job)}
        runs = [str(run["run_id"]) for name in busy for run in engine.runs({"job": name}) if run.get("outcome") is None]
        ended = wait_for_runs(engine, runs, timeout)
        rest = all(went_well(job["last_outcome"], job["last_reason"]) for job in jobs if job["id"] not in busy)
        return ended if rest else Exit.FAILED

    return _wait_for_rest(engine, ids, goal, timeout)


def wait_for_cascade(engine: EngineClient, ids: Sequence[str]) -> Exit:
    """Until nothing of these jobs runs or waits, of which the first has just ended: what follows it is queued by then."""
    return _wait_for_rest(engine, ids, Goal.IDLE, None)


def _wait_for_rest(engine: EngineClient, ids: Sequence[str], goal: Goal, timeout: float | None) -> Exit:
    jobs: list[Object] = []

    def reached() -> bool:
        jobs[:] = engine.jobs(ids)
        return all(
            not _busy(job) and (goal is not Goal.SUCCESS or job.get("last_outcome") == "success") for job in jobs
        )

    _until(reached, timeout, f"{', '.join(ids)}: not {goal} in time")
    return Exit.OK if all(went_well(job["last_outcome"], job["last_reason"]) for job in jobs) else Exit.FAILED


def with_shards(engine: EngineClient, run_ids: Sequence[str]) -> list[str]:
    """The runs, and the other shards of the occurrences that they are of."""
    found: dict[str, None] = {}
    for run_id in run_ids:
        found[run_id] = None
        head, _, number = run_id.rpartition(":")
        if head.endswith("]"):
            others = (str(run["run_id"]) for run in engine.runs({"job": job_of(run_id), "limit": MOST}))
            found |= dict.fromkeys(other for other in others if other.endswith(f"]:{number}"))
    return list(found)


def wait_for_runs(engine: EngineClient, run_ids: Sequence[str], timeout: float | None) -> Exit:
    """Until these runs are over; OK or FAILED by how they ended. Failure 124: out of time."""
    left = dict.fromkeys(run_ids)
    well = True

    def over() -> bool:
        nonlocal well
        for run_id in list(left):
            run = engine.run(run_id)
            if run.get("outcome") is not None:
                well &= went_well(run["outcome"], run.get("reason"))
                del left[run_id]
        return not left

    _until(over, timeout, "not over in time")
    return Exit.OK if well else Exit.FAILED


def _until(reached: Callable[[], bool], timeout: float | None, problem: str) -> None:
    deadline = None if timeout is None else time.monotonic() + timeout
    while not reached():
        left = _ASK_EVERY if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise Failure(Exit.OUT_OF_TIME, problem)
        time.sleep(min(left, _ASK_EVERY))


def _busy(job: Mapping[str, Json]) -> bool:
    return bool(job.get("active") or job.get("queued"))
