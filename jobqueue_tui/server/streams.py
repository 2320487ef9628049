"""Server-sent events: what happens in the engine, to as many readers as there are, each at its own pace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from typing import Final

from aiohttp import web

from engine.api import EventFeed
from engine.model.events import Event, RunSampled
from jobqueue_tui.server.faults import bad_input
from jobqueue_tui.server.queries import whole

STILL_HERE: Final = 15.0
"""Seconds of silence after which a comment is sent: a reader that is gone is found out by it."""

_BITE: Final = 100
"""Events encoded at a stretch: a reader that begins with all that is kept would hold the loop up for 0.2 s."""


class Streams:
    """The streams that are open."""

    def __init__(self) -> None:
        self._feeds: set[EventFeed] = set()

    async def send(self, request: web.Request, feed: EventFeed) -> web.StreamResponse:
        """Send what `feed` gives until it or the reader ends. A slow reader fills its own queue, nobody else's."""
        self._feeds.add(feed)
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        try:
            await response.prepare(request)
            while True:
                try:
                    async with asyncio.timeout(STILL_HERE):
                        first = await anext(feed)
                except TimeoutError:
                    await response.write(b": still here\n\n")
                except StopAsyncIteration:
                    break
                else:
                    await response.write(_encoded([first, *feed.take(_BITE)]))
                    await asyncio.sleep(0)  # a write to a fast reader does not yield by itself
            await response.write_eof()
        except ConnectionResetError:
            pass  # the reader has gone, as readers do
        finally:
            feed.close()
            self._feeds.discard(feed)
        return response

    def close(self) -> None:
        """End all of them."""
        for feed in self._feeds:
            feed.close()


def one_by_one(feed: EventFeed) -> Iterator[Event]:
    """What waits: each is made when it is asked for."""
    while some := feed.take(1):
        yield from some


def event_number(request: web.Request) -> int | None:
    """Where a reader goes on: the header of a reconnecting one, else `?after=`; `Failed` 422 for what is no number."""
    text = request.headers.get("Last-Event-ID")
    if text is None:
        return None if "after" not in request.query else whole(request, "after", 0, least=0)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise bad_input(f"Last-Event-ID: {text[:40]!r} is not the number of an event")
    return int(text)


def _encoded(events: Iterable[Event]) -> bytes:
    """Samples bear no id: a reader that comes back goes on after the last event that can be replayed."""
    parts: list[str] = []
    for event in events:
        if not isinstance(event, RunSampled):
            parts.append(f"id: {event.seq}\n")
        parts.append(f"event: {event.type}\ndata: {json.dumps(event.to_json(), separators=(',', ':'))}\n\n")
    return "".join(parts).encode()
