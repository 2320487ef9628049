"""What can be judged only when all jobs are known: needs, cycles, pools, jobs that always fall due together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeGuard

from engine.jobfile import keys
from engine.jobfile.draft import EMPTY, Draft, Item
from engine.jobfile.layers import Resolved
from engine.jobfile.reading import Report
from engine.spec.config import PoolSpec
from engine.spec.job import CronSchedule, EverySchedule, JobSpec, Schedule

_SPREAD: Final = re.compile(r"(?<![A-Za-z])H", re.IGNORECASE)
_SHOWN: Final = 12
"""Jobs of a cycle or a group that are named in a message."""


def check_needs(report: Report, jobs: Mapping[str, Resolved], templates: Iterable[str]) -> None:
    """Every needed job exists, and no job needs itself by way of others."""
    hidden = frozenset(templates)
    for job in jobs.values():
        for name, item in job.draft.get(keys.NEEDS, EMPTY).items.items():
            if name in jobs:
                continue
            path = f"{job.written.path}.needs"
            if name in hidden:
                report.error(item.source, item.key, path, f"`{name}` is a template and never runs", "name a job")
            else:
                near = report.guesser.did_you_mean(name, jobs, "job")
                report.error(item.source, item.key, path, f"there is no job `{name}`", near)
    for cycle in find_cycles({name: [*_needs(job)] for name, job in jobs.items()}):
        _report_cycle(report, jobs, cycle)


def check_was(report: Report, jobs: Mapping[str, Resolved]) -> None:
    """An id that a job had before belongs to nobody now."""
    taken: dict[str, str] = {}
    for name, job in jobs.items():
        item = job.draft.items.get(keys.WAS.name)
        if item is None:
            continue
        old, path = str(item.value), f"{job.written.path}.was"
        if old in jobs:
            report.error(item.source, item.node, path, f"`{old}` is a job of its own", "remove `was`, or that job")
        elif (other := taken.setdefault(old, name)) != name:
            report.error(item.source, item.node, path, f"`{other}` was `{old}` as well", "only one can go on from it")


def _needs(job: Resolved) -> Mapping[str, Item]:
    return job.draft.get(keys.NEEDS, EMPTY).items


def _report_cycle(report: Report, jobs: Mapping[str, Resolved], cycle: Sequence[str]) -> None:
    """At the need that closes the circle: that of the job which stands last in the file."""
    order = {name: index for index, name in enumerate(jobs)}
    last = max(range(len(cycle)), key=lambda index: order[cycle[index]])
    turned = [*cycle[last:], *cycle[:last]]
    item = _needs(jobs[turned[0]])[turned[1 % len(turned)]]
    shown = turned if len(turned) <= _SHOWN else [*turned[: _SHOWN - 1], f"… {len(turned) - _SHOWN + 1} more …"]
    circle = " -> ".join([*shown, turned[0]])
    report.error(
        item.source,
        item.key,
        f"jobs.{turned[0]}.needs",
        f"the jobs need each other in a circle: {circle}",
        "break the circle",
    )


def find_cycles(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Circles among jobs, at least one of each group that hangs together; each job needs the next, the last one the first.

    Time grows with the number of needs. Unknown ids are ignored.
    """
    dependants: dict[str, list[str]] = defaultdict(list)
    open_needs = {}
    for name, needed in needs.items():
        known = {other for other in needed if other in needs}
        open_needs[name] = len(known)
        for other in known:
            dependants[other].append(name)
    free = [name for name, count in open_needs.items() if not count]
    for name in free:
        for dependant in dependants[name]:
            open_needs[dependant] -= 1
            if not open_needs[dependant]:
                free.append(dependant)
    # Whoever is left needs somebody who is left: following those needs must run into a circle.
    left = set(needs) - set(free)
    cycles = []
    seen: set[str] = set()
    for name in needs:
        walk: dict[str, int] = {}
        here = name
        while here in left and here not in seen:
            seen.add(here)
            walk[here] = len(walk)
            here = next(other for other in needs[here] if other in left)
        if here in walk:
            cycles.append(list(walk)[walk[here] :])
    return cycles


def check_pools(report: Report, jobs: Iterable[Resolved], pools: Draft, slots: Mapping[str, PoolSpec]) -> None:
    """Every pool that a job takes from exists and has as many slots as the job takes."""
    for job in jobs:
        for name, item in job.draft.get(keys.POOLS, EMPTY).items.items():
            path = f"{job.written.path}.pools"
            if name not in slots:
                near = report.guesser.did_you_mean(name, slots, "pool")
                report.error(
                    item.source, item.key, path, f"there is no pool `{name}`", near or "define it under `pools`"
                )
            elif isinstance(item.value, int) and item.value > slots[name].slots and name in pools.items:
                definition = pools.items[name]
                if isinstance(definition.value, Draft) and definition.value.items:
                    have = f"{slots[name].slots} (line {definition.key.line})"
                    report.error(
                        item.source,
                        item.node,
                        path,
                        f"takes {item.value} slots of `{name}`, which has {have}: it could never start",
                    )


def warn_of_crowds(
    report: Report, specs: Sequence[JobSpec], jobs: Mapping[str, Resolved], pools: Mapping[str, PoolSpec]
) -> None:
    """Jobs of one pool that are always due at the same second and do not all fit into it."""
    crowds: dict[tuple[str, CronSchedule | EverySchedule, str | None], list[JobSpec]] = defaultdict(list)
    for spec in specs:
        if spec.pools and _is_fixed(schedule := spec.schedule):
            for pool in spec.pools:
                crowds[pool, schedule, spec.timezone].append(spec)
    for (pool, _, _), crowd in crowds.items():
        wanted = sum(spec.pools[pool] for spec in crowd)
        room = pools[pool].slots
        if len(crowd) < 2 or wanted <= room:
            continue
        last = jobs[crowd[-1].id]
        item = last.draft.get(keys.POOLS, EMPTY).items[pool]
        names = ", ".join(spec.id for spec in crowd[:_SHOWN]) + (" …" if len(crowd) > _SHOWN else "")
        report.warning(
            item.source,
            item.key,
            f"{last.written.path}.pools",
            f"{len(crowd)} jobs are always due at the same second, pool `{pool}` has room for {room}: {names}",
            "spread them with H in place of a number in their schedules",
        )


def _is_fixed(schedule: Schedule | None) -> TypeGuard[CronSchedule | EverySchedule]:
    """Do equal schedules of this kind always fall due together: wall times, and no `H` that spreads jobs."""
    match schedule:
        case CronSchedule(entries):
            return not any(_SPREAD.search(entry.expression) for entry in entries)
        case EverySchedule(align=align):
            return align
        case _:
            return False
