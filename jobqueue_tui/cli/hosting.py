"""An engine, started, with its control server beside it: what the console and the headless engine have in common."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Final

from engine.errors import typed
from engine.facade import Engine
from engine.spec.config import JobFile, OnFileChange
from jobqueue_tui.cli.files import state_folder
from jobqueue_tui.cli.life import Life
from jobqueue_tui.cli.open_file import Choices
from jobqueue_tui.entry import VERSION
from jobqueue_tui.places import socket_paths

_LOG: Final = logging.getLogger(__name__)


def settle_heap() -> None:
    """What was loaded lives as long as the engine: no later collection needs to walk it (70-quality, W11). To be called
    before the engine starts, when nothing waits yet; what the start makes is left out of collections by `gc.freeze` alone.

    Runs come and go without cycles, so that looking for those less often frees as much, for a tenth of a short run's cost.
    The youngest generation stays small, though: to walk twenty thousand objects at once held the loop up for 17 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 100, 50)


def wake_collector() -> None:
    """All is loaded that a program begins with: garbage is collected again (`entry`), and nothing of this is ever walked."""
    gc.freeze()
    gc.enable()


@asynccontextmanager
async def hosted(
    job_file: JobFile, choices: Choices, *, shown: asyncio.Event | None = None
) -> AsyncIterator[tuple[Engine, Life]]:
    """The engine of this file and its life. Whoever uses it ends it; what ends otherwise leaves runs to the next engine.

    The control socket listens from the beginning; who calls is answered when the server's library is there, which takes as
    long as the first jobs need to start. `shown`: set when the caller has shown what comes first, which then calls
    `wake_collector`; None: it shows nothing.
    StateLocked, SocketTaken, UnsafeSocket, OSError.
    """
    state = state_folder(job_file, choices.state_dir)
    engine = Engine.from_file(job_file, state_dir=state, version=VERSION, given=choices.given)
    settle_heap()
    await engine.start(campaign=choices.until_idle)
    if shown is None:
        wake_collector()
    following = asyncio.create_task(_follow(engine, job_file.engine.reload, shown))
    try:
        life = Life(engine, job_file.engine.on_term, campaign=choices.until_idle)
        if not choices.listen:
            yield engine, life
            return
        from jobqueue_tui.server.listen import listening, usable

        path = usable(socket_paths(state, os.environ))
        with listening(path) as sock:
            engine.socket = str(path)
            server = asyncio.create_task(_serve(engine, life, sock, path, shown, read_only=choices.read_only))
            server.add_done_callback(_say_why)
            try:
                yield engine, life
            finally:
                server.cancel()
                await asyncio.gather(server, return_exceptions=True)
    finally:
        following.cancel()
        await engine.close()


async def _follow(engine: Engine, how: OnFileChange | None, shown: asyncio.Event | None) -> None:
    """Follow the job file, if it says so, or says nothing and a console shows what becomes of that; not before it is shown."""
    if shown is not None:
        await shown.wait()
    if how is OnFileChange.WATCH or (how is None and shown is not None):
        engine.follow_file()


async def _serve(
    engine: Engine, life: Life, sock: socket.socket, path: Path, shown: asyncio.Event | None, *, read_only: bool
) -> None:
    """Answer who calls, until cancelled."""
    if shown is not None:
        await shown.wait()
    # in a thread: on the loop it would hold everything up for a tenth of a second
    app = await asyncio.to_thread(import_module, "jobqueue_tui.server.app")
    async with app.serving(engine, sock, path, version=VERSION, on_shutdown=life.shutdown, read_only=read_only):
        await asyncio.Event().wait()


def _say_why(server: asyncio.Task[None]) -> None:
    fault = None if server.cancelled() else server.exception()
    if fault is not None:
        _LOG.error("the control socket is not served: %s", fault, exc_info=fault)


def begin_warnings(engine: Engine) -> list[str]:
    """What somebody should know about an engine that has begun."""
    status = engine.status()
    lost = (
        f"the state was damaged or lost ({status.damaged_state}): one-shots and jobs with max_runs are held, since nobody "
        f"knows whether they ran; {typed('resume', 'ID')} lets them go"
    )
    return [*([lost] if status.damaged_state is not None else []), *status.warnings]


def begin_text(engine: Engine, file: Path) -> str:
    """One line about an engine that has begun."""
    status = engine.status()
    socket = f", socket {status.socket}" if status.socket else ", no control socket"
    jobs = "1 job" if status.jobs == 1 else f"{status.jobs} jobs"
    return f"{file}: {jobs}, {status.max_running} at once, state {status.state_dir}{socket}"
