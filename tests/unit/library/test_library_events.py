"""Events: what is told, in which order, to whom, and again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from engine import Engine, JobContext, JobSpec, Retry
from engine.core.verbs.priority import set_priority
from engine.core.verbs.trigger import trigger
from engine.model import events
from engine.model.events import Event, Resync, RunEnded, RunSampled, RunStarted
from engine.ports.executor import Launch, Sampled
from engine.runtime.events import KEPT, WAITING, EventLog, Subscription
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, EverySchedule, Manual
from engine.spec.job import JobSpec as Spec
from engine.spec.job import Retry as PlainRetry
from engine.testing import Bench, MemoryStore
from engine.testing.executor import Act


def spec(job_id: str, **fields: object) -> Spec:
    return Spec(id=job_id, command=Argv(("true",)), **fields)  # type: ignore[arg-type] # fields of many types


def bench(*jobs: Spec, store: MemoryStore | None = None, acts: dict[str, Act] | None = None) -> Bench:
    script = acts or {}

    def play(launch: Launch) -> Act:
        return script.get(launch.attempt, script.get(launch.attempt.partition(":")[0], Act(1.0)))

    return Bench(JobFile(engine=EngineSpec(max_running=2), jobs=jobs), script=play, store=store)


def listen(b: Bench, after: int | None = 0) -> Subscription:
    return b.loop.events.subscribe(after, b.now)


def heard(subscription: Subscription) -> list[Event]:
    return subscription.take()


def told(found: list[Event], job: str | None = None) -> list[str]:
    return [event.type for event in found if job is None or event.job == job]


def test_a_run_is_told_from_its_beginning_to_its_end() -> None:
    """Row 74: every state that a run reaches is one typed event, with the facts of that state."""
    b = bench(spec("a", retry=PlainRetry(limit=1, delay=5.0)), acts={"a:1.1": Act(1.0, 3), "a:1.2": Act(1.0)})
    listener = listen(b)
    b.run_for(20)
    found = [event for event in heard(listener) if event.job == "a"]
    assert told(found) == ["queued", "running", "retrying", "running", "ended"]
    assert [event.attempt_id for event in found] == [None, "a:1.1", "a:1.1", "a:1.2", "a:1.2"]
    last = found[-1]
    assert isinstance(last, RunEnded)
    assert (last.outcome, last.reason, last.wall_seconds) == ("success", "exit(0)", 7.0)


def test_a_run_that_comes_and_goes_within_one_tick_is_told_whole() -> None:
    """Nothing is left out of what was too short to be seen."""
    b = bench(spec("a"), acts={"a": Act(0.0)})
    listener = listen(b)
    b.run_for(1)
    assert told(heard(listener), "a") == ["queued", "running", "ended"]


def test_numbers_have_no_gaps_and_rise_over_restarts() -> None:
    """Each event is one more than the last; after a restart they are higher than any before."""
    b = bench(spec("a", schedule=EverySchedule(10.0)))
    listener = listen(b)
    b.run_for(100)
    numbers = [event.seq for event in heard(listener)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    b.crash()
    again = listen(b, numbers[-1])
    b.run_for(100)
    later = heard(again)
    assert isinstance(later[0], Resync), "what the last engine told is not kept"
    assert later[1].seq > numbers[-1]
    assert "queued" in told(later[1:])


def test_nothing_is_told_before_it_is_durable() -> None:
    """While the store fails no fate is published; when it comes back, all of them are, in order."""
    store = MemoryStore()
    b = bench(spec("a"), store=store)
    listener = listen(b)
    b.run_for(0.5)
    heard(listener)
    store.failing = OSError("disk full")
    b.run_for(5)
    assert told(heard(listener)) == ["store_failed"]
    store.failing = None
    b.run_for(5)
    assert told(heard(listener)) == ["store_recovered", "ended"]


def test_what_an_operator_changes_is_told_by_name() -> None:
    """A changed job says which facts differ and what they are now."""
    b = bench(spec("a", manual=Manual.ONLY))
    listener = listen(b)
    b.do(lambda turn: set_priority(turn, b.job("a"), 7))
    (changed,) = [event for event in heard(listener) if event.type == "job_changed"]
    assert changed.to_json()["data"] == {"changes": {"priority": 7}}


def test_a_clock_that_is_set_is_told() -> None:
    """A step of the clock is an event, forward and back."""
    b = bench(spec("a", schedule=EverySchedule(3600.0)))
    listener = listen(b)
    for by in (7_200_000_000, -3_600_000_000):
        b.clock.step(by)
        b.settle()
    assert [event.to_json()["data"] for event in heard(listener) if event.type == "clock_stepped"] == [
        {"by": 7_200_000_000},
        {"by": -3_600_000_000},
    ]


def test_samples_are_for_those_who_listen() -> None:
    """A sample has no number of its own and is not replayed."""
    b = bench(spec("a"), acts={"a": Act(None)})
    b.run_for(1)
    listener = listen(b, None)
    b.loop.report([Sampled("a:1.1", b.now, 12.5, 4096, 1, 4096)])
    b.settle()
    (sample,) = heard(listener)
    assert isinstance(sample, RunSampled)
    assert (sample.cpu_percent, sample.rss_bytes, sample.seq) == (12.5, 4096, b.loop.events.last)
    assert "sample" not in told(heard(listen(b)))


def fill(log: EventLog, count: int) -> None:
    log.publish((events.RunPaused, {"at": 0, "until": None}) for _ in range(count))


def test_a_slow_reader_loses_samples_first_and_then_begins_anew() -> None:
    """Its queue is bounded: samples stop, then one Resync takes the place of all that waited."""
    log = EventLog(lambda name, value: None)
    slow, quick = log.subscribe(None, 0), log.subscribe(None, 0)
    for _ in range(WAITING // 2):
        log.sample({"at": 0, "cpu_percent": 1.0, "rss_bytes": 1})
    log.sample({"at": 0, "cpu_percent": 1.0, "rss_bytes": 1})
    assert len(slow._queue) == WAITING // 2
    quick._queue.clear()
    fill(log, WAITING - 1)
    assert told(list(slow._queue)) == ["paused"] * (WAITING - 1), "samples made room"
    fill(log, 3)
    assert [(event.type, event.seq) for event in slow._queue] == [("resync", WAITING + 1), ("paused", WAITING + 2)]
    assert told(list(quick._queue))[-1] != "resync" or len(quick._queue) <= WAITING


def test_the_last_ten_thousand_can_be_replayed() -> None:
    """`subscribe(after=N)` goes on after N without a gap, or says that it cannot."""
    log = EventLog(lambda name, value: None)
    fill(log, KEPT + 10)
    assert [event.seq for event in log.subscribe(KEPT + 7, 0).take()] == [KEPT + 8, KEPT + 9, KEPT + 10]
    assert len(log.subscribe(10, 0).take()) == KEPT
    for gone in (1, 9, KEPT + 11):
        (only,) = log.subscribe(gone, 0).take()
        assert isinstance(only, Resync)
        assert only.seq == KEPT + 10
    assert log.subscribe(KEPT + 10, 0).take() == []


def test_the_newest_few_can_be_replayed() -> None:
    """`subscribe(after=-N)`: as many as there are, and then what happens; nothing is missing, so there is no Resync."""
    log = EventLog(lambda name, value: None)
    assert log.subscribe(-5, 0).take() == []
    fill(log, 3)
    assert [event.seq for event in log.subscribe(-5, 0).take()] == [1, 2, 3]
    newest = log.subscribe(-2, 0)
    fill(log, 1)
    assert [event.seq for event in newest.take()] == [2, 3, 4]


async def test_a_reader_takes_in_bites_and_finds_the_rest_waiting() -> None:
    """What is replayed comes first, whether it is taken or iterated, and is left to be read when the feed is closed."""
    log = EventLog(lambda name, value: None)
    fill(log, 6)
    reader = log.subscribe(2, 0)
    fill(log, 2)
    assert [event.seq for event in reader.take(2)] == [3, 4]
    assert (await anext(reader)).seq == 5
    reader.close()
    assert [event.seq for event in reader.take(2)] == [6, 7]
    assert [event.seq async for event in reader] == [8]
    assert reader.take(2) == []


def test_one_that_falls_behind_while_it_replays_begins_anew() -> None:
    """The Resync stands for what was to be replayed as well."""
    log = EventLog(lambda name, value: None)
    fill(log, 10)
    reader = log.subscribe(0, 0)
    fill(log, WAITING + 1)
    (only,) = reader.take()
    assert isinstance(only, Resync)
    assert only.seq == WAITING + 11


def test_every_event_is_json_with_the_same_keys() -> None:
    """`seq at type job run_id attempt_id data`, whatever happened; each type has a word of its own."""
    b = bench(spec("a", retry=PlainRetry(limit=1)), spec("b", manual=Manual.ONLY), acts={"a": Act(1.0, 1)})
    b.run_for(5)
    b.do(lambda turn: trigger(turn, "b", bypass=False))
    b.run_for(5)
    for event in heard(listen(b)):
        row = json.loads(json.dumps(event.to_json()))
        assert list(row) == ["seq", "at", "type", "job", "run_id", "attempt_id", "data"]
        assert row["at"].endswith("+00:00")
    words = {kind.__name__: kind.type for kind in Event.__subclasses__()}
    assert len(set(words.values())) == len(words)


async def test_a_program_subscribes() -> None:
    """Row 74: `subscribe` is an async iterator that ends with the engine."""
    seen: list[Event] = []

    async def work(ctx: JobContext) -> None:
        if ctx.attempt == 1:
            raise ValueError("no")

    async def listen_to(subscription: Subscription) -> None:
        async with subscription:
            seen.extend([event async for event in subscription])

    engine = Engine([JobSpec(id="a", call=work, retry=Retry(limit=1), manual="only")])
    async with engine:
        listener = asyncio.create_task(listen_to(engine.subscribe()))
        await (await engine.job("a").trigger()).ended()
        engine.add(JobSpec(id="b", call=work, manual="only"))
        await engine.remove("b")
    await listener
    assert [event.type for event in seen if event.job == "a"] == ["queued", "running", "retrying", "running", "ended"]
    assert [event.type for event in seen if event.job == "b"] == ["job_added", "job_removed"]
    assert seen[-1].type == "engine_stopping"


@pytest.mark.parametrize("kept", [True, False])
async def test_a_subscriber_attaches_facts_to_a_record(kept: bool, tmp_path: Path) -> None:
    """Row 74: facts that a subscriber attaches stand on the run's record, whether it is under way or over."""
    go_on = asyncio.Event()

    async def work(ctx: JobContext) -> None:
        await go_on.wait()

    async with Engine([JobSpec(id="a", call=work)], state_dir=tmp_path if kept else None) as engine:
        async for event in engine.subscribe(after=0):
            if isinstance(event, RunStarted):
                await engine.attach("a:1", {"ticket": 7, "by": ["x"]})
                go_on.set()
            if isinstance(event, RunEnded):
                await engine.attach("a:1", {"reviewed": True})
                break
        (record,) = await engine.runs(job="a")
        assert record.facts == {"ticket": 7, "by": ["x"], "reviewed": True}
        assert record.to_json()["facts"] == record.facts
        with pytest.raises(KeyError):
            await engine.attach("a:2", {})
        with pytest.raises(TypeError):
            await engine.attach("a:1", {"x": object()})
        with pytest.raises(ValueError, match="65536"):
            await engine.attach("a:1", {"x": "y" * 70_000})
