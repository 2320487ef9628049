"""How many runs there are at once on an axis of time, and where more want to run than can. Pure: lanes in, cells out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
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
_Taken: TypeAlias = "tuple[tuple[_Thing, int], ...]"
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
    # at one instant what ends comes first
    changes = sorted(_changes(lanes, window, now), key=itemgetter(0, 1))
    peaks = [0] * window.width
    crowded: dict[int, str] = {}
    held: dict[_Thing, int] = {_ANY: 0, _SOLE: 0}
    over: dict[_Thing, None] = {}
    """What more is wanted of than there is, in the order in which it came about."""
    reached = 0

    def note(column: int) -> None:
        peaks[column] = max(peaks[column], held[_ANY])
        if over and column not in crowded:
            crowded[column] = _wanted(next(iter(over)), held, room)

    for at, step, taken in changes:
        column = min(window.width, window.column(at))
        if held[_ANY]:
            for between in range(reached, column):
                note(between)
        for thing, count in taken:
            held[thing] = held.get(thing, 0) + step * count
            _set(over, thing, _exceeded(thing, held, room))
        if held[_SOLE] or _SOLE in over:
            _set(over, _SOLE, _exceeded(_SOLE, held, room))
        reached = column
        if column < window.width:
            note(column)
    return Load(window, tuple(peaks), crowded)


def _set(over: dict[_Thing, None], thing: _Thing, exceeded: bool) -> None:
    if exceeded:
        over[thing] = None
    elif over:
        over.pop(thing, None)


def _takes(lane: Lane) -> _Taken:
    """What a run of it takes."""
    taken = [(_ANY, 1), *((("pool", name), count) for name, count in lane.pools.items())]
    if lane.exclusive:
        taken.append((_SOLE if lane.exclusive is True else ("group", str(lane.exclusive)), 1))
    return tuple(taken)


def _exceeded(thing: _Thing, held: Mapping[_Thing, int], room: Room) -> bool:
    wanted = held[thing]
    if thing is _ANY:
        return wanted > room.slots
    if thing is _SOLE:
        return wanted > 0 and held[_ANY] > 1
    kind, name = thing
    return wanted > (room.pools.get(name, wanted) if kind == "pool" else 1)


def _wanted(thing: _Thing, held: Mapping[_Thing, int], room: Room) -> str:
    if thing is _ANY:
        return f"{held[thing]} of {room.slots} slots"
    if thing is _SOLE:
        return f"{held[_ANY] - 1} beside one that runs alone"
    kind, name = thing
    if kind == "pool":
        return f"{held[thing]} in pool {one_line(name)}, which has {room.pools[name]}"
    return f"{held[thing]} in exclusive group {one_line(name)}"


def _changes(lanes: Iterable[Lane], window: Window, now: Instant) -> Iterator[tuple[Instant, int, _Taken]]:
    for lane in lanes:
        expected, taken = int((lane.usual or 0.0) * SECOND), _takes(lane)
        spans = [
            (run.started_at, run.ended_at or max(now, run.started_at + expected))
            for run in lane.runs
            if run.started_at is not None
        ]
        spans += [(one.due, one.due + expected) for one in lane.coming if not one.skipped]
        for start, end in spans:
            if end >= window.start and start < window.end:
                yield max(start, window.start), 1, taken
                yield max(end, start + 1), -1, taken


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
