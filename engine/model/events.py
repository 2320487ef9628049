"""What happens in an engine, as typed values: one frozen class per kind of event.

`seq` numbers what can be replayed, without gaps, and rises over restarts. Samples are worth nothing a second later:
they bear the number of the event before them and are never replayed. In JSON every event is `seq at type job run_id
attempt_id data`, where `data` has the fields that its class adds (50-cli-server, Stable JSON).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import ClassVar, Final, cast

from engine.clock import Instant
from engine.model.outcome import Outcome
from engine.model.record import Json, RunKind, iso
from engine.values import sealed


@sealed(frozen=True, slots=True, kw_only=True)
class Event:
    """What all have in common; `job`, `run_id`, `attempt_id` are None where an event is about none."""

    type: ClassVar[str] = "event"

    seq: int
    at: Instant
    job: str | None = None
    run_id: str | None = None
    attempt_id: str | None = None

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        data: dict[str, Json] = {}
        for field in fields(self)[_COMMON:]:
            value = getattr(self, field.name)
            is_time = field.name in _TIMES and value is not None
            data[field.name] = iso(value) if is_time else _plain(value)
        return {
            "seq": self.seq,
            "at": iso(self.at),
            "type": self.type,
            "job": self.job,
            "run_id": self.run_id,
            "attempt_id": self.attempt_id,
            "data": data,
        }


_COMMON: Final = 5
_TIMES: Final = frozenset({"planned_at", "until"})


def _plain(value: object) -> Json:
    return dict(value) if isinstance(value, Mapping) else cast("Json", value)


# -- runs: the type is the state that was reached ----------------------------------------------------------------


@sealed(frozen=True, slots=True, kw_only=True)
class RunQueued(Event):
    """An occurrence became a run."""

    type: ClassVar[str] = "queued"
    kind: RunKind
    planned_at: Instant


@sealed(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """An attempt has begun: its process exists, its function was called."""

    type: ClassVar[str] = "running"
    attempt: int
    pid: int | None


@sealed(frozen=True, slots=True, kw_only=True)
class RunPaused(Event):
    """It stands still; `until` = automatic resume."""

    type: ClassVar[str] = "paused"
    until: Instant | None


@sealed(frozen=True, slots=True, kw_only=True)
class RunResumed(Event):
    """It goes on after a pause."""

    type: ClassVar[str] = "resumed"


@sealed(frozen=True, slots=True, kw_only=True)
class RunStopping(Event):
    """It was told to end."""

    type: ClassVar[str] = "stopping"
    reason: str | None


@sealed(frozen=True, slots=True, kw_only=True)
class RunRetrying(Event):
    """An attempt failed and another one follows."""

    type: ClassVar[str] = "retrying"
    until: Instant | None
    outcome: Outcome | None
    reason: str | None


@sealed(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """It has its one fate. `count`: the occurrences that a `missed` record stands for."""

    type: ClassVar[str] = "ended"
    outcome: Outcome
    reason: str | None
    exit_code: int | None
    signal: int | None
    wall_seconds: float | None
    count: int


@sealed(frozen=True, slots=True, kw_only=True)
class RunSampled(Event):
    """What it uses now: percent of one core, resident bytes, of the whole tree."""

    type: ClassVar[str] = "sample"
    cpu_percent: float
    rss_bytes: int


@sealed(frozen=True, slots=True, kw_only=True)
class Alerted(Event):
    """Something that is worth telling a person came up; notifiers that want it get it."""

    type: ClassVar[str] = "alert"
    when: str
    text: str


@sealed(frozen=True, slots=True, kw_only=True)
class FactsAttached(Event):
    """A subscriber put facts on the run's record."""

    type: ClassVar[str] = "facts"
    facts: Mapping[str, Json]


# -- jobs --------------------------------------------------------------------------------------------------------


@sealed(frozen=True, slots=True, kw_only=True)
class JobAdded(Event):
    """A job joined the running engine."""

    type: ClassVar[str] = "job_added"


@sealed(frozen=True, slots=True, kw_only=True)
class JobRemoved(Event):
    """A job left; what runs of it ends."""

    type: ClassVar[str] = "job_removed"


@sealed(frozen=True, slots=True, kw_only=True)
class JobChanged(Event):
    """An operator changed it: the facts that differ, by name, as they are now."""

    type: ClassVar[str] = "job_changed"
    changes: Mapping[str, Json]


# -- the engine --------------------------------------------------------------------------------------------------


@sealed(frozen=True, slots=True, kw_only=True)
class EngineStarted(Event):
    """It has begun."""

    type: ClassVar[str] = "engine_started"
    jobs: int


@sealed(frozen=True, slots=True, kw_only=True)
class EngineStopping(Event):
    """Nothing new starts."""

    type: ClassVar[str] = "engine_stopping"


@sealed(frozen=True, slots=True, kw_only=True)
class StoreFailed(Event):
    """The state cannot be written: nothing starts until it can. Not durable, for want of a store."""

    type: ClassVar[str] = "store_failed"
    problem: str


@sealed(frozen=True, slots=True, kw_only=True)
class StoreRecovered(Event):
    """The state can be written again."""

    type: ClassVar[str] = "store_recovered"


@sealed(frozen=True, slots=True, kw_only=True)
class ClockStepped(Event):
    """Wall time moved against monotonic time, by so many microseconds: the clock was set, or the machine slept."""

    type: ClassVar[str] = "clock_stepped"
    by: int


@sealed(frozen=True, slots=True, kw_only=True)
class Resync(Event):
    """What came before is lost to this subscriber: look at everything anew, then go on from here."""

    type: ClassVar[str] = "resync"
