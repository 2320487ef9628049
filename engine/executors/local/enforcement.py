"""What this machine lets us enforce, and by what means (30-local-executor): said to people, decided by the keeper."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from engine.model.system import Enforced
from engine.values import sealed


@sealed(frozen=True, slots=True)
class GroupsFound:
    """What the keeper found of control groups: where its own are, which controllers the kernel enforces there, else why none."""

    path: str
    controllers: frozenset[str]
    why: str

    def lacking(self, controller: str) -> str:
        """Why the kernel does not enforce it itself."""
        if not self.path:
            return f"no cgroup delegated: {self.why}"
        return f"cgroup without the {controller} controller"


def enforcement(groups: GroupsFound) -> tuple[Enforced, ...]:
    """Each limit that a job may be given, and how it is held here."""
    root = os.geteuid() == 0
    watchdog = "watchdog, which looks at the tree 4 to 50 times a second"
    memory = f"kernel (cgroup memory.max), and {watchdog}"
    if "memory" not in groups.controllers:
        memory = f"{watchdog} ({groups.lacking('memory')})"
    cpu = "kernel (cgroup cpu.max)"
    if "cpu" not in groups.controllers:
        cpu = f"the tree is stopped and let go in turn ({groups.lacking('cpu')})"
    tree = "cgroup, and inherited tag" if groups.path else f"inherited tag ({groups.lacking('')})"
    privileged = "as root" if root else "not below what the engine has: needs root"
    return (
        Enforced("memory", memory),
        Enforced("cpu", cpu),
        Enforced("cpu_time, nofile, fsize, core", f"rlimits, {'any' if root else 'up to those of the engine'}"),
        Enforced("nproc", "rlimit, counted over the user; root has none"),
        Enforced("nice", f"{'with' if _autogroups() else 'no'} autogroups, {privileged}"),
        Enforced("ionice", f"realtime {'as root' if root else 'needs root'}"),
        Enforced("affinity", f"processors {_spans(sorted(os.sched_getaffinity(0)))}"),
        Enforced("user, group", "as root" if root else f"needs root, this is user {os.geteuid()}"),
        Enforced("stop, pause", tree),
    )


def _autogroups() -> bool:
    try:
        return Path("/proc/sys/kernel/sched_autogroup_enabled").read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False


def _spans(numbers: Collection[int]) -> str:
    """`0-3,6`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in spans)
