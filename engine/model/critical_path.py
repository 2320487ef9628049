"""When what is under way, and what follows it, will be over: durations that are usual, and the chain that takes longest. Pure.

Earliest times: a run that waits for a slot may wait longer than what it needs. A job that has never run, or that has been
going for longer than usual, counts with nothing, and every end that depends on it is known as "not before" only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def forecast(steps: Iterable[Step]) -> Forecast:
    """The forecast for these jobs; ids that are not among them count as ended. Time and memory grow with jobs and edges."""
    every = {step.id: step for step in steps}
    to_run = _to_run(every)
    before = {name: [one for one in every[name].follows if one in to_run] for name in to_run}
    after: dict[str, list[str]] = {name: [] for name in to_run}
    for name, wants in before.items():
        for one in wants:
            after[one].append(name)
    missing = {name: len(wants) for name, wants in before.items()}
    ready = [name for name, count in missing.items() if not count]
    ends: dict[str, float] = {}
    chain: dict[str, tuple[str | None, int]] = {}  # what it waits for the longest, and how long the chain is
    unsure: set[str] = set()
    for name in ready:  # grows while it is walked; jobs that wait for each other in a circle never come
        step, wants = every[name], before[name]
        rest = _rest(step)
        if rest is None or any(one in unsure for one in wants):
            unsure.add(name)
        begin, last = 0.0, None
        if wants:
            order = min if step.any_of else max
            last = order(wants, key=lambda one: (ends[one], chain[one][1]))
            begin = ends[last]
        ends[name] = begin + (rest or 0.0)
        chain[name] = (last, 1 + (0 if last is None else chain[last][1]))
        for one in after[name]:
            missing[one] -= 1
            if not missing[one]:
                ready.append(one)
    if not ends:
        return NOTHING_TO_RUN
    at: str | None = max(ready, key=lambda name: (ends[name], chain[name][1]))
    path: list[str] = []
    while at is not None:
        path.append(at)
        at = chain[at][0]
    return Forecast(MappingProxyType(ends), tuple(reversed(path)), frozenset(unsure))


def _to_run(every: Mapping[str, Step]) -> dict[str, None]:
    """What is due and all that follows it, in an order that depends on nothing but the steps."""
    followers: dict[str, list[str]] = {}
    for step in every.values():
        for one in step.follows:
            followers.setdefault(one, []).append(step.id)
    found = {step.id: None for step in every.values() if step.due}
    todo = list(found)
    for name in todo:
        for one in followers.get(name, ()):
            if one not in found:
                found[one] = None
                todo.append(one)
    return found


def _rest(step: Step) -> float | None:
    """Seconds that it still takes once it runs; None where nobody knows."""
    if step.usual is None:
        return None
    if step.ran is None:
        return step.usual
    return step.usual - step.ran if step.ran < step.usual else None
