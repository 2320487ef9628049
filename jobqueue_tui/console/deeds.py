"""What was done to a job, in words that are short enough for a line of its facts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from engine.clock import Instant, moment
from engine.model.audit import AuditRecord, Done
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.wrapping import width_of
from jobqueue_tui.terminal import one_line

_BETWEEN: Final = "   "


def arguments_of(record: AuditRecord) -> str:
    """What was given with the verb; nothing of what was left out."""
    given = (f"{name}={value}" for name, value in record.arguments.items() if value not in (None, False, ""))
    return one_line(", ".join(given))


def verb_of(record: AuditRecord) -> str:
    """The verb as it is typed."""
    return one_line(record.verb.replace("_", "-"))


def deed_lines(
    deeds: Sequence[AuditRecord], job: str, zone: tzinfo | None, now: Instant, room: int | None
) -> list[tuple[Cell, ...]]:
    """What was done to the job, side by side while `room` (columns) lasts; what does not fit whole begins another line."""
    lines: list[list[Cell]] = []
    for deed in deeds:
        cells = _cells(deed, job, zone, now)
        if lines and (room is None or width_of(lines[-1]) + len(_BETWEEN) + width_of(cells) <= room):
            lines[-1] += [(_BETWEEN, Role.MUTED), *cells]
        else:
            lines.append(cells)
    return [tuple(line) for line in lines]


def _cells(record: AuditRecord, job: str, zone: tzinfo | None, now: Instant) -> list[Cell]:
    at, today = moment(record.at).astimezone(zone), moment(now).astimezone(zone).date()
    given, reason = arguments_of(record), one_line(record.reason)
    cells = [
        (at.strftime("%H:%M " if at.date() == today else "%m-%d %H:%M "), Role.MUTED),
        (f"{one_line(record.who)} ", Role.TEXT),
        (verb_of(record), Role.STRONG),
        (f" {one_line(record.target)}" if record.target != job else "", Role.TEXT),
        (f" {given}" if given else "", Role.TEXT),
        (f": {reason}" if reason else "", Role.TEXT),
        (f" refused: {record.code}" if record.outcome is Done.REFUSED else "", Role.FAILED),
    ]
    return [cell for cell in cells if cell[0]]
