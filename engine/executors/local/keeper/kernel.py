"""What the kernel says in its files and clocks, and how it is told."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False  # as in `typing`, which would cost 0.7 MiB
if TYPE_CHECKING:
    from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")


def wall() -> int:
    """Microseconds since the epoch. The engine's injected clock cannot reach into another process."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) // 1000


def boot_ticks() -> int:
    """Now, as field 22 of /proc/PID/stat counts it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) * TICKS // 1_000_000_000


def proc_file(pid: int | str, name: str) -> bytes:
    """What /proc/PID/name says, its first page; nothing when the process is gone. (`open` would cost three times as much.)"""
    try:
        fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""
    finally:
        os.close(fd)


def read_file(path: str) -> str:
    """A file of the kernel's; empty when it is not there."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def write_file(path: str, text: str) -> bool:
    """Write to a file of the kernel's; whether it took it."""
    try:
        fd = os.open(path, os.O_WRONLY)
    except OSError:
        return False
    try:
        os.write(fd, text.encode())
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def figure(text: str, name: str) -> int:
    """The number behind a name in a file of such lines; 0 when it is not among them."""
    for line in text.splitlines():
        found, _, number = line.partition(" ")
        if found == name:
            return int(number)
    return 0


def listed(folder: str) -> list[str]:
    """What is in a folder; nothing when it is gone, for other keepers sweep out as well."""
    try:
        return os.listdir(folder)
    except OSError:
        return []
