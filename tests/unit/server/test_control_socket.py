"""The socket itself: who may reach it, whose place it may take, how long its path may be."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from jobqueue_tui.client.connection import UnixConnection
from jobqueue_tui.server.app import serving
from jobqueue_tui.server.listen import SocketTaken, listening, usable
from jobqueue_tui.wire.door import UnsafeSocket
from tests.unit.server.fake_view import FakeView
from tests.unit.server.served import Served


def test_socket_is_0600_in_a_folder_0700_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run" / "c.sock"
    old = os.umask(0)
    try:
        with listening(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        os.umask(old)


def test_the_socket_file_goes_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"
    with listening(path):
        assert path.is_socket()
    assert not path.exists()


def test_the_socket_of_a_dead_engine_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"
    path.parent.mkdir(mode=0o700)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    with listening(path), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))


def test_the_socket_of_a_living_engine_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"
    with listening(path):
        with pytest.raises(SocketTaken), listening(path):
            pass
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))


def test_a_file_in_the_way_is_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"
    path.parent.mkdir(mode=0o700)
    path.write_text("precious")
    with pytest.raises(UnsafeSocket), listening(path):
        pass
    assert path.read_text() == "precious"


def test_an_heirs_socket_stays_when_the_server_whose_socket_was_removed_ends(tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"
    with listening(path):
        path.unlink()
        heir = socket.socket(socket.AF_UNIX)
        heir.bind(str(path))
    assert path.is_socket()
    heir.close()


@pytest.mark.parametrize("mode", [0o777, 0o710, 0o704])
def test_a_folder_that_others_can_enter_is_refused_by_both_sides(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "run" / "c.sock"
    with listening(path):
        path.parent.chmod(mode)
        with pytest.raises(UnsafeSocket, match="chmod 700"):
            UnixConnection(path).connect()
        with pytest.raises(UnsafeSocket, match="chmod 700"), listening(path.with_name("d.sock")):
            pass


def test_a_symlink_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(real)
    with pytest.raises(UnsafeSocket), listening(tmp_path / "run" / "c.sock"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_an_engine_does_not_listen_where_the_runtime_folder_is_somebody_elses(tmp_path: Path) -> None:
    """`sudo` hands on the XDG_RUNTIME_DIR of the caller."""
    theirs, own = tmp_path / "theirs", tmp_path / "own"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 12345, 12345)
    places = (theirs / "jobqueue-tui" / "a.sock", own / "run" / "control.sock")
    assert usable(places) == places[1]
    assert usable((tmp_path / "jobqueue-tui" / "a.sock", places[1])) == tmp_path / "jobqueue-tui" / "a.sock"
    assert usable((tmp_path / "absent" / "jobqueue-tui" / "a.sock", places[1])) == places[1]


async def test_a_path_longer_than_a_socket_address_works_on_both_sides(view: FakeView, tmp_path: Path) -> None:
    path = tmp_path / ("x" * 120) / "control.sock"
    with listening(path) as sock:
        async with serving(view, sock, path, version="", on_shutdown=lambda wish: None):
            assert (await Served(view, path).ask("GET", "/healthz")).json == {"ok": True}
    assert not path.exists()


async def test_a_client_that_dribbles_or_says_nothing_does_not_hold_up_another(served: Served) -> None:
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as slow:
        for sock in (silent, slow):
            sock.connect(str(served.path))
        slow.send(b"POST /v1/verbs/trigger HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert (await served.ask("GET", "/healthz")).status == 200


async def test_the_server_ends_though_a_client_keeps_its_connection(view: FakeView, tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"
    with socket.socket(socket.AF_UNIX) as idle, listening(path) as sock:
        async with serving(view, sock, path, version="", on_shutdown=lambda wish: None):
            idle.connect(str(path))
            idle.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            loop = asyncio.get_running_loop()
            idle.setblocking(False)
            assert (await loop.sock_recv(idle, 12)) == b"HTTP/1.1 200"
    assert not path.exists()
