"""When what is under way, and what follows it, will be over: durations that are usual, and the chain that takes longest. Pure.

Earliest times: a run that waits for a slot may wait longer than what it needs. A job that has never run, or that has been
going for longer than usual, counts with nothing, and every end that depends on it is known as "not before" only.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Final

from engine.values import sealed


@sealed(frozen=True, slots=True)
class Step:
    """A job as far as a forecast needs it; durations in seconds."""

    id: str
    follows: tuple[str, ...] = ()
    """Jobs whose end sets it going, or lets it go on. Those that are not still to run count as ended."""
    any_of: bool = False
    """One of those is enough."""
    due: bool = False
    """A run of it is active or waits; others are to run only because of what they follow."""
    usual: float | None = None
    """What a run usually takes; None: nobody knows."""
    ran: float | None = None
    """How long it has been going; None: it has not started."""


@sealed(frozen=True, slots=True)
class Forecast:
    """`ends`: seconds until the end of each job that is still to run. `path`: the chain that takes longest, first to last."""

    ends: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    path: tuple[str, ...] = ()
    unsure: frozenset[str] = frozenset()
    """Those that end at that time at the earliest: they, or something before them, take nobody knows how long."""


NOTHING_TO_RUN: Final = Forecast()


SLICE: Final = 50
"""Jobs between two looks at who else wants the thread: a tenth of a millisecond and more, with what makes the steps."""


def forecast(steps: Iterable[Step]) -> Forecast:
    """The forecast for these jobs; ids that are not among them count as ended. Time and memory grow with jobs and edges."""
    work = forecast_in_slices(steps)
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: Forecast = done.value
            return found


def forecast_in_slices(steps: Iterable[Step]) -> Generator[None, None, Forecast]:
    """The same, giving way every few jobs."""
    every: dict[str, Step] = {}
    followers: dict[str, list[str]] = {}
    for number, step in enumerate(steps, 1):
        every[step.id] = step
        for one in step.follows:
            followers.setdefault(one, []).append(step.id)
        if not number % SLICE:
            yield
    to_run = {step.id: 0 for step in every.values() if step.due}  # with how many they wait for
    todo = list(to_run)
    for number, name in enumerate(todo, 1):  # grows while it is walked
        for one in followers.get(name, ()):
            if one not in to_run:
                to_run[one] = 0
                todo.append(one)
            to_run[one] += 1
        if not number % SLICE:
            yield
    ready = [name for name, missing in to_run.items() if not missing]
    ends: dict[str, float] = {}
    chain: dict[str, tuple[str | None, int]] = {}  # what it waits for the longest, and how long the chain is
    unsure: set[str] = set()
    latest: str | None = None

    def at_the_end(name: str) -> tuple[float, int]:
        return ends[name], chain[name][1]

    for number, name in enumerate(ready, 1):  # grows; jobs that wait for each other in a circle never come
        step = every.pop(name)  # what was made for all of it goes one by one, not in one moment at the end
        wants = [one for one in step.follows if one in ends]
        rest = _rest(step)
        if rest is None or not unsure.isdisjoint(wants):
            unsure.add(name)
        begin, last, long = 0.0, None, 1
        if wants:
            last = wants[0] if len(wants) == 1 else (min if step.any_of else max)(wants, key=at_the_end)
            begin, long = ends[last], chain[last][1] + 1
        ends[name] = begin + (rest or 0.0)
        chain[name] = (last, long)
        if latest is None or at_the_end(name) > at_the_end(latest):
            latest = name
        for one in followers.pop(name, ()):
            to_run[one] -= 1
            if not to_run[one]:
                ready.append(one)
        if not number % SLICE:
            yield
    if latest is None:
        return NOTHING_TO_RUN
    at: str | None = latest
    path: list[str] = []
    while at is not None:
        path.append(at)
        at = chain[at][0]
    return Forecast(MappingProxyType(ends), tuple(reversed(path)), frozenset(unsure))


def _rest(step: Step) -> float | None:
    """Seconds that it still takes once it runs; None where nobody knows."""
    if step.usual is None:
        return None
    if step.ran is None:
        return step.usual
    return step.usual - step.ran if step.ran < step.usual else None
