"""One line per change of state: told once, in order, also for what came and went between two looks."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace

from engine.api import Changes
from engine.clock import SECOND
from engine.model.outcome import Outcome
from engine.model.record import Counters, RunRecord
from engine.model.states import RunPhase
from jobqueue_tui.cli.narrate import Line, Narrator
from tests.unit.server.fake_view import NOW, FakeJob, FakeRun, FakeView, run_record


class Always:
    """A feed that says that everything may have changed."""

    def take(self) -> Changes:
        return Changes(frozenset(), True)

    def close(self) -> None:
        pass


@dataclass
class View(FakeView):
    """An engine that is looked at again and again."""

    def changes(self) -> Always:  # type: ignore[override]  # the other fake's feed is a class of its own
        return Always()


def told(narrator: Narrator) -> list[str]:
    """The lines of one look, without their times."""
    return [line.text().partition(" ")[2] for line in asyncio.run(narrator.lines())]


def record(run_id: str, outcome: Outcome, reason: str, at: int = NOW + SECOND, **changes: object) -> RunRecord:
    return replace(run_record(run_id), outcome=outcome, reason=reason, ended_at=at, **changes)  # type: ignore[arg-type]  # any field


def test_a_run_that_is_watched_has_a_line_for_each_state() -> None:
    job = FakeJob("etl", queued=[FakeRun("etl:1", RunPhase.QUEUED, pid=None)])
    narrator = Narrator(View(jobs=[job]))
    assert told(narrator) == ["etl:1 queued"]
    assert told(narrator) == []
    job.queued, job.active = [], [FakeRun("etl:1")]
    assert told(narrator) == ["etl:1 running pid 4711"]
    job.active[0].phase = RunPhase.PAUSED
    assert told(narrator) == ["etl:1 paused pid 4711"]
    job.active, job.counters = [], Counters(starts=1, failed=1)
    job.last_run_id, job.last_outcome, job.last_reason = "etl:1", Outcome.FAILED, "exit(3)"
    job.last_started_at, job.last_ended_at, job.last_seconds = NOW, NOW + SECOND, 0.5
    assert told(narrator) == ["etl:1 failed exit(3) 0.50s"]
    assert told(narrator) == []


def test_runs_that_came_and_went_between_two_looks_are_told_from_the_record() -> None:
    job = FakeJob("etl")
    view = View(jobs=[job])
    narrator = Narrator(view)
    assert told(narrator) == []
    job.counters = Counters(starts=2, success=1, failed=1)
    job.last_run_id, job.last_outcome = "etl:2", Outcome.FAILED
    view.past = [
        record("etl:2", Outcome.FAILED, "exit(3)", NOW + 3),
        record("etl:1", Outcome.SUCCESS, "exit(0)", NOW + 2),
    ]
    assert sorted(told(narrator)) == [
        "etl:1 running",
        "etl:1 success 1.00s",
        "etl:2 failed exit(3) 1.00s",
        "etl:2 running",
    ]
    assert told(narrator) == []


def test_an_end_that_is_not_on_record_yet_is_told_when_it_is_and_once() -> None:
    job = FakeJob("etl")
    view = View(jobs=[job])
    narrator = Narrator(view)
    told(narrator)
    job.counters = Counters(starts=2, success=2)
    view.past = [record("etl:1", Outcome.SUCCESS, "exit(0)")]
    assert told(narrator) == ["etl:1 running", "etl:1 success 1.00s"]
    assert told(narrator) == []
    view.past.insert(0, record("etl:2", Outcome.SUCCESS, "exit(0)"))
    assert told(narrator) == ["etl:2 running", "etl:2 success 1.00s"]
    assert told(narrator) == []


def test_skipped_and_missed_are_told_and_one_record_may_stand_for_many_occurrences() -> None:
    job = FakeJob("etl")
    view = View(jobs=[job])
    narrator = Narrator(view)
    told(narrator)
    job.counters = Counters(skipped=1, missed=250)
    view.past = [
        record("etl:2", Outcome.SKIPPED, "overlap", started_at=None, wall_seconds=None),
        record("etl:1", Outcome.MISSED, "engine_down", count=250, started_at=None, wall_seconds=None),
    ]
    assert sorted(told(narrator)) == ["etl:1 missed engine_down", "etl:2 skipped overlap"]
    assert told(narrator) == []


def test_what_ended_before_the_engine_began_is_history_and_not_told() -> None:
    job = FakeJob("etl", counters=Counters(starts=1, failed=1))
    view = View(jobs=[job], past=[record("etl:1", Outcome.FAILED, "exit(3)", NOW - 5, queued_at=NOW - 9)])
    narrator = Narrator(view)
    told(narrator)
    job.counters = Counters(starts=2, failed=1, skipped=1)
    view.past.insert(0, record("etl:2", Outcome.SKIPPED, "overlap", started_at=None, wall_seconds=None))
    assert told(narrator) == ["etl:2 skipped overlap"]


def test_a_fate_that_never_comes_on_record_is_given_up() -> None:
    """The store may be failing; the next end must be told all the same."""
    job = FakeJob("etl")
    view = View(jobs=[job])
    narrator = Narrator(view)
    told(narrator)
    job.counters = Counters(skipped=1)
    for _ in range(60):
        assert told(narrator) == []
    job.counters = Counters(skipped=2)
    view.past = [record("etl:2", Outcome.SKIPPED, "overlap", started_at=None, wall_seconds=None)]
    assert told(narrator) == ["etl:2 skipped overlap"]


def test_a_line_of_json_has_the_keys_of_an_event() -> None:
    line = Line(NOW, "etl", "etl:1", RunPhase.ENDED, outcome=Outcome.FAILED, reason="exit(3)", seconds=0.5)
    assert json.loads(json.dumps(line.to_json())) == {
        "at": "2026-09-21T14:13:20+00:00",
        "type": "ended",
        "job": "etl",
        "run_id": "etl:1",
        "data": {"state": "ended", "outcome": "failed", "reason": "exit(3)", "wall_seconds": 0.5},
    }
