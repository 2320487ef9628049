"""What processes use of memory and CPU time."""

from __future__ import annotations

import os
import time

from .kernel import TICKS, figure, proc_file, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .processes import Member

PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def peak_of(pid: int | str) -> int:
    """The high-water mark of a process' resident memory in bytes; 0 when it is gone."""
    return int(proc_file(pid, "status").partition(b"VmHWM:")[2][:16].split(b"kB")[0] or 0) * 1024


def resident(pid: int) -> int:
    """Bytes of memory that a process has; 0 when it is gone."""
    fields = proc_file(pid, "statm").split()
    return int(fields[1]) * PAGE if len(fields) > 1 else 0


def cpu_total(found: list[Member], group: str) -> float:
    """CPU seconds that a tree has used. Its group knows of the dead as well; else those count whom somebody of the tree has waited
    for, as every shell does: a tree of short processes is as busy as one of long ones."""
    used = figure(read_file(f"{group}/cpu.stat"), "usage_usec") if group else 0
    if used:
        return used / 1e6
    return sum(cpu_time(member.pid) / 1e9 + member.waited / TICKS for member in found)


def cpu_time(pid: int) -> int:
    """Nanoseconds of CPU time that a process has used; 0 when it is gone. By its clock, whose id the kernel derives from its
    pid: /proc/PID/stat counts in hundredths of a second."""
    try:
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        return 0
