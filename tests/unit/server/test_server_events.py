"""Events over the control socket: server-sent, resumed by number, and `ctl events`."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine.model.events import RunPaused, RunSampled
from jobqueue_tui.client.engine import Object
from tests.unit.server.fake_view import NOW, FakeView
from tests.unit.server.served import Served
from tests.unit.server.test_ctl_commands import ctl


def pause(view: FakeView, *jobs: str) -> None:
    view.events.publish((RunPaused, {"at": NOW, "job": job, "run_id": f"{job}:1", "until": None}) for job in jobs)


async def test_events_that_are_kept_are_a_list(served: Served) -> None:
    """`?follow=0` gives what is kept, after the event of a number."""
    pause(served.view, "a", "b", "c")
    every = (await served.ask("GET", "/v1/events?follow=0")).json
    assert [(event["seq"], event["type"], event["job"]) for event in every] == [
        (1, "paused", "a"),
        (2, "paused", "b"),
        (3, "paused", "c"),
    ]
    assert (await served.ask("GET", "/v1/events?follow=0&after=2")).json == every[2:]
    assert (await served.ask("GET", "/v1/events?follow=0&after=99")).json[0]["type"] == "resync"


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", "9" * 30])
async def test_a_number_that_is_none_is_refused(served: Served, wrong: str) -> None:
    """A reader that comes back with nonsense is told so."""
    headers = {"Last-Event-ID": wrong}
    assert (await served.ask("GET", "/v1/events", headers=headers)).status == 422
    assert (await served.ask("GET", f"/v1/events?after={wrong}")).status == 422


async def test_a_stream_goes_on_where_the_reader_was(served: Served) -> None:
    """A stream has each event once, with its number as id; samples have no id. It ends with the server."""
    pause(served.view, "a", "b")
    reader, writer = await asyncio.open_unix_connection(served.path)
    writer.write(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"Content-Type: text/event-stream" in head
    first = await reader.readuntil(b"\n\n")
    assert b"id: 2\nevent: paused\ndata: {" in first
    served.view.events.sample({"at": NOW, "job": "a", "cpu_percent": 1.0, "rss_bytes": 2})
    sample = await reader.readuntil(b"\n\n")
    assert b"event: sample" in sample
    assert b"id:" not in sample
    pause(served.view, "c")
    assert b"id: 3\n" in await reader.readuntil(b"\n\n")
    writer.close()


async def test_a_reader_that_leaves_is_no_fault(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """A stream whose reader has gone ends without a word."""
    _, writer = await asyncio.open_unix_connection(served.path)
    writer.write(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    readers = served.view.events._subscribers
    async with asyncio.timeout(10):
        while not readers:
            await asyncio.sleep(0.002)
        writer.close()
        while readers:
            pause(served.view, "a")
            await asyncio.sleep(0.002)
    assert caplog.text == ""


async def test_many_idle_readers_and_a_slow_one_harm_nobody(served: Served) -> None:
    """A reader that never reads holds up neither the engine nor other readers, and its queue is bounded."""
    asleep = [await asyncio.open_unix_connection(served.path) for _ in range(200)]
    for _, writer in asleep:
        writer.write(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for reader, _ in asleep:
        await reader.readuntil(b"\r\n\r\n")
    subscribers = served.view.events._subscribers
    assert len(subscribers) == 200
    for _ in range(40):
        pause(served.view, *(["busy"] * 100))
        await asyncio.sleep(0)
    assert max(len(subscriber._queue) for subscriber in subscribers) <= 1000
    assert (await served.ask("GET", "/healthz")).json == {"ok": True}
    for _, writer in asleep:
        writer.close()


async def test_the_client_follows(served: Served) -> None:
    """The client yields each event as the object that was sent."""
    pause(served.view, "a")

    def first_two(found: list[Object]) -> None:
        from jobqueue_tui.client.engine import EngineClient

        for event in EngineClient(served.path, timeout=10).follow(after=0):
            found.append(event)
            if len(found) == 2:
                return

    found: list[Object] = []
    following = asyncio.create_task(asyncio.to_thread(first_two, found))
    async with asyncio.timeout(10):
        while not found:
            await asyncio.sleep(0.005)
    pause(served.view, "b")
    await following
    assert [event["job"] for event in found] == ["a", "b"]


async def test_ctl_prints_json_lines(served: Served) -> None:
    """`ctl events` prints what is kept, a JSON object a line, with the same keys."""
    pause(served.view, "a", "b")
    ran = await ctl(served, "events", "--after", "1")
    assert (ran.code, ran.err) == (0, "")
    (event,) = [json.loads(line) for line in ran.out.splitlines()]
    assert list(event) == ["seq", "at", "type", "job", "run_id", "attempt_id", "data"]
    assert event["job"] == "b"


def test_samples_are_events_like_any_other() -> None:
    """A sample has the keys of every event."""
    sample = RunSampled(seq=1, at=NOW, cpu_percent=1.0, rss_bytes=2).to_json()
    assert sample["data"] == {"cpu_percent": 1.0, "rss_bytes": 2}
