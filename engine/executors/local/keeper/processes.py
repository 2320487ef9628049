"""The processes of a run: who carries its tag, what each is, and how to signal nobody else."""

from __future__ import annotations

import os
import resource
import signal

from .kernel import proc_file, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

RLIMIT_LOCKS: Final = 10  # the module `resource` has no name for it


class Member:
    """A living process that carries a run's tag, as it was at one sweep."""

    __slots__ = ("parent", "pgrp", "pid", "session", "state", "ticks", "waited")

    def __init__(
        self, pid: int, state: str, parent: int, pgrp: int, session: int, ticks: int, waited: int
    ) -> None:  # fmt: skip
        self.pid = pid
        self.state = state
        self.parent = parent
        self.pgrp = pgrp
        self.session = session
        self.ticks = ticks
        self.waited = waited  # ticks of CPU time of children that it has waited for, and of theirs


def tag_of(pid: int) -> int | None:
    """The tag of a process, also of one that has become another user's; None when it is gone or has none."""
    try:
        tag = resource.prlimit(pid, RLIMIT_LOCKS)[0]
    except ProcessLookupError:
        return None
    except PermissionError:  # a setuid child: the file is open to all, at 20 times the price
        soft = proc_file(pid, "limits").partition(b"Max file locks")[2][:33].strip()
        return int(soft) if soft.isdigit() else None
    return None if tag == resource.RLIM_INFINITY else tag


def look_at(pid: int) -> Member | None:
    """State, session and start of a process; None when it is over (a zombie is)."""
    fields = proc_file(pid, "stat").rpartition(b")")[2].split()
    if not fields or fields[0] in (b"Z", b"X"):
        return None
    parent, pgrp, session = map(int, fields[1:4])
    waited = int(fields[13]) + int(fields[14])
    return Member(pid, fields[0].decode(), parent, pgrp, session, int(fields[19]), waited)


def sweep(tags: Iterable[int]) -> dict[int, list[Member]]:
    """The living members of each tag, in one pass over /proc."""
    found: dict[int, list[Member]] = {tag: [] for tag in tags}
    for name in os.listdir("/proc"):
        if name.isdigit():
            tag = tag_of(int(name))
            if tag in found:
                member = look_at(int(name))
                if member is not None:
                    found[tag].append(member)
    return found


def grouped(path: str) -> list[Member]:
    """The living processes of a control group, for a fraction of what a sweep costs."""
    found = [look_at(int(pid)) for pid in read_file(f"{path}/cgroup.procs").split()]
    return [member for member in found if member is not None]


def members(tag: int) -> list[Member]:
    return sweep((tag,))[tag]


def send_signal(member: Member, tag: int, number: int) -> None:
    """Signal a member and nobody who got its pid meanwhile: hold the process first, then look again at who it is."""
    try:
        fd = os.pidfd_open(member.pid)
    except ProcessLookupError:
        return
    try:
        again = look_at(member.pid)
        if again is not None and again.ticks == member.ticks and tag_of(member.pid) == tag:
            signal.pidfd_send_signal(fd, number)
    except (ProcessLookupError, PermissionError):
        pass  # just gone, or another user's: the sweeps tell, and the record names it
    finally:
        os.close(fd)


def signal_all(found: Iterable[Member], tag: int, number: int) -> None:
    for member in found:
        send_signal(member, tag, number)


def described(left: list[Member]) -> list[list[object]]:
    """Pid and command line of each, for the record."""
    named: list[list[object]] = []
    for member in left:
        command = proc_file(member.pid, "cmdline").rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
        named.append([member.pid, command[:200]])
    return named
