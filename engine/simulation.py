"""What an engine would do with a job file, on a clock that jumps from one event to the next.

The real loop decides; nothing is executed, imported, or read: attempts are imagined and end well after a given time. So
the same file from the same instant gives the same list, and a week takes seconds.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from engine.clock import Instant, micros
from engine.core.boot import begin
from engine.model.events import RunEnded, RunQueued, RunStarted
from engine.model.outcome import Outcome
from engine.model.record import Json, iso
from engine.ports.executor import Limit
from engine.ports.store import Batch, Stored
from engine.runtime.events import EventLog, Telling
from engine.runtime.loop import Loop
from engine.runtime.starting import build_turn, restore
from engine.spec.config import JobFile
from engine.spec.matrix import job_of
from engine.stand_ins import ForgetfulStore, ImaginedExecutor, ImaginedLauncher
from engine.testing.clock import VirtualClock
from engine.values import lean

PLENTY: Final = 1 << 50
"""Memory and processors: how much a machine has is not part of a job file."""

_REST: Final = 1_000_000
"""Ticks within one instant that are more than any herd explains."""

_UNSTARTED: Final = {Outcome.SKIPPED: "skipped", Outcome.MISSED: "missed"}


@lean(frozen=True, slots=True)
class Happening:
    """One line of the timeline: `event` is queued, started, ended, skipped or missed."""

    at: Instant
    job: str
    event: str
    data: dict[str, Json]


def simulate(
    job_file: JobFile, start: Instant, end: Instant, zone: str, run_time: Callable[[str], float]
) -> Iterator[Happening]:
    """What happens from `start` to `end`, an engine beginning at `start` with nothing on record.

    `zone`: of jobs that name none. `run_time(job id)`: seconds that each of its attempts takes.
    """
    clock = VirtualClock(start)
    executor = ImaginedExecutor(clock, lambda attempt: micros(run_time(job_of(attempt))))
    chance = random.Random(0)  # noqa: S311 - repeatable
    turn = build_turn(job_file, chance, boot_id="simulated", now=start, cpus=float(PLENTY), memory=PLENTY)
    soon: deque[Callable[[], None]] = deque()
    loop = Loop(
        turn,
        clock=clock,
        store=ForgetfulStore(),
        executor=executor,
        launcher=ImaginedLauncher(Path("/"), {}, zone),
        soon=soon.append,
        free_memory=lambda: PLENTY,
        make_batch=lambda _: Batch(),  # nothing is kept: rows are a quarter of the work of a run
        foretells=False,
    )
    told = loop.events = _Told()
    restore(turn, job_file, Stored((), (), 1, {}))
    executor.report_to(loop.report)
    executor.submit([Limit(job_file.engine.max_running)])
    loop.first_tick(lambda turn: begin(turn, zone, campaign=False))
    while True:
        for _ in range(_REST):
            if not soon:
                break
            soon.popleft()()
        else:
            raise RuntimeError("the simulated engine does not come to rest")
        yield from told.take()
        coming = [at for at in (clock.alarm, executor.next_end) if at is not None and at < end]
        if not coming:
            return
        clock.advance(min(coming))
        executor.play()


_iso = lru_cache(maxsize=64)(iso)
"""Many things happen at one instant."""


class _Told(EventLog):
    """Collects what subscribers would hear."""

    def __init__(self) -> None:
        super().__init__(lambda _name, _value: None)
        self._happened: list[Happening] = []
        self._queued: dict[str, Instant] = {}

    def publish(self, tellings: Iterable[Telling]) -> None:
        """See `EventLog`."""
        for kind, values in tellings:
            at, job, run_id = values["at"], values.get("job"), values.get("run_id")
            if job is None or run_id is None:
                continue
            if kind is RunQueued:
                self._queued[run_id] = at
                data: dict[str, Json] = {
                    "run_id": run_id,
                    "kind": values["kind"],
                    "planned_at": _iso(values["planned_at"]),
                }
                self._happened.append(Happening(at, job, "queued", data))
            elif kind is RunStarted:
                waited = (at - self._queued.get(run_id, at)) / 1_000_000
                self._happened.append(Happening(at, job, "started", {"run_id": run_id, "waited_seconds": waited}))
            elif kind is RunEnded:
                self._queued.pop(run_id, None)
                outcome, started = values["outcome"], values.get("attempt_id") is not None
                event = "ended" if started else _UNSTARTED.get(outcome, "ended")
                data = {"run_id": run_id, "outcome": outcome, "reason": values["reason"]}
                if values["count"] != 1:
                    data["count"] = values["count"]
                self._happened.append(Happening(at, job, event, data))

    def take(self) -> list[Happening]:
        """What was told since the last time."""
        happened, self._happened = self._happened, []
        return happened
