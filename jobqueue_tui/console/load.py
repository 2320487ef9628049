"""How many runs there are at once on an axis of time, and where more want to run than can. Pure: lanes in, cells out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from engine.clock import SECOND, Instant
from engine.values import lean
from jobqueue_tui.console.columns import Cell
from jobqueue_tui.console.plotting import joined
from jobqueue_tui.console.signs import Role
from jobqueue_tui.console.timeline import Lane, Window
from jobqueue_tui.console.words import BLOCKS
from jobqueue_tui.terminal import one_line

_Thing: TypeAlias = tuple[str, str]
"""What runs share: the engine's slots, being alone, a pool or a group by its name."""
_ANY: Final[_Thing] = ("slots", "")
_SOLE: Final[_Thing] = ("alone", "")


@lean(frozen=True, slots=True)
class Room:
    """What there is: slots of the engine, slots of its pools."""

    slots: int
    pools: Mapping[str, int]


@lean(frozen=True, slots=True)
class Load:
    """For each cell of a window the most runs at once; `crowded`: the cells in which more want to run than can, and of what."""

    window: Window
    peaks: tuple[int, ...]
    crowded: Mapping[int, str]

    def said(self, at: Instant) -> str:
        """Of what more want to run at that time than can; empty: they all can."""
        return self.crowded.get(self.window.column(at), "")


def load_of(lanes: Iterable[Lane], window: Window, now: Instant, room: Room) -> Load:
    """Counted are runs that were, and those that are to be expected by what is usual."""
    changes = sorted(
        _changes(lanes, window, now), key=lambda change: change[:2]
    )  # at one instant what ends comes first
    peaks = [0] * window.width
    crowded: dict[int, str] = {}
    held: Counter[_Thing] = Counter()
    over: dict[_Thing, None] = {}
    """What more is wanted of than there is, in the order in which it came about."""
    reached = 0

    def note(column: int) -> None:
        peaks[column] = max(peaks[column], held[_ANY])
        if over and column not in crowded:
            crowded[column] = _wanted(next(iter(over)), held, room)

    for at, step, lane in changes:
        column = min(window.width, window.column(at))
        if held[_ANY]:
            for between in range(reached, column):
                note(between)
        taken = _takes(lane)
        for thing, count in taken:
            held[thing] += step * count
        for thing in (*(thing for thing, _ in taken), _SOLE):
            if _exceeded(thing, held, room):
                over[thing] = None
            else:
                over.pop(thing, None)
        reached = column
        if column < window.width:
            note(column)
    return Load(window, tuple(peaks), crowded)


def _takes(lane: Lane) -> list[tuple[_Thing, int]]:
    """What a run of it takes."""
    taken = [(_ANY, 1), *((("pool", name), count) for name, count in lane.pools.items())]
    if lane.exclusive:
        taken.append((_SOLE if lane.exclusive is True else ("group", str(lane.exclusive)), 1))
    return taken


def _exceeded(thing: _Thing, held: Mapping[_Thing, int], room: Room) -> bool:
    kind, name = thing
    match kind:
        case "slots":
            return held[thing] > room.slots
        case "alone":
            return held[thing] > 0 and held[_ANY] > 1
        case "pool":
            return held[thing] > room.pools.get(name, held[thing])
    return held[thing] > 1


def _wanted(thing: _Thing, held: Mapping[_Thing, int], room: Room) -> str:
    kind, name = thing
    match kind:
        case "slots":
            return f"{held[thing]} of {room.slots} slots"
        case "alone":
            return f"{held[_ANY] - 1} beside one that runs alone"
        case "pool":
            return f"{held[thing]} of {room.pools[name]} slots of pool {one_line(name)}"
    return f"{held[thing]} of exclusive group {one_line(name)}"


def _changes(lanes: Iterable[Lane], window: Window, now: Instant) -> Iterator[tuple[Instant, int, Lane]]:
    for lane in lanes:
        expected = int((lane.usual or 0.0) * SECOND)
        spans = [
            (run.started_at, run.ended_at or max(now, run.started_at + expected))
            for run in lane.runs
            if run.started_at is not None
        ]
        spans += [(one.due, one.due + expected) for one in lane.coming if not one.skipped]
        for start, end in spans:
            if end >= window.start and start < window.end:
                yield max(start, window.start), 1, lane
                yield max(end, start + 1), -1, lane


def drawn(load: Load, window: Window, slots: int) -> list[Cell]:
    """The peaks as bars of what there are slots; `!` where more want to run than can.

    Each stands at its time: a window that has moved on since shows what was counted for it, one of other cells nothing.
    """
    cells: list[Cell] = []
    for column in range(window.width):
        at = load.window.column(window.instant(column))
        if load.window.cell != window.cell or not 0 <= at < len(load.peaks) or not load.peaks[at]:
            cells.append((" ", Role.TEXT))
        elif at in load.crowded:
            cells.append(("!", Role.FAILED))
        else:
            level = load.peaks[at] / slots
            cells.append((BLOCKS[max(0, min(7, round(level * 8) - 1))], Role.CPU))
    return joined(cells)
