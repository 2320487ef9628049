"""What an operator did: one record per verb, done or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from engine.clock import Instant
from engine.model.record import Json, iso
from engine.spec.matrix import job_of
from engine.values import sealed


class Done(StrEnum):
    """What became of a verb. `done`: the change is in force, and orders about processes are given."""

    DONE = "done"
    REFUSED = "refused"


@sealed(frozen=True, slots=True, kw_only=True)
class Deed:
    """A verb as it is given: who, what, on what, and what of it was on screen (`run_id`, `state`)."""

    who: str
    verb: str
    target: str
    """A job id, a run id, `tag:T`; empty: the engine."""
    arguments: Mapping[str, Json]
    run_id: str | None = None
    state: str | None = None
    reason: str = ""
    runs: list[str] = field(default_factory=list)
    """The runs that were meant; once it is done, those that it was done to."""


def aimed_at(target: str, run_id: str | None) -> str:
    """The job that a verb is aimed at, itself or one of its runs; empty: a tag, the engine.

    `tag:5` is the tag, unless `run_id` says that it is a run of a job with that name.
    """
    return "" if run_id is None and target.startswith("tag:") else job_of(target)


@sealed(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """A verb on record; `code` says why it was refused. `no` rises."""

    no: int
    at: Instant
    who: str
    verb: str
    target: str
    arguments: Mapping[str, Json]
    run_id: str | None
    state: str | None
    reason: str
    outcome: Done
    code: str | None

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {
            "no": self.no,
            "at": iso(self.at),
            "who": self.who,
            "verb": self.verb,
            "target": self.target,
            "arguments": dict(self.arguments),
            "run_id": self.run_id,
            "state": self.state,
            "reason": self.reason,
            "outcome": self.outcome,
            "code": self.code,
        }
