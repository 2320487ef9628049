"""What a test holds of a served engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from jobqueue_tui.client.connection import UnixConnection
from jobqueue_tui.client.engine import EngineClient
from jobqueue_tui.server.wish import Shutdown
from tests.unit.server.fake_view import FakeView

T = TypeVar("T")
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass
class Answer:
    """A raw HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # Any: tests index into whatever shape the answer has
        return json.loads(self.body)


def ask(
    path: Path, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
) -> Answer:
    """One raw request to whatever listens there."""
    connection = UnixConnection(path, timeout=10)
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers.items()), response.read())
    finally:
        connection.close()


@dataclass
class Served:
    """A running server, the view behind it, and the wishes to shut down that reached it."""

    view: FakeView
    path: Path
    wishes: list[Shutdown] = field(default_factory=list)

    async def ask(
        self, method: str, target: str, body: bytes | None = None, *, headers: Mapping[str, str] = NO_HEADERS
    ) -> Answer:
        """One raw request."""
        return await asyncio.to_thread(ask, self.path, method, target, body, headers)

    async def client(self, do: Callable[[EngineClient], T]) -> T:
        """Use the synchronous client beside the server's loop."""
        return await asyncio.to_thread(do, EngineClient(self.path, timeout=10))
