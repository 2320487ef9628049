"""Details of a run's processes, by psutil: asked for by a screen, and then only of this run (W5: of all, they would cost a core)."""

from __future__ import annotations

import psutil

from engine.executors.local.keeper.processes import members
from engine.model.machine import ProcessDetails


def details_of(tag: int, leader: int | None) -> list[ProcessDetails]:
    """The living processes that carry the tag, the leader first, then by pid. Blocking, for a thread."""
    found: list[ProcessDetails] = []
    for member in members(tag):
        try:
            found.append(_details(psutil.Process(member.pid)))
        except psutil.NoSuchProcess:
            continue
    return sorted(found, key=lambda one: (one.pid != leader, one.pid))


def _details(process: psutil.Process) -> ProcessDetails:
    with process.oneshot():
        times = process.cpu_times()
        try:
            command = " ".join(process.cmdline()) or process.name()
            open_files: int | None = process.num_fds()
        except psutil.AccessDenied:  # a setuid program
            command, open_files = process.name(), None
        return ProcessDetails(
            pid=process.pid,
            parent=process.ppid(),
            command=command,
            status=str(process.status()),
            started_at=round(process.create_time() * 1_000_000),
            cpu_seconds=times.user + times.system,
            rss_bytes=process.memory_info().rss,
            threads=process.num_threads(),
            open_files=open_files,
        )
