"""Two runs side by side: pure, records in, lines out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Final

from engine.clock import Instant, moment
from engine.model.record import Json, RunRecord
from engine.values import lean
from jobqueue_tui.console import words
from jobqueue_tui.console.run_columns import last_error, outcome_cell
from jobqueue_tui.terminal import one_line


@lean(frozen=True, slots=True)
class Fact:
    """A line: its label, the one run's value, the other's (None: there is no other), and by how much it differs."""

    label: str
    mine: str
    other: str | None
    change: str = ""

    @property
    def differs(self) -> bool:
        """Whether the two differ."""
        return self.other is not None and self.mine != self.other


def facts(run: RunRecord, other: RunRecord | None, zone: tzinfo | None) -> list[Fact]:
    """Everything on record that either of them has."""
    found = []
    for label, text in _TEXTS.items():
        found.append(_fact(label, run, other, lambda one, text=text: text(one, zone)))  # type: ignore[misc] # bound early
    for label, (number, shown) in _NUMBERS.items():
        mine, others = number(run), None if other is None else number(other)
        if mine is not None or others is not None:
            change = _change(mine, others)
            right = None if other is None else "" if others is None else shown(others)
            found.append(Fact(label, "" if mine is None else shown(mine), right, change))
    for title, maps in _MAPS.items():
        keys = dict.fromkeys([*maps(run), *(maps(other) if other is not None else ())])
        found += [
            _fact(f"{title} {one_line(key)}", run, other, lambda one, key=key, maps=maps: _value(maps(one).get(key)))  # type: ignore[misc] # bound early
            for key in keys
        ]
    return [fact for fact in found if fact.mine or fact.other]


def _fact(label: str, run: RunRecord, other: RunRecord | None, text: Callable[[RunRecord], str]) -> Fact:
    return Fact(label, text(run), None if other is None else text(other))


def _value(value: Json) -> str:
    return "" if value is None else one_line(str(value))


def _change(mine: float | None, other: float | None) -> str:
    if mine is None or other is None or mine == other:
        return ""
    if not other:
        return "new"
    percent = 100 * (mine - other) / other
    return f"{percent:+.0f}%" if abs(percent) < 1000 else f"×{mine / other:.1f}"


def _time(at: Instant | None, zone: tzinfo | None) -> str:
    return "" if at is None else moment(at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


_TEXTS: Final[Mapping[str, Callable[[RunRecord, tzinfo | None], str]]] = {
    "outcome": lambda run, _: outcome_cell(run)[0],
    "why": lambda run, _: one_line(run.reason or ""),
    "error": lambda run, _: last_error(run),
    "planned": lambda run, zone: _time(run.planned_at, zone),
    "started": lambda run, zone: _time(run.started_at, zone),
    "ended": lambda run, zone: _time(run.ended_at, zone),
    "from": lambda run, _: run.kind.value,
    "exit code": lambda run, _: "" if run.exit_code is None else str(run.exit_code),
    "signal": lambda run, _: "" if run.signal is None else str(run.signal),
    "host": lambda run, _: one_line(run.host),
    "acknowledged": lambda run, zone: " ".join(
        filter(None, (_time(run.acked_at, zone), one_line(run.acked_by or ""), one_line(run.ack_reason or "")))
    ),
    "left behind": lambda run, _: one_line(", ".join(f"{pid} {command}" for pid, command in run.left_behind)),
}

_NUMBERS: Final[Mapping[str, tuple[Callable[[RunRecord], float | None], Callable[[float], str]]]] = {
    "took": (lambda run: run.wall_seconds, words.span),
    "paused": (lambda run: run.paused_seconds or None, words.span),
    "cpu time": (lambda run: run.cpu_seconds, words.span),
    "peak memory": (lambda run: run.peak_rss_bytes, words.size),
    "read": (lambda run: run.read_bytes, words.size),
    "written": (lambda run: run.written_bytes, words.size),
    "attempts": (lambda run: len(run.attempts) or None, lambda count: f"{count:.0f}"),
}

_MAPS: Final[Mapping[str, Callable[[RunRecord], Mapping[str, Json]]]] = {
    "param": lambda run: dict(run.params),
    "matrix": lambda run: dict(run.matrix),
    "output": lambda run: dict(run.outputs),
    "data": lambda run: run.data,
    "fact": lambda run: run.facts,
    "hook": lambda run: {slot: "; ".join(texts) for slot, texts in run.error.hook_errors.items()},
}


def partner(runs: list[RunRecord], run: RunRecord, marked: set[str]) -> RunRecord | None:
    """The run to compare with: the newest other one that is marked, else the one of the same job before it."""
    chosen = next((one for one in runs if one.run_id in marked and one.run_id != run.run_id), None)
    if chosen is not None:
        return chosen
    older = (
        one for one in runs if one.job == run.job and one.planned_at <= run.planned_at and one.run_id != run.run_id
    )
    return max((one for one in older if one.started_at is not None), key=lambda one: one.planned_at, default=None)
