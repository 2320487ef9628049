"""Records survive the way through JSON, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import Changes
from engine.clock import Instant
from engine.model.outcome import Outcome
from engine.model.record import (
    AttemptRecord,
    Counters,
    EngineStatus,
    FileNews,
    JobRecord,
    Json,
    RunKind,
    RunRecord,
    Why,
)
from engine.model.states import JobStatus, RunPhase
from jobqueue_tui.wire import records
from jobqueue_tui.wire.handshake import API_VERSION, mismatch
from jobqueue_tui.wire.reader import WireError

INSTANTS: st.SearchStrategy[Instant] = st.integers(0, 4_000_000_000_000_000)
TEXT = st.text(max_size=30)
COUNT = st.integers(0, 1 << 60)
SECONDS = st.floats(0, 1e9)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


# `from_type` would draw any int for an Instant; those that no calendar has are no instants of the engine
st.register_type_strategy(Counters, st.builds(Counters, **dict.fromkeys(Counters.__dataclass_fields__, COUNT)))
ATTEMPTS = st.builds(
    AttemptRecord,
    attempt_id=TEXT,
    started_at=maybe(INSTANTS),
    ended_at=maybe(INSTANTS),
    outcome=maybe(st.sampled_from(Outcome)),
    reason=maybe(TEXT),
    cpu_seconds=maybe(SECONDS),
)
RUNS = st.builds(
    RunRecord,
    run_id=TEXT,
    kind=st.sampled_from(RunKind),
    planned_at=INSTANTS,
    first_planned_at=INSTANTS,
    queued_at=INSTANTS,
    started_at=maybe(INSTANTS),
    ended_at=maybe(INSTANTS),
    state=st.sampled_from(RunPhase),
    outcome=maybe(st.sampled_from(Outcome)),
    cpu_seconds=maybe(SECONDS),
    read_bytes=maybe(COUNT),
    written_bytes=maybe(COUNT),
    throttled_seconds=maybe(SECONDS),
    usage=st.dictionaries(st.sampled_from(("samples", "cpu_percent_max")), SECONDS),
    exceeded=st.dictionaries(st.sampled_from(("memory", "cpu")), SECONDS),
    wall_seconds=maybe(SECONDS),
    paused_seconds=SECONDS,
    cpu_percent=maybe(SECONDS),
    attempts=st.lists(ATTEMPTS, max_size=3).map(tuple),
    left_behind=st.lists(st.tuples(COUNT, TEXT), max_size=2).map(tuple),
)
JOBS = st.builds(
    JobRecord,
    status=st.sampled_from(JobStatus),
    effective_priority=SECONDS,
    next_run=maybe(INSTANTS),
    last_run=maybe(INSTANTS),
    last_outcome=maybe(st.sampled_from(Outcome)),
    counters=st.from_type(Counters),
    active=st.lists(RUNS, max_size=2).map(tuple),
    tags=st.lists(TEXT, max_size=3).map(tuple),
    needs=st.lists(TEXT, max_size=3).map(tuple),
)


def sent(value: Json) -> Json:
    arrived: Json = json.loads(json.dumps(value))
    return arrived


@given(RUNS)
def test_a_run_arrives_as_it_was_sent(run: RunRecord) -> None:
    assert records.run_from_json(sent(run.to_json())) == run


@given(JOBS)
def test_a_job_arrives_as_it_was_sent(job: JobRecord) -> None:
    assert records.job_from_json(sent(job.to_json())) == job


@given(st.builds(Why, details=st.lists(TEXT).map(tuple), holds=st.lists(TEXT).map(tuple), bump_helps=st.booleans()))
def test_a_reason_arrives_as_it_was_sent(why: Why) -> None:
    assert records.why_from_json(sent(why.to_json())) == why


@given(
    st.builds(
        EngineStatus,
        uptime_seconds=SECONDS,
        executors=st.lists(TEXT).map(tuple),
        warnings=st.lists(TEXT).map(tuple),
        holds=st.lists(TEXT).map(tuple),
        trouble=st.none() | TEXT,
        job_file_followed=st.booleans(),
        job_file_news=st.none() | st.builds(FileNews, at=INSTANTS),
    )
)
def test_a_status_arrives_as_it_was_sent(status: EngineStatus) -> None:
    assert records.status_from_json(sent(status.to_json())) == status


@given(st.builds(Changes, jobs=st.frozensets(TEXT), resync=st.booleans()))
def test_changes_arrive_as_they_were_sent(changes: Changes) -> None:
    assert records.changes_from_json(sent(records.changes_to_json(changes))) == changes


@given(RUNS, st.data())
def test_a_missing_or_mistaken_field_is_named(run: RunRecord, data: st.DataObject) -> None:
    value = run.to_json()
    key = data.draw(
        st.sampled_from(["run_id", "planned_at", "state", "attempts", "count", "count_exact", "paused_seconds"])
    )
    with pytest.raises(WireError, match=key):
        records.run_from_json({name: field for name, field in value.items() if name != key})
    with pytest.raises(WireError, match=key):
        records.run_from_json(value | {key: {}})


def test_keys_of_a_newer_minor_are_ignored() -> None:
    why = Why(id="a", status=JobStatus.WAITING, reason="r")
    assert records.why_from_json(why.to_json() | {"mood": "calm"}) == replace(why)


@pytest.mark.parametrize(
    ("other", "talks"), [(None, True), (API_VERSION, True), ("1.99", True), ("2.0", False), ("", False)]
)
def test_versions_of_one_major_talk_to_each_other(other: str | None, talks: bool) -> None:
    assert (mismatch(other) is None) is talks
