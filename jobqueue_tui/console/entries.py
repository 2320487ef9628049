"""Audit records, events and warnings as lines of one list. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

from engine.clock import moment
from engine.model.audit import AuditRecord, Done
from engine.model.events import Event
from engine.model.record import iso
from engine.values import lean
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.deeds import arguments_of, verb_of
from jobqueue_tui.console.painting import fitted
from jobqueue_tui.console.saving import Value
from jobqueue_tui.console.signs import OF_OUTCOME, Role
from jobqueue_tui.terminal import one_line

_TIME: Final = "%m-%d %H:%M:%S"
_BAD: Final = frozenset({"failed", "timed_out", "lost"})


COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "audit": ("at", "who", "verb", "target", "arguments", "reason", "refused"),
    "events": ("at", "seq", "type", "about", "data"),
    "warnings": ("warning",),
}
"""Of the lists, by their names."""


@lean(frozen=True, slots=True)
class Entry:
    """A line. `id` is what it is about, the same wherever it moves; `run_id`: the run whose log it leads to.

    `row`: what is saved of it, in the order of `COLUMNS`.
    """

    id: str
    cells: tuple[Cell, ...]
    row: tuple[Value, ...]
    run_id: str | None = None

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(text for text, _ in self.cells)


def of_audit(record: AuditRecord, zone: tzinfo | None) -> Entry:
    """Who did what, and what became of it."""
    who, verb, given = one_line(record.who), verb_of(record), arguments_of(record)
    target, reason = one_line(record.target), one_line(record.reason)
    refused = record.outcome is Done.REFUSED
    return Entry(
        f"audit {record.no}",
        (
            (f"{moment(record.at).astimezone(zone).strftime(_TIME)}  ", Role.MUTED),
            (fitted(who, 12) + "  ", Role.TEXT),
            (f"{verb:<12} ", Role.STRONG),
            (target or "the engine", Role.TITLE),
            (f"  {given}" if given else "", Role.TEXT),
            (f"  “{reason}”" if reason else "", Role.MUTED),
            (f"  refused: {record.code}" if refused else "", Role.FAILED),
        ),
        (iso(record.at), who, verb, target, given, reason, record.code),
        record.run_id,
    )


def of_event(event: Event, zone: tzinfo | None) -> Entry:
    """What happened, and its data."""
    data = event.to_json()["data"]
    facts = data if isinstance(data, dict) else {}
    outcome = str(facts.get("outcome") or "")
    said = one_line(", ".join(f"{name}={value}" for name, value in facts.items() if value not in (None, [], {})))
    about = one_line(event.run_id or event.job or "")
    role = next((sign.role for one, sign in OF_OUTCOME.items() if one == outcome), Role.STRONG)
    return Entry(
        f"event {event.seq}",
        (
            (f"{moment(event.at).astimezone(zone).strftime(_TIME)}  ", Role.MUTED),
            (f"{event.seq:>7}  ", Role.MUTED),
            (f"{one_line(event.type):<12} ", Role.FAILED if outcome in _BAD else role),
            (about, Role.TITLE),
            (f"  {said}", Role.TEXT),
        ),
        (iso(event.at), event.seq, one_line(event.type), about, said),
        event.run_id,
    )


def of_warning(number: int, text: str) -> Entry:
    """What the engine warns of, as long as it holds."""
    said = one_line(text)
    return Entry(f"warning {number} {text}", (("! ", Role.WARN), (said, Role.TEXT)), (said,))
