"""Control groups for runs: killed and stopped at one blow, held by the kernel where it has the controllers."""

from __future__ import annotations

import os

from .kernel import boot_ticks, listed, read_file, write_file
from .processes import look_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

GROUP: Final = "jobqueue-tui-"
"""Begins the names of our control groups; the keeper's pid and when it began follow."""
CONTROLLERS: Final = frozenset({"cpu", "memory"})
CPU_PERIOD: Final = 100_000
"""Microseconds over which the kernel counts a quota."""


def group_of(pid: int | str) -> str:
    """The control group of a process in the v2 hierarchy, as a path in it; empty when there is none."""
    for line in read_file(f"/proc/{pid}/cgroup").splitlines():
        if line.startswith("0::"):
            return line[3:]
    return ""


def group_mount() -> tuple[str, str]:
    """Where the v2 hierarchy is mounted, and what of it; empty when it is not."""
    for line in read_file("/proc/self/mountinfo").splitlines():
        fields, _, kind = line.partition(" - ")
        if kind.startswith("cgroup2 "):
            return fields.split()[4], fields.split()[3].rstrip("/")
    return "", ""


class Groups:
    """Groups for runs, below our own or beside it, wherever we may make one.

    Beside: a group that holds processes cannot hand its controllers down, so that who delegates puts the engine into a
    group below the delegated one (systemd's DelegateSubgroup=).
    """

    def __init__(self) -> None:
        self.path = ""  # of the group that holds all of ours; empty: we can have none
        self.controllers: set[str] = set()  # what the kernel enforces for a group of ours
        self.why = "no cgroup v2 is mounted"
        self.full: list[str] = []  # groups of runs that are over, with processes that live on
        mount, shown = group_mount()
        if not mount:
            return
        own = f"{mount}{group_of('self').removeprefix(shown)}".rstrip("/")
        name = f"{GROUP}{os.getpid()}-{boot_ticks()}"
        for folder in (own, os.path.dirname(own)):
            if folder.startswith(mount) and not self.controllers:
                self.sweep_out(folder)
                self.open(f"{folder}/{name}")

    def open(self, path: str) -> None:
        """Take this group, if it can be made and is better than what there is."""
        try:
            os.mkdir(path)
        except OSError as error:
            self.why = "" if self.path else f"{os.path.dirname(path)}: {os.strerror(error.errno or 0).lower()}"
            return
        for folder in (os.path.dirname(path), path):
            for controller in CONTROLLERS:
                write_file(f"{folder}/cgroup.subtree_control", f"+{controller}")
        found = set(CONTROLLERS.intersection(read_file(f"{path}/cgroup.subtree_control").split()))
        if self.path and not found:
            remove_group(path)
            return
        self.close()
        self.path, self.controllers, self.why = path, found, ""

    def close(self) -> None:
        """Remove ours; one that still holds processes stays, for the next keeper to sweep out."""
        for path in (*self.full, self.path):
            if path:
                remove_group(path)

    def sweep_out(self, folder: str) -> None:
        """Remove what keepers that were lost have left here, unless somebody lives in it."""
        for name in listed(folder):
            pid, _, ticks = name.removeprefix(GROUP).partition("-")
            if not name.startswith(GROUP) or not pid.isdigit() or not ticks.isdigit():
                continue
            keeper = look_at(int(pid))
            if keeper is None or keeper.ticks > int(ticks):
                for one in listed(f"{folder}/{name}"):
                    if os.path.isdir(f"{folder}/{name}/{one}"):
                        remove_group(f"{folder}/{name}/{one}")
                remove_group(f"{folder}/{name}")

    def make(self, tag: int, memory: int | None, cpu: float | None) -> str:
        """A group for a run, with what the kernel is to enforce; empty when it cannot be had."""
        self.full = [path for path in self.full if not remove_group(path)]
        path = f"{self.path}/{tag:x}"
        try:
            os.mkdir(path)
        except OSError:
            return ""
        if memory is not None and "memory" in self.controllers:
            write_file(f"{path}/memory.max", str(memory))
            write_file(f"{path}/memory.oom.group", "1")
        if cpu is not None and "cpu" in self.controllers:
            write_file(f"{path}/cpu.max", f"{max(1000, int(cpu * CPU_PERIOD))} {CPU_PERIOD}")
        return path

    def drop(self, path: str) -> None:
        """A run is over: remove its group, later if somebody still lives in it."""
        if not remove_group(path):
            self.full.append(path)


def freeze(path: str, frozen: bool) -> None:
    """Make all of a group stand still, or go on. No group, no effect: signals do it then."""
    if path:
        write_file(f"{path}/cgroup.freeze", "1" if frozen else "0")


def kill(path: str) -> None:
    """KILL all of a group at one blow, so that nobody can fork out of it. No group, no effect."""
    if path:
        write_file(f"{path}/cgroup.kill", "1")


def remove_group(path: str) -> bool:
    """Whether the group is gone."""
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
