"""What is done to logs beside reading them, in a worker's thread: times noted and middles cut while a job writes, then
compressed, then pruned. One object per engine, used by one thread at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final

from engine.clock import Instant
from engine.logs.cutting import bytes_held, cut
from engine.logs.index import MOST_STAMPS, Layout, Stamp, add_stamps, end_cut, read_layout, thin
from engine.logs.packing import pack
from engine.logs.places import PACKED, Found, beside, index_path, logs_in
from engine.logs.retention import KeptLog, to_prune, untouchable
from engine.spec.log import LogPolicy
from engine.spec.units import round_size
from engine.values import lean, mutable

WORTH_PACKING: Final = 4096
"""Bytes: a smaller log would take as much on disk."""

RUNS: Final = "runs.log"
RUNS_MOST: Final = 1 << 20
"""Bytes of a `runs.log` beyond which a new one is begun; the one before is kept."""

WARN_BELOW: Final = 0.05
"""Part of the disk that is free."""
PRUNE_BELOW: Final = 256 << 20
"""Bytes free below which logs go, oldest first; of a small disk the part that is warned of."""
FULL: Final = 64 << 10
"""Bytes free below which a job's writes may have failed."""


@lean(frozen=True, slots=True)
class LiveLog:
    """The log of an attempt that runs."""

    job: str
    path: str
    attempt: int
    max_size: int
    optional: bool = False
    """It may not be there, and nobody is told then: that of hooks, and of a function that has not written into it yet."""


@mutable(slots=True)
class _Seen:
    size: int = -1
    layout: Layout = field(default_factory=Layout)
    index_size: int = 0
    full: bool = False
    """The disk was full since the last time that was noted."""


@lean(frozen=True, slots=True)
class LogFacts:
    """What is on record of the run of a log that is over."""

    ended_at: Instant
    success: bool | None
    in_inbox: bool
    left_behind: bool


class Upkeep:
    """Remembers what it has seen of each log that is being written."""

    def __init__(self, folder: str) -> None:
        """`folder`: where the jobs' folders of logs are."""
        self._folder = folder
        self._seen: dict[str, _Seen] = {}
        self._problems: dict[str, str] = {}
        """Jobs whose live logs cannot be kept in order; nothing any more once they can be."""
        self._unpacked: dict[str, str] = {}
        """Jobs that have logs which could not be compressed."""
        self._removed: dict[str, str] = {}
        """Jobs whose log was removed while it was written."""
        self.ending = False
        """The engine ends: a log that is being compressed is left as it is."""
        self._free = 0
        self.low = self.short = self.full = False
        """Of the disk: little is free; so little that logs have to go; nothing, so that what a job prints may be missing."""

    @property
    def disk(self) -> str | None:
        """A warning when little of the disk is free."""
        return f"{round_size(self._free)} are free on the disk of the logs ({self._folder})" if self.low else None

    @property
    def problems(self) -> Sequence[str]:
        """What an operator should know."""
        return (*self._removed.values(), *self._problems.values(), *self._unpacked.values())

    # -- while a job writes

    def look(self, live: Iterable[LiveLog], over: Iterable[LiveLog], now: Instant) -> None:
        """Note how far each log has got, and cut those that have become too large. `over`: those whose runs have just ended."""
        self._look_at_disk()
        seen, self._seen = self._seen, {}
        found: dict[str, bool] = {}
        for log in live:
            one = self._seen[log.path] = seen.get(log.path) or _known(log.path)
            one.full = one.full or self.full
            is_there = self._look_at(log, one, now) or log.optional
            found[log.job] = is_there and found.get(log.job, True)
        for job, all_there in found.items():
            if not all_there:
                self._removed[job] = (
                    f"the log of a run of {job} was removed: what it prints is lost, its next run has one"
                )
            else:
                self._removed.pop(job, None)
        for log in over:
            self._look_at(log, seen.get(log.path) or _known(log.path), now)

    def _look_at(self, log: LiveLog, one: _Seen, now: Instant) -> bool:
        """False: it is gone."""
        try:
            facts = os.lstat(log.path)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._problems[log.job] = f"the log of {log.job} cannot be looked at: {error.strerror}"
        else:
            if facts.st_size != one.size:
                self._note(log, one, facts, now)
        return True

    def _note(self, log: LiveLog, one: _Seen, facts: os.stat_result, now: Instant) -> None:
        beside = index_path(log.path)
        layout = None
        try:
            try:
                stamp = Stamp(one.layout.size(facts.st_size), now, log.attempt, int(one.full))
                one.index_size = add_stamps(beside, [stamp])
                one.full = False
                if one.index_size > 24 * MOST_STAMPS:
                    thin(beside)
            finally:  # on a full disk it is the cut that makes room
                if bytes_held(facts) > log.max_size:
                    layout = cut(log.path, log.max_size)
            self._problems.pop(log.job, None)
            one.size = facts.st_size
        except OSError as error:
            self._problems[log.job] = f"the log of {log.job} cannot be kept in order: {error.strerror or error}"
        if layout is not None:
            one.layout, one.size = layout, -1

    # -- when runs are over

    def tidy(
        self, job: str, policy: LogPolicy, busy: frozenset[str], on_record: Mapping[str, LogFacts], now: Instant
    ) -> int:
        """Compress and prune the logs of a job; how many went. `busy`: stems of its runs that are not over.

        Compressed is only what is over on record: a run may have begun since `busy` was made.
        """
        folder = f"{self._folder}/{job}"
        found = [*logs_in(folder)]
        _turn_over(f"{folder}/{RUNS}")
        for log in found:
            if log.stem not in busy:
                _finish_cut(index_path(log.path))
        gone = self._prune(folder, to_prune(_kept(found, busy, on_record), policy.keep, now))
        self._unpacked.pop(job, None)
        if policy.compress:
            stems = {log.stem for log in gone}
            for log in _to_pack(found, on_record):
                if log.stem not in stems and log.stem not in busy:
                    self._pack(job, log)
        return len(gone)

    def _pack(self, job: str, log: Found) -> None:
        target = log.path + PACKED
        draft = target + ".new"
        try:
            source = os.open(log.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                _write_packed(source, draft, read_layout(index_path(log.path)), lambda: not self.ending)
            finally:
                os.close(source)
            os.rename(draft, target)  # noqa: PTH104 - beside the calls above
            os.unlink(log.path)  # noqa: PTH108 - beside its like
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(draft)  # noqa: PTH108 - beside its like
            if isinstance(error, InterruptedError):
                return
            self._unpacked[job] = f"a log of {job} cannot be compressed: {error.strerror or error}"

    def _prune(self, folder: str, logs: Sequence[KeptLog]) -> Sequence[KeptLog]:
        for log in logs:
            for path in beside(folder, log.stem):
                with contextlib.suppress(OSError):
                    os.unlink(path)  # noqa: PTH108 - beside its like
        return logs

    # -- the disk

    def _room(self) -> tuple[int, int] | None:
        """Bytes free and in all, of the disk that the logs are on."""
        try:
            facts = os.statvfs(self._folder)
        except OSError:
            return None
        return facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize

    def _look_at_disk(self) -> None:
        room = self._room()
        if room is None:
            return
        free, size = room
        self.full = free < FULL
        self.short = free < min(PRUNE_BELOW, WARN_BELOW * size)
        self.low = free < WARN_BELOW * size
        self._free = free

    def make_room(self, on_record: Mapping[str, Mapping[str, LogFacts]], busy: Mapping[str, frozenset[str]]) -> int:
        """Remove logs, oldest first over all jobs, until there is room again; how many. What always stays, stays.

        Both by job, as for `tidy`; a job that `busy` does not name is left alone.
        """
        logs: list[tuple[str, KeptLog]] = []
        for job, stems in busy.items():
            folder = f"{self._folder}/{job}"
            kept = sorted(_kept(logs_in(folder), stems, on_record[job]), key=lambda log: log.number, reverse=True)
            safe = untouchable(kept)
            logs += [(folder, log) for log in kept if log.stem not in safe]
        logs.sort(key=lambda one: one[1].ended_at)
        count = 0
        for folder, log in logs:
            self._look_at_disk()
            if not self.short:
                break
            self._prune(folder, [log])
            count += 1
        return count


def _known(path: str) -> _Seen:
    """What an earlier look, or an earlier engine, has noted of a log."""
    index = index_path(path)
    _finish_cut(index)
    return _Seen(layout=read_layout(index))


def _kept(found: Iterable[Found], busy: frozenset[str], on_record: Mapping[str, LogFacts]) -> list[KeptLog]:
    """The logs of runs that are over, all files of a run together."""
    runs: dict[str, KeptLog] = {}
    for log in found:
        if log.stem in busy:
            continue
        facts = on_record.get(log.stem)
        before = runs.get(log.stem)
        size = log.size + (0 if before is None else before.size)
        ended_at = log.changed_at if facts is None else facts.ended_at
        success, in_inbox = (None, False) if facts is None else (facts.success, facts.in_inbox)
        runs[log.stem] = KeptLog(log.stem, log.number, size, ended_at, success, in_inbox, facts is not None)
    return list(runs.values())


def _to_pack(found: Sequence[Found], on_record: Mapping[str, LogFacts]) -> Iterable[Found]:
    """Logs as they were written, of runs that are over on record and that a newer one followed; not of those that left behind
    what may still print, since nobody knows when it stops."""
    newest = max((log.number for log in found), default=0)
    return (
        log
        for log in found
        if not log.packed
        and log.number < newest
        and log.size > WORTH_PACKING
        and (facts := on_record.get(log.stem)) is not None
        and not facts.left_behind
    )


def _finish_cut(index: str) -> None:
    """An engine that died in the middle of a cut left word of it, for which readers would wait; it is over."""
    layout = read_layout(index)
    if layout.cutting:
        with contextlib.suppress(OSError):
            end_cut(index, layout)


def _turn_over(path: str) -> None:
    """Let a long `runs.log` begin anew, and keep what it holds beside it: who writes it opens it for each line."""
    with contextlib.suppress(OSError):
        if os.lstat(path).st_size > RUNS_MOST:
            os.rename(path, f"{path}.1")  # noqa: PTH104 - beside the calls above


def _write_packed(source: int, draft: str, layout: Layout, going: Callable[[], bool]) -> None:
    facts = os.fstat(source)
    target = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        pack(source, target, layout.gap if layout.holed else None, going)
        os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        os.fsync(target)  # the other form goes after this
    finally:
        os.close(target)
