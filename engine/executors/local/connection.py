"""The engine's end of the keeper's socket, and how a keeper comes to be."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.executors.guarding import Guard
from engine.executors.local import keeper
from engine.executors.local.keeper.link import PROTOCOL, Link
from engine.executors.local.wire import GOODBYE, HELLO, Adopted, Message, TurnedAway, Welcome, WireError, decode
from engine.ports.executor import Report

SOCKET: Final = "keeper.sock"
LOG: Final = "keeper.log"
_PATIENCE: Final = 10.0
"""Seconds for a keeper to start or to answer; it takes some 30 ms. Beyond that it is broken, not slow."""


FOLDER: Final = Path(keeper.__file__).parents[1]
RUN: Final = "import sys; sys.path.append(sys.argv[1]); from keeper.process import main; sys.exit(main(sys.argv[2:]))"
"""Imported, a keeper begins with what the last one was compiled to; a script would be compiled anew, for 11 ms of 35. The
folder stands last on the path: nothing in it comes before a module of Python's."""


class KeeperError(ConnectionError):
    """No keeper of ours answers, and why; `version` when one of another protocol does."""

    def __init__(self, why: str, version: int | None = None) -> None:
        super().__init__(f"keeper: {why}")
        self.version = version


class Connection:
    """A greeted connection. `on_reports` gets the reports of each packet, `on_lost` is called once when it ends."""

    def __init__(
        self,
        link: Link,
        on_reports: Callable[[Sequence[Report | Adopted]], None],
        on_lost: Callable[[], None],
        guard: Guard,
    ) -> None:
        self._link = link
        self._guard = guard
        self._on_reports = on_reports
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._tolerant = False
        """It is of another version: what only that one says is passed over."""
        self._room = asyncio.Event()
        self._room.set()
        self._greeting: asyncio.Future[Welcome | TurnedAway | None] = self._loop.create_future()
        self._loop.add_reader(link.fd, guard(self._read))

    @classmethod
    async def open(
        cls,
        state_dir: Path,
        on_reports: Callable[[Sequence[Report | Adopted]], None],
        on_lost: Callable[[], None],
        guard: Guard,
        *,
        name: str = SOCKET,
    ) -> tuple[Connection, Welcome]:
        """Connect to the keeper that is there. FileNotFoundError, ConnectionRefusedError, ConnectionResetError: there is
        none (any more). KeeperError: it does not serve us."""
        connection = cls(Link(_dial(state_dir, name)), on_reports, on_lost, guard)
        try:
            connection.send([HELLO])
            async with asyncio.timeout(_PATIENCE):
                answer = await connection._greeting
        except TimeoutError:
            connection.close()
            raise KeeperError("does not answer") from None
        match answer:
            case Welcome():
                connection._tolerant = answer.protocol != PROTOCOL
                return connection, answer
            case TurnedAway(why, version):
                connection.close()
                raise KeeperError(why, version)
            case None:
                raise ConnectionResetError("the keeper has just left")

    def hand_over(self, on_reports: Callable[[Sequence[Report | Adopted]], None], on_lost: Callable[[], None]) -> None:
        """From now on these hear of it."""
        self._on_reports, self._on_lost = on_reports, on_lost

    def send(self, messages: Sequence[Message]) -> None:
        """One packet, now or as soon as the socket takes it."""
        self._link.send(messages)
        self._await_room()

    def close(self, *, goodbye: bool = False) -> None:
        """Hang up. `goodbye`: in order, so that a keeper with nothing to keep need not wait for us."""
        if self._link.fd < 0:
            return
        if goodbye:
            self._link.send([GOODBYE])
        self._loop.remove_reader(self._link.fd)
        self._loop.remove_writer(self._link.fd)
        self._link.close()
        self._room.set()

    async def sent(self) -> None:
        """Until every packet is with the keeper, or it does not take them for 10 s."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._room.wait()
        except TimeoutError:
            return

    def _await_room(self) -> None:
        if self._link.unsent and self._room.is_set():
            self._room.clear()
            self._loop.add_writer(self._link.fd, self._guard(self._write))

    def _write(self) -> None:
        self._link.push()
        if not self._link.unsent:
            self._room.set()
            self._loop.remove_writer(self._link.fd)

    def _read(self) -> None:
        """One packet per wake: the keeper has put into it what there was."""
        try:
            packet = self._link.receive()
            heard = None if packet is None else self._understood(packet)
        except BlockingIOError:
            return
        except WireError:
            heard = None
        if heard is None:
            self._lose()
        elif self._greeting.done():
            self._on_reports([report for report in heard if not isinstance(report, Welcome | TurnedAway)])
        else:
            self._greeting.set_result(next((r for r in heard if isinstance(r, Welcome | TurnedAway)), None))

    def _understood(self, packet: Sequence[Message]) -> list[Report | Welcome | TurnedAway | Adopted]:
        heard: list[Report | Welcome | TurnedAway | Adopted] = []
        for message in packet:
            try:
                heard.append(decode(message))
            except WireError:
                if not self._tolerant:
                    raise
        return heard

    def _lose(self) -> None:
        self.close()
        if self._greeting.done():
            self._on_lost()
        else:
            self._greeting.set_result(None)


def _dial(state_dir: Path, name: str) -> socket.socket:
    """A socket connected to the keeper of `state_dir`, which must be of our own user."""
    folder = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
    dialled = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        dialled.connect(f"/proc/self/fd/{folder}/{name}")  # by descriptor: an address holds 107 bytes
        uid = struct.unpack("3i", dialled.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
        if uid != os.geteuid():
            raise KeeperError(f"{state_dir / name} belongs to user {uid}")
    except OSError:
        dialled.close()
        raise
    finally:
        os.close(folder)
    return dialled


def start_keeper(state_dir: Path, idle: float) -> None:
    """Start a keeper and return when it listens (20-40 ms: call it from a thread). OSError if it does not come up.

    It gets none of our environment but the one variable that an interpreter may need to be found by the loader.
    """
    path = state_dir / SOCKET
    fd = os.open(state_dir / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        starting = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", RUN, str(FOLDER), "serve", str(path), str(idle)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=fd,
            cwd="/",
            env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
            start_new_session=True,
        )
    finally:
        os.close(fd)
    with starting:
        if not _ended(starting.pid, _PATIENCE):
            starting.kill()
            raise KeeperError(f"did not start within {_PATIENCE:.0f} s, see {state_dir / LOG}")
    if starting.returncode != 0:
        raise KeeperError(f"did not start (exit {starting.returncode}), see {state_dir / LOG}")


def _ended(pid: int, patience: float) -> bool:
    """Wait for a child's end. `subprocess` with a timeout looks in doubling sleeps and would see it up to 30 ms late."""
    fd = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(patience * 1000))
    finally:
        os.close(fd)


def retire_socket(state_dir: Path) -> None:
    """Take the path from a keeper that we cannot talk to: it keeps its runs and leaves after the last; a new one binds."""
    (state_dir / SOCKET).unlink(missing_ok=True)
