"""What every header says of the engine while it is so: that much is held, or that its job file or its state needs somebody. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.clock import SECOND, Instant
from engine.model.record import EngineStatus
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.signs import Role

_FRESH: Final = 15 * SECOND
"""How long it is said that the job file was taken anew."""


def notices(status: EngineStatus, now: Instant, *, read_only: bool) -> Sequence[Cell]:
    """One cell each, the worst first."""
    said: list[Cell] = []
    if status.damaged_state:
        said.append(("state damaged", Role.FAILED))
    if status.trouble:
        said.append(("state cannot be written", Role.FAILED))
    if status.holds:
        more = f" +{len(status.holds) - 1}" if len(status.holds) > 1 else ""
        said.append((f"HELD {words.held(status.holds[0])}{more}", Role.WARN))
    if (news := status.job_file_news) is not None:
        if news.waits:
            said.append(("file changed" if read_only else "file changed: Ctrl-r", Role.WARN))
        elif now - news.at < _FRESH:
            said.append((f"file {news.text}", Role.OK))
    return said
