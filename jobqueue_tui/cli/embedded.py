"""A console on an engine of its own: the engine comes first and owns the loop, the console is its guest.

So the engine outlives a console that ends by a fault of its own, and runs outlive both (40-console, How it is built).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

from engine.facade import Engine
from engine.model.actor import acting_as
from engine.spec.config import JobFile, OnQuit, OnTerm
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.files import load, state_folder
from jobqueue_tui.cli.headless import until_the_end
from jobqueue_tui.cli.hosting import hosted, wake_collector
from jobqueue_tui.cli.journal import log_to_file
from jobqueue_tui.cli.life import Ending, Life
from jobqueue_tui.cli.open_file import Choices
from jobqueue_tui.console.ending import ConsoleEnd
from jobqueue_tui.console.ending import OnQuit as AskedOnQuit
from jobqueue_tui.console.launch import check_terminal, make_app, prepare_environment, run_console
from jobqueue_tui.console.settings import ConsoleSettings
from jobqueue_tui.places import config_folder


def run_embedded(path: Path, choices: Choices) -> int:
    """Show the console on the engine of this file; the exit code. Failure 2 where no console can be shown."""
    problem = check_terminal(os.environ, sys.stdin, sys.stderr)
    if problem is not None:
        raise Failure(Exit.USAGE, problem)
    prepare_environment(os.environ)
    job_file = load(path, choices.given)
    return asyncio.run(_run(job_file, choices))


async def _run(job_file: JobFile, choices: Choices) -> int:
    loading = _load_console()
    shown = asyncio.Event()

    def seen() -> None:
        if not shown.is_set():
            shown.set()
            wake_collector()

    async with hosted(job_file, choices, shown=shown) as (engine, life):
        log_to_file(state_folder(job_file, choices.state_dir))
        await loading
        how = await _show(engine, life, job_file.engine.on_quit, seen, read_only=choices.read_only)
        seen()  # it may have ended before
        life.take_signals()
        if how is ConsoleEnd.CRASHED and not life.wish.done():
            click.echo("the console failed, the engine goes on; Ctrl-c or TERM ends it", err=True)
            return await until_the_end(engine, life, choices)
        ending = life.wish.result() if life.wish.done() else ending_of(how, job_file)
        stopped = await life.end(ending)
    if stopped:
        click.echo("1 run was stopped" if stopped == 1 else f"{stopped} runs were stopped", err=True)
    return ending.code


def _load_console() -> asyncio.Future[None]:
    """Import the console's modules in a thread: it takes as long as all else of a start. Meanwhile the keeper comes up, and jobs
    that are due begin. Nobody waits for the thread when the start fails or is broken off; what its import raises is raised again by
    `make_app`, in the place where it always was."""
    loop = asyncio.get_running_loop()
    loaded = loop.create_future()

    def load() -> None:
        with contextlib.suppress(Exception):
            import_module("jobqueue_tui.console.app")
        with contextlib.suppress(RuntimeError):  # the loop is closed: the start was broken off
            loop.call_soon_threadsafe(done)

    def done() -> None:
        if not loaded.cancelled():
            loaded.set_result(None)

    threading.Thread(target=load, name="console's modules", daemon=True).start()
    return loaded


async def _show(
    engine: Engine, life: Life, on_quit: OnQuit, on_shown: Callable[[], None], *, read_only: bool
) -> ConsoleEnd:
    folder = config_folder(os.environ)
    settings = ConsoleSettings(
        on_quit=AskedOnQuit(on_quit), config_folder=folder, theme_folder=folder / "themes", tour=True, on_shown=on_shown
    )
    app = make_app(engine, read_only=read_only, settings=settings)
    life.wish.add_done_callback(lambda _: app.end(ConsoleEnd.TERMINATED))  # `ctl shutdown` closes the console, too
    with acting_as("console"):
        how = await run_console(app)
    if app.unkept:
        click.echo(app.unkept, err=True)
    return how


def ending_of(how: ConsoleEnd, job_file: JobFile) -> Ending:
    """What the end of a console means for the engine in it."""
    spec = job_file.engine
    match how:
        case ConsoleEnd.QUIT_LEAVE:
            return Ending(Exit.OK, leave=True, who="console")
        case ConsoleEnd.QUIT_STOP:
            return Ending(Exit.OK, drain=0.0, who="console")
        case ConsoleEnd.TERMINATED:
            return Ending(Exit.OK, leave=spec.on_term is OnTerm.LEAVE)
        case ConsoleEnd.TERMINAL_GONE:
            stop = spec.on_quit is OnQuit.STOP  # `ask` with nobody to answer leaves
            return Ending(Exit.TERMINAL_GONE, drain=0.0 if stop else None, leave=not stop, who="console")
        case ConsoleEnd.CRASHED:
            raise AssertionError("an engine goes on without its console")
