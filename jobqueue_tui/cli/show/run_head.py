"""What is on record of a run, as the lines above its log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.model.record import Json
from jobqueue_tui.cli.show.values import duration, size
from jobqueue_tui.terminal import one_line


def head_lines(run: Mapping[str, Json]) -> Iterator[str]:
    """`name  value` of what is known, by the stable JSON of a run."""
    for name, value in _facts(run):
        if value:
            yield f"{name:<9} {one_line(value)}"


def _facts(run: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    yield "run", f"{run.get('run_id')} ({run.get('kind')}, planned {run.get('planned_at')})"
    yield "pid", _text(run.get("pid"))
    yield "start", _text(run.get("started_at"))
    yield "end", _text(run.get("ended_at"))
    yield "outcome", " ".join(filter(None, (_text(run.get("outcome") or run.get("state")), _text(run.get("reason")))))
    yield "wall", _seconds(run.get("wall_seconds"))
    yield "cpu", _seconds(run.get("cpu_seconds"))
    peak = run.get("peak_rss_bytes")
    yield "peak", size(peak) if isinstance(peak, int | float) else ""
    attempts = run.get("attempts")
    yield "attempts", str(len(attempts)) if isinstance(attempts, list) and len(attempts) > 1 else ""
    yield "log", _text(run.get("log_path"))


def _text(value: Json) -> str:
    return "" if value is None else str(value)


def _seconds(value: Json) -> str:
    return duration(value) if isinstance(value, int | float) else ""
