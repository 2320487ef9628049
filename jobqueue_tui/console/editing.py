"""A text editor in the console's terminal, while the console, and the engine it is a guest of, go on.

The editor is a job of the terminal as a shell would start it: a process group of its own that has the foreground. So a
Ctrl-c in it is its own, and it can be read from the keyboard at all. There is no shell here to go back to, so an editor
that suspends itself is told to go on.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

import psutil

FALLBACKS: Final = ("sensible-editor", "nano", "vim", "vi")
"""Tried in this order where neither VISUAL nor EDITOR is set."""
_LOOK_SECONDS: Final = 0.2


def command(environ: Mapping[str, str], path: str, line: int) -> Sequence[str]:
    """The editor on that line of that file. ValueError: there is none, or its variable cannot be read."""
    chosen = environ.get("VISUAL") or environ.get("EDITOR")
    found = (name for name in FALLBACKS if shutil.which(name, path=environ.get("PATH")))
    words = shlex.split(chosen) if chosen else list(islice(found, 1))
    if not words:
        raise ValueError("no editor is set: VISUAL or EDITOR names one")
    match Path(words[0]).name:
        case "code" | "codium" | "code-insiders":
            return [*words, "--wait", "--goto", f"{path}:{line}"]
        case "hx" | "helix" | "zed" | "subl":
            return [*words, f"{path}:{line}"]
        case _:
            return [*words, f"+{line}", path]


async def edit(argv: Sequence[str], terminal: int = 0) -> int:
    """Run the editor until it ends; its exit code. To be called while nobody else uses the terminal. OSError: it cannot be run."""
    editor = await asyncio.create_subprocess_exec(*argv, process_group=0)
    with _foreground(editor.pid, terminal):
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    return await editor.wait()
            except TimeoutError:
                if _is_stopped(editor.pid):
                    os.killpg(editor.pid, signal.SIGCONT)


@contextmanager
def _foreground(group: int, terminal: int) -> Iterator[None]:
    """The terminal is this group's meanwhile, if it is ours to give."""
    try:
        before = os.tcgetpgrp(terminal)
        os.tcsetpgrp(terminal, group)
    except OSError:  # not our controlling terminal: whoever reads it first has it
        yield
        return
    try:
        yield
    finally:
        # who is in the background is stopped for taking the terminal, unless it blocks the signal
        old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            os.tcsetpgrp(terminal, before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)


def _is_stopped(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return False
