"""The server's life: an aiohttp application on a listening Unix socket, guarded by the kernel's word on who calls."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from engine.api import EngineView
from engine.model.actor import acting_as
from jobqueue_tui.server.faults import Failed, Handler, in_words
from jobqueue_tui.server.routes import Routes
from jobqueue_tui.server.wish import OnShutdown
from jobqueue_tui.wire.door import peer_uid
from jobqueue_tui.wire.fault import Fault
from jobqueue_tui.wire.handshake import API_HEADER, API_VERSION, mismatch

LARGEST_BODY: Final = 1 << 20
IDLE_SECONDS: Final = 30.0
"""A connection that has sent no complete request for this long is closed; so is one that dribbles its headers."""

LINGER_SECONDS: Final = 1.0
"""At the end, answers under way have this long to leave."""


@asynccontextmanager
async def serving(
    view: EngineView,
    sock: socket.socket,
    path: Path,
    *,
    version: str,
    on_shutdown: OnShutdown,
    read_only: bool = False,
) -> AsyncIterator[None]:
    """Serve `view` inside the `async with`, on a Unix socket that listens at `path` (`listening`). Who has called before is
    answered now."""
    routes = Routes(view, str(path), read_only=read_only, on_shutdown=on_shutdown)
    app = web.Application(middlewares=[in_words, _known_caller, _same_interface], client_max_size=LARGEST_BODY)
    app.add_routes(routes.table())
    server = f"jobqueue-tui/{version}"

    async def sign(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = server
        response.headers[API_HEADER] = API_VERSION
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"

    app.on_response_prepare.append(sign)
    app.on_shutdown.append(routes.end_streams)
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        keepalive_timeout=IDLE_SECONDS,
        lingering_time=LINGER_SECONDS,
        shutdown_timeout=LINGER_SECONDS,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, sock).start()
        yield
    finally:
        await runner.cleanup()


@web.middleware
async def _known_caller(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only this user and root; the folder keeps others out already, and this does if somebody opens it."""
    transport = request.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None:
        raise ConnectionResetError("the caller is gone")
    uid = peer_uid(sock)
    if uid not in (os.geteuid(), 0):
        raise Failed(403, Fault("permission", f"user {uid} may not use this engine", "ask its owner"))
    with acting_as(f"uid {uid}"):
        return await handler(request)


@web.middleware
async def _same_interface(request: web.Request, handler: Handler) -> web.StreamResponse:
    difference = mismatch(request.headers.get(API_HEADER))
    if difference is not None:
        raise Failed(400, Fault("version", difference, "use the program of the engine's version"))
    return await handler(request)
