"""Waits for changes of the files that jobs watch: the one place that uses `watchfiles`, loaded when some job watches.

One thread, since looking at folders may take long and must not hold up the loop. What the kernel reports is a hint: it
says which job to look at, and a look decides whether something changed. So nothing depends on what exactly a system
reports for a rename, a removal or a full queue, and what happened between two watches is found as well.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from engine.runtime.file_scan import Known, Look, from_text, look_at, to_text
from engine.spec.watch import Watch, concerns
from engine.values import lean, mutable

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_LOG: Final = logging.getLogger(__name__)

PATIENCE: Final = 10
"""While files go on changing, a change is told after this many times the debounce at the latest."""

STEP: Final = 0.2
"""Seconds between two looks of the library at what the kernel has reported to it; shorter where a debounce is."""

UNKNOWN: Final = 60.0
"""Seconds until folders that cannot be watched (the system's limit is reached) are tried again, and looked at meanwhile."""


@lean(frozen=True, slots=True)
class Seen:
    """What a job's files look like now, to be stored. Since it was last told, `changed`: a file appeared or changed;
    `gone`: one vanished."""

    job: str
    text: str
    changed: bool
    gone: bool


@mutable(slots=True)
class _Job:
    watch: Watch
    known: Known | None
    parts: list[tuple[str, ...]]
    folders: frozenset[str] = frozenset()
    since: float | None = None
    """Monotonic time of the first change that was not looked at."""
    last: float = 0.0

    @property
    def due(self) -> float | None:
        if self.since is None:
            return None
        return min(self.last + self.watch.debounce, self.since + PATIENCE * self.watch.debounce)


class FileWatch:
    """`tell` is called in the thread, for what has changed; `on_fault` with an exception that ended it."""

    def __init__(self, tell: Callable[[Seen], None], on_fault: Callable[[Exception], None]) -> None:
        self._tell = tell
        self._on_fault = on_fault
        self._lock = threading.Lock()
        self._wanted: dict[str, tuple[Watch, str]] = {}
        self._wake = threading.Event()
        self._closed = False
        self._jobs: dict[str, _Job] = {}
        self._folders: frozenset[str] = frozenset()
        self._notify: RustNotify | None = None
        self._partly = False
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def set(self, wanted: Mapping[str, tuple[Watch, str]]) -> None:
        """From now on watch for these jobs: what each watches, and what was stored of it ("": nothing)."""
        with self._lock:
            self._wanted = dict(wanted)
        self._wake.set()
        if not self._thread.is_alive() and not self._closed:
            self._thread.start()

    def close(self) -> None:
        """Watch nothing more. Waits for the thread, which may take `STEP`."""
        self._closed = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    # -- in the thread

    def _run(self) -> None:
        try:
            while not self._closed:
                if self._wake.is_set():
                    self._wake.clear()
                    self._take_wanted()
                self._look_where_due()
                self._watch_folders()
                self._await_changes()
        except Exception as fault:  # noqa: BLE001 - a watch that ended without a word would be the worst of all
            self._on_fault(fault)
        finally:
            if self._notify is not None:
                self._notify.close()

    def _take_wanted(self) -> None:
        with self._lock:
            wanted = self._wanted
        now = time.monotonic()
        jobs: dict[str, _Job] = {}
        for job, (watch, text) in wanted.items():
            before = self._jobs.get(job)
            if before is not None and before.watch == watch:
                jobs[job] = before
                continue
            parts = [PurePosixPath(path).parts[1:] for path in watch.paths]
            # due at once: what has changed while nobody watched
            known = from_text(watch, text) if text else None
            jobs[job] = _Job(watch, known, parts, since=now, last=now - watch.debounce)
        self._jobs = jobs

    def _look_where_due(self) -> None:
        now = time.monotonic()
        for name, job in self._jobs.items():
            if job.due is not None and job.due <= now:
                self._look(name, job)

    def _look(self, name: str, job: _Job) -> None:
        job.since = None
        found = look_at(job.watch)
        job.folders = _to_watch(found)
        known, job.known = job.known, Known.of(job.watch, found)
        changed = known is not None and known.news(found)
        gone = known is not None and not known.files <= found.files.keys()
        if known is None or changed or gone:
            self._tell(Seen(name, to_text(job.watch, found), changed, gone))

    def _watch_folders(self) -> None:
        """Anew, when they are not the same; what happened between the look and this is looked for once more."""
        wanted = frozenset(folder for job in self._jobs.values() for folder in job.folders)
        if wanted == self._folders:
            return
        from watchfiles._rust_notify import RustNotify  # noqa: PLC0415 - costs time and memory, only where jobs watch

        if self._notify is not None:
            self._notify.close()
        self._folders, self._partly = wanted, False
        self._notify, self._partly = _watching(RustNotify, sorted(wanted))
        if self._partly:
            _LOG.warning("not every folder can be watched; they are looked at once in %d s", UNKNOWN)
        now = time.monotonic()
        for job in self._jobs.values():
            if job.since is None:
                job.since, job.last = now, now - job.watch.debounce

    def _await_changes(self) -> None:
        due = min((job.due for job in self._jobs.values() if job.due is not None), default=None)
        now = time.monotonic()
        if due is not None and due <= now:
            return
        wait = UNKNOWN if self._partly else None
        if due is not None:
            wait = due - now if wait is None else min(wait, due - now)
        if self._notify is None:
            self._wake.wait(wait)
            return
        step = max(1, int(min([STEP, *(job.watch.debounce / 2 for job in self._jobs.values())]) * 1000))
        timeout = 0 if wait is None else max(1, int(wait * 1000))
        got = self._notify.watch(step, min(step, timeout) if timeout else step, timeout, self._wake)
        if isinstance(got, set):
            self._note(path for _, path in got)
        elif got == "stop" or (self._partly and due is None):  # woken, the library forgets what it has seen until then
            self._note(None)

    def _note(self, paths: Iterable[str] | None) -> None:
        """Something happened there (None: nobody knows where); the jobs that it may concern are looked at soon."""
        now = time.monotonic()
        touched = None if paths is None else [PurePosixPath(path).parts[1:] for path in paths]
        for job in self._jobs.values():
            if touched is None or any(concerns(parts, path) for path in touched for parts in job.parts):
                job.last = now
                job.since = now if job.since is None else job.since


def _to_watch(found: Look) -> frozenset[str]:
    """The folders and those they lie in: a folder that is taken away and made again is seen from above."""
    return frozenset(found.folders | {str(PurePosixPath(folder).parent) for folder in found.folders})


def _watching(make: type[RustNotify], folders: Sequence[str]) -> tuple[RustNotify | None, bool]:
    """A watch of these folders; and whether it is of a part of them only, since the system allows no more."""
    asked = folders
    while folders:
        try:
            return make(list(folders), False, False, 0, False, True), len(folders) < len(asked)
        except FileNotFoundError:
            there = [folder for folder in folders if Path(folder).is_dir()]
            # what has just gone is looked for again from above; if all are there, one came back
            folders, asked = there, there
        except Exception as refused:  # noqa: BLE001 - the library has errors of its own for the limits of the system
            _LOG.info("%d folders cannot be watched: %s", len(folders), refused)
            folders = folders[: len(folders) // 2]
    return None, bool(asked)
