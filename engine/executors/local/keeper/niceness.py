"""The niceness of a run among other sessions."""

from __future__ import annotations

import os
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .attempts import Attempts
    from .loop import Loop
    from .run import Run

AUTOGROUP_RETRY: Final = 0.11
"""Seconds after which an ordinary user may set the niceness of a session again (the kernel takes ten a second)."""


def be_nice(loop: Loop, attempts: Attempts, run: Run, nice: int) -> None:
    """Where the kernel shares time among sessions first (autogroup), a process' own niceness says nothing to the others."""
    try:
        fd = os.open(f"/proc/{run.pid}/autogroup", os.O_WRONLY)
    except OSError:  # over, or a kernel without
        return
    try:
        os.write(fd, str(nice).encode())
    except BlockingIOError:
        if run.attempt in attempts.alive:
            loop.later(AUTOGROUP_RETRY, partial(be_nice, loop, attempts, run, nice))
    except OSError:  # below the keeper's own, which only root may
        pass
    finally:
        os.close(fd)
