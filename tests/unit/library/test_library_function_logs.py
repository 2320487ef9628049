"""Logs of functions: made when something is logged, and nobody's burden before."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine import Engine, JobContext, Retry
from engine.model.log_parts import LogChunk, LogHits, LogQuery
from engine.model.states import RunPhase
from jobqueue_tui.cli.logs import command as logs
from tests.unit.library.programs import by_hand, nothing, reaches

NOTHING = LogChunk(b"", 0, 0, more=False)


def logs_of(state: Path) -> list[str]:
    return sorted(path.name for path in (state / "logs" / "a").glob("[0-9]*.log"))


async def test_a_function_that_logs_nothing_has_no_file_and_an_empty_log(tmp_path: Path) -> None:
    """A job of every second that has nothing to say leaves no file a second; its log is empty, running and on record."""
    release = asyncio.Event()

    async def silent(_: JobContext) -> None:
        await release.wait()

    async with Engine([by_hand("a", silent)], state_dir=tmp_path) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        for over in (False, True):
            assert await engine.log("a:1", -10, 10) == NOTHING
            assert await engine.log_since("a:1", engine.now()) == 0
            assert list(await engine.log_times("a:1", 0, 10)) == []
            assert await engine.log_find("a:1", LogQuery("x"), 0) == LogHits((), 0, done=True)
            if not over:
                release.set()
                assert (await run.ended()).outcome == "success"
    assert logs_of(tmp_path) == []


async def test_attempts_of_a_function_share_their_log(tmp_path: Path) -> None:
    """What a later attempt logs stands behind what the first one did; an attempt in between may be silent."""

    def flaky(ctx: JobContext) -> None:
        if ctx.attempt != 2:
            ctx.log(f"attempt {ctx.attempt}")
        assert ctx.attempt == 3

    async with Engine([by_hand("a", flaky, retry=Retry(limit=2, delay=0.001))], state_dir=tmp_path) as engine:
        run = await engine.job("a").trigger()
        assert (await run.ended()).outcome == "success"
        text = (await engine.log("a:1", 0, 1 << 16)).data.decode()
    assert text.index("attempt 1") < text.index("AssertionError") < text.index("attempt 3")
    assert logs_of(tmp_path) == ["1.log"]


async def test_the_folder_of_a_log_is_made_anew(tmp_path: Path) -> None:
    """Whoever removes the log folder while a function runs takes nothing from it but what it had logged."""
    go_on = threading.Event()

    def late(ctx: JobContext) -> None:
        go_on.wait()
        ctx.log("after all")

    async with Engine([by_hand("a", late)], state_dir=tmp_path) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        shutil.rmtree(tmp_path / "logs")
        go_on.set()
        assert (await run.ended()).outcome == "success"
        assert (await engine.log("a:1", 0, 100)).data == b"after all\n"


async def test_a_log_that_cannot_be_made_fails_only_who_logs(tmp_path: Path) -> None:
    """Without a log a silent function does its work; one that logs is told, and what it makes of that is its own affair."""
    told: list[str] = []

    def careful(ctx: JobContext) -> None:
        try:
            ctx.log("lost")
        except OSError as error:
            told.append(type(error).__name__)

    jobs = [by_hand("a", nothing), by_hand("b", careful), by_hand("c", lambda ctx: ctx.log("lost"))]
    async with Engine(jobs, state_dir=tmp_path) as engine:
        for job in jobs:
            folder = tmp_path / "logs" / job.id
            folder.mkdir(parents=True)
            (folder / "1.log").mkdir()
        ended = [await (await engine.job(job.id).trigger()).ended() for job in jobs]
    assert [record.outcome for record in ended] == ["success", "success", "failed"]
    assert told == ["IsADirectoryError"]
    assert "IsADirectoryError" in (ended[2].reason or "")


async def test_what_is_logged_after_the_end_is_lost(tmp_path: Path) -> None:
    """A function that ignored its stop cannot write into the log of a run that is over, nor into another file."""
    release, ended = threading.Event(), threading.Event()

    def stubborn(ctx: JobContext) -> None:
        ctx.log("before")
        release.wait()
        ctx.log("after")
        ended.set()

    async with Engine([by_hand("a", stubborn)], state_dir=tmp_path) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await run.stop(grace=0.01)
        assert (await run.ended()).may_still_run
        release.set()
        await asyncio.to_thread(ended.wait)
        assert (await engine.log("a:1", 0, 100)).data == b"before\n"


async def test_the_loop_waits_for_no_disk_that_a_function_writes_to(tmp_path: Path) -> None:
    """A function stuck in writing its log is given up like any other; its file is closed when it gets free."""
    release = threading.Event()
    fifo = tmp_path / "logs" / "a" / "1.log"
    fifo.parent.mkdir(parents=True)
    os.mkfifo(fifo)  # opening it for writing waits for a reader: a disk that does not answer
    threads: list[threading.Thread] = []

    def stuck(ctx: JobContext) -> None:
        threads.append(threading.current_thread())
        release.set()
        ctx.log("too late")

    async with Engine([by_hand("a", stuck)], state_dir=tmp_path) as engine:
        run = await engine.job("a").trigger()
        await asyncio.to_thread(release.wait)
        await run.stop(grace=0.01)
        record = await run.ended()
        assert (record.outcome, record.may_still_run) == ("stopped", True)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        try:
            await asyncio.to_thread(threads[0].join)
            assert os.read(reader, 100) in (b"", b"too late\n")
            assert os.read(reader, 1) == b"", "nobody has it open for writing any more"
        finally:
            os.close(reader)


async def test_a_function_that_outlives_its_engine_brings_no_folder_back(tmp_path: Path) -> None:
    """Whoever removes the state when the engine is gone has removed it."""
    release, ended = threading.Event(), threading.Event()

    def late(ctx: JobContext) -> None:
        release.wait()
        ctx.log("too late")
        ended.set()

    state = tmp_path / "state"
    async with Engine([by_hand("a", late)], state_dir=state) as engine:
        run = await engine.job("a").trigger()
        await reaches(run, RunPhase.RUNNING)
        await engine.close()
    shutil.rmtree(state)
    release.set()
    await asyncio.to_thread(ended.wait)
    assert not state.exists()


class Chatty:
    """Garbage that logs when it is collected."""

    def __init__(self, ctx: JobContext) -> None:
        self.ctx = ctx
        self.me = self  # only the collector finds it

    def __del__(self) -> None:
        self.ctx.log("gone")


async def test_garbage_may_log_while_something_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finalizer that logs is called wherever memory is asked for, in the middle of `save_data` and of `log`, too."""
    contexts: list[JobContext] = []
    dumps, write = json.dumps, os.write

    def collects(of: Callable[..., Any]) -> Callable[..., Any]:
        def collecting(*args: Any, **kwargs: Any) -> Any:
            if contexts and threading.current_thread() is not threading.main_thread():
                Chatty(contexts.pop())
                gc.collect()
            return of(*args, **kwargs)

        return collecting

    monkeypatch.setattr("engine.executors.call.context.json.dumps", collects(dumps))
    monkeypatch.setattr("engine.executors.call.context.os.write", collects(write))

    def saves(ctx: JobContext) -> None:
        contexts.extend([ctx, ctx])  # before the lock of the data is taken, and with it
        ctx.save_data("a", 1)
        contexts.append(ctx)
        ctx.log("line")

    async with Engine([by_hand("a", saves)], state_dir=tmp_path) as engine:
        assert (await (await engine.job("a").trigger()).ended()).outcome == "success"
        lines = (await engine.log("a:1", 0, 1 << 16)).data.splitlines()
    assert contexts == []
    assert lines == [b"gone", b"gone", b"gone", b"line"]


async def test_the_log_without_an_engine_is_empty_as_well(tmp_path: Path) -> None:
    """`jobqueue-tui logs` says of a silent function what `ctl logs` says: nothing."""

    def loud(ctx: JobContext) -> None:
        ctx.log("here")

    async with Engine([by_hand("a", nothing), by_hand("b", loud)], state_dir=tmp_path) as engine:
        for name in "ab":
            await (await engine.job(name).trigger()).ended()
    run = CliRunner().invoke
    assert run(logs, ["a", "--state-dir", str(tmp_path)]).output == ""
    assert run(logs, ["a", "--since", "1h", "--state-dir", str(tmp_path)]).exit_code == 0
    both = run(logs, ["a", "b", "--merge", "--state-dir", str(tmp_path)])
    assert both.exit_code == 0
    assert "here" in both.output
