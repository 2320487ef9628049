"""What is seen of the machine: as a whole, and a process of a run."""

from __future__ import annotations

from engine.clock import Instant
from engine.model.record import Json, iso
from engine.values import sealed


@sealed(frozen=True, slots=True)
class ProcessDetails:
    """A process of a run, as psutil sees it; None where it may not be seen."""

    pid: int
    parent: int
    command: str
    status: str
    started_at: Instant
    cpu_seconds: float
    rss_bytes: int
    threads: int
    open_files: int | None

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {
            "pid": self.pid,
            "parent": self.parent,
            "command": self.command,
            "status": self.status,
            "started_at": iso(self.started_at),
            "cpu_seconds": self.cpu_seconds,
            "rss_bytes": self.rss_bytes,
            "threads": self.threads,
            "open_files": self.open_files,
        }


@sealed(frozen=True, slots=True)
class MachineLoad:
    """The machine as a whole: CPU in percent of all cores, bytes of memory, load average of one minute."""

    cpu_percent: float
    memory_used: int
    memory_total: int
    load: float
