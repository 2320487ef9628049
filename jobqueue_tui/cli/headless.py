"""`--no-ui`: the engine without a console. One line per state change on stdout, everything else on stderr."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.facade import Engine
from engine.spec.config import JobFile
from jobqueue_tui.cli.exits import Exit, forget_stdout
from jobqueue_tui.cli.files import load
from jobqueue_tui.cli.hosting import begin_text, begin_warnings, hosted
from jobqueue_tui.cli.journal import log_to_stderr
from jobqueue_tui.cli.life import Ending, Life
from jobqueue_tui.cli.narrate import Narrator
from jobqueue_tui.cli.open_file import Choices

_LOG: Final = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 0.1


def run_headless(path: Path, choices: Choices) -> int:
    """Run the engine of this file until it is told to end, or has nothing left to do; the exit code."""
    job_file = load(path, choices.given)
    log_to_stderr(as_json=choices.as_json)
    return asyncio.run(_run(job_file, path, choices))


async def _run(job_file: JobFile, path: Path, choices: Choices) -> int:
    async with hosted(job_file, choices) as (engine, life):
        life.take_signals()
        _LOG.info("%s", begin_text(engine, path))
        for warning in begin_warnings(engine):
            _LOG.warning("%s", warning)
        return await until_the_end(engine, life, choices)


async def until_the_end(engine: Engine, life: Life, choices: Choices) -> int:
    """Tell what happens until the engine has ended; the exit code."""
    narrator = Narrator(engine)
    over = asyncio.Event()
    telling = asyncio.create_task(_tell_until(over, narrator, as_json=choices.as_json))
    try:
        ending = await _wait(engine, life, choices)
        stopped = await life.end(ending)
    finally:
        over.set()
        await telling
        narrator.close()
    if stopped:
        runs = "1 run did not end in time and was" if stopped == 1 else f"{stopped} runs did not end in time and were"
        _LOG.warning("%s stopped", runs)
    return ending.code


async def _wait(engine: Engine, life: Life, choices: Choices) -> Ending:
    if not choices.until_idle:
        return await life.wish
    idle = asyncio.create_task(engine.wait_idle())
    try:
        done = asyncio.Event()
        for end in (idle, life.wish):
            end.add_done_callback(lambda _: done.set())
        await done.wait()
    finally:
        if not idle.cancel():
            idle.exception()  # the wish, or the shutdown, has the same to say
    if life.wish.done():
        return life.wish.result()
    return Ending(Exit.FAILED if engine.bad_ends else Exit.OK)


async def _tell_until(over: asyncio.Event, narrator: Narrator, *, as_json: bool) -> None:
    try:
        last = False
        while not last:
            last = over.is_set()  # looked at first: what came before the end is then told below
            await _tell(narrator, as_json=as_json)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await over.wait()
    except BrokenPipeError:
        forget_stdout()
        _LOG.warning("nobody reads the output any more; the engine goes on without it")


async def _tell(narrator: Narrator, *, as_json: bool) -> None:
    lines = await narrator.lines()
    if lines:
        sys.stdout.write("".join(f"{json.dumps(line.to_json()) if as_json else line.text()}\n" for line in lines))
        sys.stdout.flush()
