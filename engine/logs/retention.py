"""Which logs of a job may go. Pure: files and what is on record of their runs in, names out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine.clock import SECOND, Instant
from engine.spec.log import LogKeep
from engine.values import lean

DAY: Final = 86_400 * SECOND


@lean(frozen=True, slots=True)
class KeptLog:
    """The log of a run that is over; `success` None: it neither succeeded nor failed.

    `on_record` False: nothing is known of the run, because the state was lost or its row is forgotten. Such a log goes by age and
    for room, and is not counted out.
    """

    stem: str
    number: int
    size: int
    ended_at: Instant
    success: bool | None = None
    in_inbox: bool = False
    """It ended badly and nobody has acknowledged it yet."""
    on_record: bool = True


def to_prune(logs: Iterable[KeptLog], keep: LogKeep, now: Instant) -> list[KeptLog]:
    """Those that `keep` does not cover, oldest first. The newest failure, the newest success, and what waits in the Inbox always
    stay; `total` counts them too, but takes from the others only."""
    newest_first = sorted(logs, key=lambda log: (log.number, log.ended_at), reverse=True)
    safe = untouchable(newest_first)
    counted = [log for log in newest_first if log.on_record]
    failures = [log for log in counted if log.success is False]
    wanted = {log.stem for log in (*counted[: keep.runs], *failures[: keep.failed])}
    wanted |= {log.stem for log in newest_first if not log.on_record}
    oldest = now - int(keep.days * DAY)
    gone = [
        log
        for log in newest_first
        if log.stem not in safe and (log.stem not in wanted or (log.ended_at < oldest and keep.days > 0))
    ]
    names = {log.stem for log in gone}
    room = keep.total - sum(log.size for log in newest_first if log.stem not in names)
    for log in reversed(newest_first):
        if room >= 0:
            break
        if log.stem not in safe and log.stem not in names:
            gone.append(log)
            names.add(log.stem)
            room += log.size
    return sorted(gone, key=lambda log: (log.number, log.ended_at))


def untouchable(newest_first: Sequence[KeptLog]) -> frozenset[str]:
    """Logs that stay whatever is short."""
    firsts = [next((log.stem for log in newest_first if log.success is how), None) for how in (True, False)]
    return frozenset(
        [*(stem for stem in firsts if stem is not None), *(log.stem for log in newest_first if log.in_inbox)]
    )
