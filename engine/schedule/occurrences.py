"""Stretches of a plan: what was due between two instants, with bounded work."""

from __future__ import annotations

from typing import Final

from engine.clock import Instant
from engine.schedule.plans import Plan

MAX_EXACT: Final = 10_000
"""So many occurrences are enumerated; beyond, a count says that it is not exact."""


def occurrences(plan: Plan, after: Instant, until: Instant, limit: int = MAX_EXACT) -> tuple[list[Instant], bool]:
    """The planned instants in (after, until], oldest first, at most `limit`; True if these are all of them."""
    found: list[Instant] = []
    at = plan.next_after(after)
    while at is not None and at <= until:
        if len(found) == limit:
            return found, False
        found.append(at)
        at = plan.next_after(at)
    return found, True


def latest(plan: Plan, after: Instant, until: Instant) -> Instant | None:
    """The newest planned instant in (after, until], or None; about 50 questions, however many lie between."""
    newest = plan.next_after(after)
    if newest is None or newest > until:
        return None
    # "Is there one in (x, until]?" turns from yes to no once as x grows: halve the stretch where it does.
    yes, no = newest, until
    while no - yes > 0:
        middle = (yes + no) // 2
        at = plan.next_after(middle)
        if at is not None and at <= until:
            yes = newest = at
        else:
            no = middle
    return newest
