"""The client: what it makes of an engine's answers, of strangers and of nobody."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from jobqueue_tui.client.discover import SeveralEngines, find_socket
from jobqueue_tui.client.engine import Answered, EngineClient, NotReachable
from jobqueue_tui.places import socket_paths, state_dir, state_home
from jobqueue_tui.server.listen import listening
from tests.unit.server.served import Served


async def test_each_question_gives_the_json_of_the_interface(served: Served) -> None:
    assert (await served.client(EngineClient.status))["jobs"] == 3
    assert [job["id"] for job in await served.client(lambda engine: engine.jobs(["tag:db"]))] == ["load"]
    assert (await served.client(lambda engine: engine.job("etl")))["id"] == "etl"
    assert (await served.client(lambda engine: engine.why("etl")))["reason"] == "next run in 1m"
    assert len(await served.client(lambda engine: engine.runs({"job": None, "limit": 2}))) == 2
    assert [run["run_id"] for run in await served.client(EngineClient.queue)] == ["etl:5"]


async def test_a_log_part_is_bytes_with_its_place(served: Served) -> None:
    part = await served.client(lambda engine: engine.log("etl", -6, 100))
    assert (part.run_id, part.data, part.offset, part.size, part.more) == ("etl:3", b"three\n", 14, 20, False)


async def test_a_refusal_carries_status_fault_and_what_was_done_all_the_same(served: Served) -> None:
    with pytest.raises(Answered) as refusal:
        await served.client(lambda engine: engine.verb("trigger", {"ids": ["etl", "nope"]}))
    assert (refusal.value.status, refusal.value.fault.code) == (404, "unknown_id")
    assert [result["ok"] for result in refusal.value.results if isinstance(result, dict)] == [True, False]


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhola",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nJobqueue-Api: 2.0\r\nContent-Length: 2\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
)
def test_whoever_is_no_engine_of_this_version_is_not_reachable(tmp_path: Path, reply: bytes) -> None:
    path = tmp_path / "run" / "c.sock"
    with listening(path) as sock:

        def serve() -> None:
            peer, _ = sock.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(reply)

        server = threading.Thread(target=serve)
        server.start()
        with pytest.raises(NotReachable):
            EngineClient(path, timeout=10).status()
        server.join()


def test_an_engine_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"
    with listening(path), pytest.raises(NotReachable, match="did not answer within"):
        EngineClient(path, timeout=0.05).status()


def test_no_socket_is_not_reachable(tmp_path: Path) -> None:
    with pytest.raises(NotReachable, match="no engine answers"):
        EngineClient(tmp_path / "run" / "c.sock").status()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    return {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}


def test_without_an_engine_discovery_says_how_to_start_one(environ: dict[str, str]) -> None:
    with pytest.raises(NotReachable, match="--no-ui"):
        find_socket(environ)


def test_the_only_engine_running_is_found_and_several_are_listed(environ: dict[str, str]) -> None:
    """A dead engine's socket is no candidate; an engine without a runtime folder is found by its state folder."""
    one = socket_paths(state_dir(Path("/a/jobs.yaml"), environ), environ)[0]
    two = socket_paths(state_dir(Path("/b/jobs.yaml"), environ), {"HOME": environ["HOME"]})[0]
    with listening(one):
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(one.with_name("dead.sock")))
        dead.close()
        assert find_socket(environ) == one
        with listening(two):
            assert two.is_relative_to(state_home(environ))
            with pytest.raises(SeveralEngines) as several:
                find_socket(environ)
            assert set(several.value.sockets) == {one, two}
            assert find_socket(environ, state=state_dir(Path("/b/jobs.yaml"), environ)) == two


def test_a_named_socket_wins_over_the_state_folder_and_that_over_the_variable(environ: dict[str, str]) -> None:
    environ["JOBQUEUE_SOCKET"] = "/from/environment.sock"
    state = state_dir(Path("/a/jobs.yaml"), environ)
    named = Path("/named.sock")
    place = socket_paths(state, environ)[0]
    with listening(place):
        assert find_socket(environ, named=named, state=state) == named
        assert find_socket(environ, state=state) == place
        assert find_socket(environ) == Path("/from/environment.sock")
