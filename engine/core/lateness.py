"""How late a start may be and still counts as on time."""

from __future__ import annotations

from typing import Final

from engine.clock import SECOND, Instant, micros
from engine.core.state import Job

GRACE_CAP: Final = 300 * SECOND


def late_grace(job: Job, planned: Instant) -> int:
    """Microseconds within which a late start counts as on time: as written, else min(5 minutes, half the period)."""
    if job.spec.late_grace is not None:
        return micros(job.spec.late_grace)
    if job.plan is None:
        return GRACE_CAP
    following = job.plan.next_after(planned)
    return GRACE_CAP if following is None else min(GRACE_CAP, (following - planned) // 2)
