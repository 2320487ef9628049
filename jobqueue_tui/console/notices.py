"""What every header says of the engine: that it is out of reach, that much is held, that its state or job file needs somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.api import EngineView
from engine.clock import SECOND
from jobqueue_tui.console import words
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.signs import Role

_FRESH: Final = 15 * SECOND
"""How long it is said that the job file was taken anew."""


def notices(engine: EngineView, *, read_only: bool) -> Sequence[Cell]:
    """One cell each, the worst first."""
    status = engine.status()
    said: list[Cell] = []
    if not engine.connected:
        said.append(("engine out of reach", Role.FAILED))
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
        elif engine.now() - news.at < _FRESH:
            said.append((f"file {news.text}", Role.OK))
    return said
