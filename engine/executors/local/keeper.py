"""The keeper: parent of every local run. It starts them, waits for them, ends them; it decides nothing.

Run by `python -I -S` with `serve SOCKET [IDLE]` (`connection.RUN`). It lives apart from the engine so that runs and
their exit codes survive the engine, a start does not cost more as the engine grows, and the peak memory that wait4
tells is true (a child's begins at its parent's). Hence one file, the standard library only, no typing, no dataclasses: it
stays near 11 MiB, and everything that must go on without an engine is here: deadlines, limits, stops and pauses under way.

One engine at a time talks to it over a SOCK_SEQPACKET socket. A packet is a JSON list of messages, a message is
`[verb, *arguments]`: orders are the methods of `Keeper` named in `ORDERS`, reports are built beside their cause.
Ends (`ended`, `spawn_failed`) are kept until acknowledged. The keeper leaves when nothing lives and nothing is kept:
at once after an orderly goodbye, else after IDLE (60) seconds without an engine. While ends are unacknowledged or
launches wait it stays up to `KEPT_FOR`, unless its socket's path is no longer its own, so that nobody could ask.

Where a cgroup v2 hierarchy lets us (`Groups`), a run with a limit of its tree gets a group as well: killed and stopped at one
blow, and held by the kernel itself where the controllers are there.

Membership: each run is spawned under its own soft RLIMIT_LOCKS, its tag. The limit has had no effect since Linux
2.4.25, but fork, exec, setsid and `env -i` all hand it on. Sessions alone lose every double fork.

Single-threaded, and it must never block: it is everybody's parent. That is also what makes it safe to change its own
directory, umask and limit around a spawn and to set them back.
"""

# ruff: noqa: PTH102, PTH106, PTH108, PTH110, PTH112, PTH116, PTH119, PTH120, PTH123, PTH208 - pathlib costs 2 MiB
# ruff: noqa: SIM105 - contextlib is not loaded otherwise
# ruff: noqa: PLR0917 - the arguments of an order are the wire's, by position

from __future__ import annotations

import errno
import heapq
import json
import os
import resource
import select
import signal
import socket
import stat
import struct
import sys
import time
from functools import partial  # in memory already, by way of re and enum

TYPE_CHECKING = False  # as in `typing`, which would cost 0.7 MiB
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, Final, TypeAlias

    Asked: TypeAlias = "dict[str, Any] | None"
    """What few runs ask for, by name, as it came from JSON: memory, cpu, RLIMITS, nice, ionice, affinity, user."""

PROTOCOL: Final = 9
"""Raised with every change of a message but for `wire.SHARED`, which is all that an engine of another number may say."""

RLIMIT_LOCKS: Final = 10  # the module `resource` has no name for it
PACKET: Final = 150 * 1024
"""Bytes sent as a packet; more travels as a memory file, since the socket's buffer (208 KiB) bounds a packet."""
PACKET_ROOM: Final = 256 * 1024
HOLD: Final = 0.006
"""Seconds that reports may be held while launches wait here: the engine need not wake for each of many short runs."""
PAUSE_PATIENCE: Final = 2.0
HOLD_LOOK: Final = 0.5
"""Seconds between two looks at a tree that has outlived its leader, at most."""
KILL_PATIENCE: Final = 10.0
"""Seconds of KILL after which what still lives (other users', stuck in the kernel) is reported instead of awaited."""
TIMEOUT_PLACE: Final = 7
"""Of the timeout among the arguments of `start`, behind the attempt."""
IDLE: Final = 60.0
FIRST_CALL: Final = 10.0
"""Seconds that a new keeper waits for its engine before its idle time begins to count."""
CPU_WINDOW: Final = 1.0
"""Seconds over which the cores of a tree that is not throttled are counted."""
CPU_SLACK: Final = 1.02
"""A tree of busy loops on as many cores as it may use is not beyond them: clocks are read one after the other."""
LIMITS_LATE: Final = 0.25
LIMITS_SOON: Final = 0.02
"""Seconds between two looks at runs with limits, at most and at least."""
FILLING: Final = 4 << 30
"""Bytes a second at which memory is filled by who does nothing else, on two cores."""
BURST: Final = 0.1
"""Seconds whose worth of CPU time a run with a limit of cores may save up."""
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
SECTOR: Final = 512
OUTPUT: Final = 3
"""The descriptor of the file for what a run hands on, where its user cannot reach it by name."""
RLIMITS: Final = {
    "cpu_time": resource.RLIMIT_CPU,
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
    "fsize": resource.RLIMIT_FSIZE,
    "core": resource.RLIMIT_CORE,
}
"""Limits that hold for each process, by their keys in the job file."""
CPU_TIME_GRACE: Final = 5
"""Seconds of CPU time between SIGXCPU and KILL."""
BY_FORK: Final = frozenset((*RLIMITS, "nice", "ionice", "affinity", "user", "cgroup"))
"""What can be asked for that only a forked child can do before the program begins."""
IOPRIO_SET: Final = {
    "x86_64": 251, "i686": 289, "aarch64": 30, "armv7l": 314, "riscv64": 30, "ppc64le": 273, "s390x": 282,
    "loongarch64": 30,
}  # fmt: skip
GROUP: Final = "jobqueue-tui-"
"""Begins the names of our control groups; the keeper's pid and when it began follow."""
CONTROLLERS: Final = frozenset({"cpu", "memory"})
CPU_PERIOD: Final = 100_000
"""Microseconds over which the kernel counts a quota."""
AUTOGROUP_RETRY: Final = 0.11
"""Seconds after which an ordinary user may set the niceness of a session again (the kernel takes ten a second)."""
REMEDIES: Final = ("kill", "throttle")
OWN: Final = frozenset({"launch", "limit", "adopt"})
"""What only an engine of the same version may say; the rest is `wire.SHARED`."""
KEPT_FOR: Final = 7 * 86400.0
FLOOR_SLACK: Final = 512 * 1024
"""The kernel counts resident pages per CPU and sums them loosely; closer to the keeper's own peak says nothing."""
TICKS: Final = os.sysconf("SC_CLK_TCK")
ALL_SIGNALS: Final = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})

encode: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def wall() -> int:
    """Microseconds since the epoch. The engine's injected clock cannot reach into another process."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) // 1000


def boot_ticks() -> int:
    """Now, as field 22 of /proc/PID/stat counts it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) * TICKS // 1_000_000_000


# -- processes of a run -------------------------------------------------------------------------------------------


class Member:
    """A living process that carries a run's tag, as it was at one sweep."""

    __slots__ = ("parent", "pid", "session", "state", "ticks", "waited")

    def __init__(self, pid: int, state: str, parent: int, session: int, ticks: int, waited: int) -> None:
        self.pid = pid
        self.state = state
        self.parent = parent
        self.session = session
        self.ticks = ticks
        self.waited = waited  # ticks of CPU time of children that it has waited for, and of theirs


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
    waited = int(fields[13]) + int(fields[14])
    return Member(pid, fields[0].decode(), int(fields[1]), int(fields[3]), int(fields[19]), waited)


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


def described(left: list[Member]) -> list[list[object]]:
    """Pid and command line of each, for the record."""
    named: list[list[object]] = []
    for member in left:
        command = proc_file(member.pid, "cmdline").rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
        named.append([member.pid, command[:200]])
    return named


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


# -- control groups -----------------------------------------------------------------------------------------------


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


def read_file(path: str) -> str:
    """A file of the kernel's; empty when it is not there."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def figure(text: str, name: str) -> int:
    """The number behind a name in a file of such lines; 0 when it is not among them."""
    for line in text.splitlines():
        found, _, number = line.partition(" ")
        if found == name:
            return int(number)
    return 0


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


def listed(folder: str) -> list[str]:
    """What is in a folder; nothing when it is gone, for other keepers sweep out as well."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def remove_group(path: str) -> bool:
    """Whether the group is gone."""
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


# -- one spawn ----------------------------------------------------------------------------------------------------


class SpawnError(Exception):
    """No process came to be: errno and the step that failed."""

    def __init__(self, code: int | None, step: str) -> None:
        super().__init__(step)
        self.code = code or errno.EINVAL
        self.step = step


def program(name: str, path: str) -> str:
    """Where `name` is, by the run's own PATH (posix_spawnp would take the keeper's)."""
    if "/" in name:
        return name
    code = errno.ENOENT
    for folder in path.split(":"):
        candidate = f"{folder or '.'}/{name}"
        if os.access(candidate, os.X_OK):
            if not os.path.isdir(candidate):
                return candidate
        elif os.path.exists(candidate):
            code = errno.EACCES
    raise OSError(code, os.strerror(code))


def open_log(path: str) -> int:
    """The log to append to. A FIFO or device put in its place must not hang or feed the keeper: regular files only."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file")
    os.set_blocking(fd, True)
    return fd


def text_file(text: str) -> int:
    """A file in memory that holds `text`. No pipe: nobody would be there to fill it when the engine is not."""
    fd = os.memfd_create("stdin")
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        os.lseek(fd, 0, os.SEEK_SET)
    except (OSError, ValueError):
        os.close(fd)
        raise
    return fd


def spawn(
    argv: list[str], env: dict[str, str], cwd: str, log_path: str, tag: int, umask: int, stdin: str, asked: Asked
) -> tuple[int, int, int]:
    """Start a process in a session of its own; pid, start ticks (lower bound) and how many ticks it may be later.

    The ticks come from the clock around the spawn: reading /proc/PID/stat would add 5 % to a short run.
    """
    opened: list[int] = []
    step = "log"
    try:
        log = open_log(log_path)
        opened.append(log)
        actions = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        if stdin:  # else /dev/null, which is the keeper's own
            step = "stdin"
            opened.append(text_file(stdin))
            actions.append((os.POSIX_SPAWN_DUP2, opened[-1], 0))
        if asked is not None and not BY_FORK.isdisjoint(asked):
            if "user" in asked and "JOB_OUTPUT" in env:
                step = "output"
                opened.append(output_file(env["JOB_OUTPUT"], asked["user"]))
                actions.append((os.POSIX_SPAWN_DUP2, opened[-1], OUTPUT))
            low = boot_ticks()
            pid = fork(argv, env, cwd, tag, umask, [(fd, to) for _, fd, to in actions], asked)
            return pid, low, boot_ticks() - low + 1
        step = "cwd"
        os.chdir(cwd)
        step = "exec"
        own = resource.getrlimit(RLIMIT_LOCKS)
        own_umask = os.umask(umask)
        resource.setrlimit(RLIMIT_LOCKS, (tag, own[1]))
        try:
            low = boot_ticks()
            pid = os.posix_spawn(
                program(argv[0], env.get("PATH", os.defpath)),
                argv,
                env,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=ALL_SIGNALS,
            )
            return pid, low, boot_ticks() - low + 1
        finally:
            resource.setrlimit(RLIMIT_LOCKS, own)
            os.umask(own_umask)
    except OSError as error:
        raise SpawnError(error.errno, "fork" if error.errno in (errno.EAGAIN, errno.ENOMEM) else step) from None
    except (ValueError, IndexError):  # a NUL in an argument, a `=` in a name, no argument at all
        raise SpawnError(errno.EINVAL, step) from None
    finally:
        os.chdir("/")
        for fd in opened:
            os.close(fd)


def output_file(path: str, user: tuple[int, int, list[int]]) -> int:
    """The file for what a run hands on, made for a user who cannot reach it: the engine's folders are closed to others."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        os.fchown(fd, user[0], user[1])
    except OSError:
        os.close(fd)
        raise
    return fd


def fork(
    argv: list[str],
    env: dict[str, str],
    cwd: str,
    tag: int,
    umask: int,
    files: list[tuple[int, int]],
    asked: dict[str, Any],
) -> int:
    """Start a process by fork, for what must hold before it begins and posix_spawn has no word for. SpawnError.

    It costs several times a posix_spawn, so only those pay who ask for it. The child names the step that failed through a pipe,
    which its exec closes.
    """
    heard, told = os.pipe2(os.O_CLOEXEC)
    try:
        pid = os.fork()
        if pid == 0:
            become(argv, env, cwd, tag, umask, files, asked, told)
    except OSError:
        os.close(heard)
        raise
    finally:
        os.close(told)
    with open(heard, "rb", buffering=0) as pipe:
        said = pipe.read(256)
    if said:
        os.waitpid(pid, 0)
        code, step = said.decode().split(" ")
        raise SpawnError(int(code), step)
    return pid


def become(
    argv: list[str], env: dict[str, str], cwd: str, tag: int, umask: int, files: list[tuple[int, int]], asked: dict[str, Any],
    told: int,
) -> None:  # fmt: skip
    """In the child: become the program, or say why not. Returns never."""
    step, code = "fork", errno.EINVAL
    try:
        for step in preparing(cwd, tag, umask, files, asked):  # noqa: B007 - the last one is the one that failed
            pass
        step = "exec"
        if "user" in asked and "JOB_OUTPUT" in env:  # by this process, so that its children need not have it open
            env["JOB_OUTPUT"] = f"/proc/{os.getpid()}/fd/{OUTPUT}"
        os.execve(  # noqa: S606 - what a job runs
            program(argv[0], env.get("PATH", os.defpath)), argv, env
        )
    except OSError as error:
        code = error.errno or code
    except (ValueError, IndexError, OverflowError):  # a NUL in an argument, a `=` in a name, no argument at all
        pass
    finally:
        os.write(told, f"{code} {step}".encode())
        os._exit(127)


def preparing(cwd: str, tag: int, umask: int, files: list[tuple[int, int]], asked: dict[str, Any]) -> Iterator[str]:
    """All that is done before the program begins, each step named before it is taken; what needs root comes before it is given up."""
    yield "fork"
    resource.setrlimit(RLIMIT_LOCKS, (tag, resource.getrlimit(RLIMIT_LOCKS)[1]))
    os.setsid()
    for fd, to in files:
        os.dup2(fd, to)
        os.set_inheritable(to, True)  # where it was that one already
    for number in ALL_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if "cgroup" in asked:  # before anything can be forked, that is how nobody is left outside
        yield "cgroup"
        fd = os.open(f"{asked['cgroup']}/cgroup.procs", os.O_WRONLY)
        os.write(fd, b"0")
        os.close(fd)
    for name, kind in RLIMITS.items():
        if name in asked:
            yield name
            limit = asked[name]
            hard = limit + CPU_TIME_GRACE if name == "cpu_time" else limit  # SIGXCPU first, KILL for who ignores it
            resource.prlimit(0, kind, (limit, hard))
    if "nice" in asked:
        yield "nice"
        os.setpriority(os.PRIO_PROCESS, 0, asked["nice"])
    if "ionice" in asked:
        yield "ionice"
        set_io_priority(*asked["ionice"])
    if "affinity" in asked:
        yield "affinity"
        os.sched_setaffinity(0, asked["affinity"])
    if "user" in asked:
        yield "user"
        uid, gid, groups = asked["user"]
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    yield "cwd"
    os.chdir(cwd)
    os.umask(umask)


def set_io_priority(io_class: int, level: int) -> None:
    """ioprio_set(2) for the calling process; the C library has no name for it."""
    import ctypes  # noqa: PLC0415 - `shield` has loaded it

    number = IOPRIO_SET.get(os.uname().machine)
    if number is None:
        raise OSError(errno.ENOSYS, "no number for ioprio_set here")
    if ctypes.CDLL(None, use_errno=True).syscall(number, 1, 0, io_class << 13 | level) != 0:
        raise OSError(ctypes.get_errno(), "ioprio_set")


# -- what the keeper keeps ----------------------------------------------------------------------------------------


class Run:
    """An attempt that lives, or whose tree is being ended."""

    __slots__ = (
        "answered",
        "at",
        "attempt",
        "backoff",
        "began",
        "behind",
        "beyond",
        "budget",
        "cause",
        "cpu",
        "deadline",
        "disk",
        "exceeded",
        "grace",
        "group",
        "held_since",
        "held_up",
        "kill_at",
        "late",
        "left",
        "log_path",
        "looked_at",
        "memory",
        "output",
        "over",
        "paused",
        "paused_at",
        "pausing_until",
        "pid",
        "pidfd",
        "quiet",
        "remedies",
        "seen",
        "slot",
        "span",
        "spent",
        "step",
        "stop_signal",
        "sustain",
        "swept_at",
        "tag",
        "throttled",
        "ticks",
        "timeout",
        "used",
        "waited",
    )  # fmt: skip

    def __init__(self, attempt: str, tag: int, at: int, pid: int, ticks: int, span: int, slot: bool) -> None:
        self.attempt = attempt
        self.tag = tag
        self.at = at
        self.pid = pid
        self.ticks = ticks
        self.span = span
        self.slot = slot
        self.stop_signal: int = signal.SIGTERM
        self.grace = 10.0
        self.pidfd = -1  # of a leader that is not the keeper's child: how it ends cannot be known
        self.began = time.monotonic()  # moved on by each pause: the timeout counts from here
        self.timeout: float | None = None
        self.deadline: Timer | None = None
        self.log_path = ""
        self.output = ""  # the file for what the run hands on
        self.quiet: Timer | None = None  # the next look for output
        self.paused_at = 0.0
        self.step: Timer | None = None  # the next look at a tree that is being paused or ended
        self.backoff = 0.0
        self.pausing_until: float | None = None
        self.seen: set[int] = set()
        self.paused = False
        self.cause: str | None = None  # why it is being ended; `rest`: its leader has, and the others are
        self.late = False  # its leader had ended by itself before somebody ended the others
        self.left = "release"  # what becomes of those who outlive the leader
        self.behind: list[list[object]] = []  # who did
        self.kill_at = float("inf")
        self.memory: int | None = None  # bytes that its tree may have
        self.exceeded: float | None = None  # bytes that it had, or cores that it used, when it was killed for them
        self.cpu: float | None = None  # cores that its tree may use
        self.used = 0.0  # CPU seconds of its tree, at the last look
        self.looked_at = self.began
        self.budget = 0.0  # CPU seconds that it may still use
        self.held_up = False  # stopped, because it has used more than its budget
        self.held_since = 0.0
        self.throttled = 0.0  # seconds that it was, in spans that are over
        self.remedies = REMEDIES  # what becomes of it beyond its memory, beyond its cores
        self.sustain = 0.0  # seconds on end that it must be beyond them
        self.beyond: dict[str, float] = {}  # since when it is
        self.answered: set[str] = set()  # beyond what it has been paused, or told, already
        self.group = ""  # its control group
        self.swept_at = 0.0  # when all processes were last looked through for those of its tree
        self.spent = self.waited = 0.0  # CPU seconds in a window of so many seconds
        self.disk: list[int | None] = [None, None]  # bytes read and written by the leader and whom it waited for
        self.over: list[object] | None = None  # at, exit code, signal, CPU seconds, peak bytes of the ended leader

    def started(self) -> list[object]:
        return ["started", self.attempt, self.at, self.pid, self.ticks, self.span]


class Timer:
    """A call at a monotonic time (which stands still in suspend, as timeouts should)."""

    __slots__ = ("call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call

    def __lt__(self, other: Timer) -> bool:
        return self.when < other.when

    def cancel(self) -> None:
        self.call = None


class Link:
    """One end of a connection (the engine uses it too): packets out, kept while the socket is full, and packets in."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.fd = connection.fileno()
        self.greeted = False
        self.foreign = False
        self.unsent: list[bytes] = []

    def send(self, messages: Sequence[list[object]]) -> None:
        self.unsent.append(encode(messages).encode("ascii"))
        self.push()

    def push(self) -> None:
        """Send what the socket takes. That the other end is gone is noticed by reading, not here."""
        try:
            while self.unsent:
                packet = self.unsent[0]
                if len(packet) <= PACKET:
                    self.socket.send(packet)
                else:
                    fd = os.memfd_create("packet")
                    try:
                        with open(fd, "wb", closefd=False) as file:
                            file.write(packet)
                        socket.send_fds(self.socket, [b"@"], [fd])
                    finally:
                        os.close(fd)
                del self.unsent[0]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self.unsent.clear()

    def close(self) -> None:
        self.socket.close()
        self.fd = -1

    def receive(self) -> list[list[object]] | None:
        """The messages of the next packet; None at the end. BlockingIOError when there is none yet."""
        try:
            data, fds, _, _ = socket.recv_fds(self.socket, PACKET_ROOM, 1, socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:  # the other end died with packets unread: an end like any other
            return None
        if fds:
            with open(fds[0], "rb") as file:
                file.seek(0)
                data = file.read()
        if not data:
            return None
        messages: list[list[object]] = json.loads(data)
        return messages


# -- the keeper ---------------------------------------------------------------------------------------------------


class Keeper:
    """All state, and one method per order. `serve` is the whole of its life."""

    def __init__(self, listener: socket.socket, path: str, idle: float) -> None:
        self.listener = listener
        self.path = path
        self.inode = inode(path)
        self.idle = idle
        self.engine: Link | None = None
        self.alone_since = time.monotonic() + FIRST_CALL
        self.goodbye = False
        self.limit = 0
        self.slots_taken = 0
        self.runs: dict[str, Run] = {}
        self.leaders: dict[int, Run] = {}
        self.orphans: dict[int, int | None] = {}  # children that no order made, and their tags; ours until reaped
        self.waiting: dict[str, list[Any]] = {}  # arguments of `start`, as they came from JSON
        self.kept: dict[str, list[object]] = {}
        self.reports: list[list[object]] = []
        self.held_since: float | None = None
        self.timers: list[Timer] = []
        self.limited: dict[str, Run] = {}  # runs with a limit of memory or cores
        self.limits_timer: Timer | None = None
        self.groups = Groups()
        self.floor = peak_of("self")
        self.children = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)
        self.alarm, bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.epoll = select.epoll()
        self.ready: dict[int, Callable[[], None]] = {}
        self.watch(listener.fileno(), self.accept)
        self.epoll.register(self.alarm, select.EPOLLIN)
        self.orders: dict[str, Callable[..., None]] = {
            "hello": self.hello,
            "launch": self.launch,
            "limit": self.set_limit,
            "withdraw": self.withdraw,
            "stop": self.stop,
            "pause": self.pause,
            "resume": self.resume,
            "signal": self.signal,
            "timeout": self.set_timeout,
            "acknowledge": self.acknowledge,
            "adopt": self.adopt,
            "goodbye": self.part,
        }

    def serve(self) -> None:
        """Until there is no more reason to live. Ends come first: they make room, and who asks is told the latest.

        The bell is emptied before children are reaped: one that ends in between rings again. The other way round its
        ring would be swallowed and its end wait for the next one's.
        """
        while not self.may_leave():
            woken = self.epoll.poll(self.patience())
            drain(self.alarm)
            self.reap()
            self.start_waiting()
            for fd, _ in woken:
                if fd in self.ready:
                    self.ready[fd]()
            self.start_waiting()
            self.run_timers()
            self.deliver()
        self.leave()

    # -- when to wake, when to leave

    def patience(self) -> float:
        """Seconds until something must be done; -1: nothing by the clock."""
        while self.timers and self.timers[0].call is None:
            heapq.heappop(self.timers)
        due = [self.timers[0].when] if self.timers else []
        if self.reports and self.held_since is not None:
            due.append(self.held_since + HOLD)
        if self.engine is None and not self.runs:
            leave = self.alone_since + self.idle
            now = time.monotonic()
            due.append(leave if leave > now else now + max(self.idle, 1.0))  # kept ends: look again now and then
        return max(0.0, min(due) - time.monotonic()) if due else -1

    def may_leave(self) -> bool:
        if self.engine is not None or self.runs:
            return False
        alone = time.monotonic() - self.alone_since
        if not self.kept and not self.waiting:
            return self.goodbye or alone >= self.idle
        return alone >= self.idle and (alone >= KEPT_FOR or not self.place())

    def place(self) -> str:
        """Where an engine finds us: the usual place, or the one to which another version has moved us; empty: nowhere."""
        for path in (self.path, f"{self.path}.{os.getpid()}"):
            if inode(path) == self.inode:
                return path
        return ""

    def leave(self) -> None:
        """The path goes before the listener: whoever is reset while knocking finds the place free."""
        if place := self.place():
            os.unlink(place)
        self.listener.close()
        self.groups.close()

    def later(self, delay: float, call: Callable[[], None]) -> Timer:
        timer = Timer(time.monotonic() + delay, call)
        heapq.heappush(self.timers, timer)
        return timer

    def run_timers(self) -> None:
        now = time.monotonic()
        while self.timers and (self.timers[0].call is None or self.timers[0].when <= now):
            call = heapq.heappop(self.timers).call
            if call is not None:
                call()

    def watch(self, fd: int, call: Callable[[], None]) -> None:
        self.ready[fd] = call
        self.epoll.register(fd, select.EPOLLIN)

    def unwatch(self, fd: int) -> None:
        del self.ready[fd]
        self.epoll.unregister(fd)

    # -- the engine comes, speaks and goes

    def accept(self) -> None:
        try:
            connection = self.listener.accept()[0]
        except OSError:  # it went away again, or there is no descriptor left: it will try again
            return
        uid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
        if self.engine is not None:
            self.hear()  # it may have died just before
        if uid != os.geteuid():
            connection.close()
            return
        link = Link(connection)
        if self.engine is None:
            self.engine = link
            self.watch(link.fd, self.hear)
        else:
            link.send([["refused", "another engine is connected"]])
            self.watch(link.fd, partial(self.see_off, link))

    def see_off(self, link: Link) -> None:
        """Hang up on the refused when they have: closing first, with their greeting unread, would eat our answer."""
        try:
            while link.receive() is not None:
                pass
        except (BlockingIOError, ValueError):
            return
        self.unwatch(link.fd)
        link.close()

    def hear(self) -> None:
        """Carry out all packets that are there."""
        link = self.engine
        try:
            while link is not None and link is self.engine:
                packet = link.receive()
                if packet is None:
                    self.lose_engine()
                    break
                for verb, *arguments in packet:
                    if not link.greeted and verb != "hello":
                        raise ValueError(f"{verb} before hello")
                    if link.foreign and verb in OWN:
                        raise ValueError(f"{verb} by an engine of another version")
                    self.orders[str(verb)](*arguments)
        except BlockingIOError:
            if link is not None:
                link.push()
        except (ValueError, TypeError, KeyError) as error:  # no engine of this protocol speaks so
            sys.stderr.write(f"keeper: connection dropped: {error!r}\n")
            sys.stderr.flush()
            self.lose_engine()

    def hello(self, protocol: int) -> None:
        engine = self.engine
        if engine is None:
            return
        engine.greeted = True
        engine.foreign = (
            protocol != PROTOCOL
        )  # it hears of what runs here and may end it; new runs are its own keeper's
        self.limit = 0  # what the last engine left in line starts when this one has seen it and said how many may run
        self.reports.clear()  # all of it is in what follows
        living = [[*run.started()[1:], run.paused, run.pidfd < 0] for run in self.runs.values()]
        groups = [self.groups.path, sorted(self.groups.controllers), self.groups.why]
        engine.send([["welcome", PROTOCOL, os.getpid(), living, list(self.kept.values()), list(self.waiting), groups]])

    def part(self) -> None:
        self.goodbye = True

    def lose_engine(self) -> None:
        if self.engine is not None:
            self.unwatch(self.engine.fd)
            self.engine.close()
            self.engine = None
            self.alone_since = time.monotonic()

    def deliver(self) -> None:
        """One packet for all reports of a wake; while launches wait here, for those of 2 ms."""
        engine = self.engine
        if engine is None or not engine.greeted:
            self.reports.clear()  # what matters is kept
        elif self.reports:
            now = time.monotonic()
            if self.held_since is None:
                self.held_since = now
            if not self.waiting or now >= self.held_since + HOLD:
                engine.send(self.reports)
                self.reports = []
                self.held_since = None
        if engine is not None and self.engine is engine:
            self.epoll.modify(engine.fd, select.EPOLLIN | (select.EPOLLOUT if engine.unsent else 0))

    # -- starts

    def launch(self, attempt: str, *rest: Any) -> None:  # Any: arguments of `start`, as they came from JSON
        """At once, or in line where `waits` (the last argument) says so. Known attempts are told again, never started again."""
        if attempt in self.runs:
            self.reports.append(self.runs[attempt].started())
        elif attempt in self.kept:
            self.reports.append(self.kept[attempt])
        elif attempt not in self.waiting:
            *now, waits = rest
            if waits:
                self.waiting[attempt] = now
            else:
                self.start(attempt, *now)

    def start(
        self, attempt: str, argv: list[str], env: dict[str, str], cwd: str, log_path: str, tag: int, umask: int,
        stdin: str, timeout: float | None, stop_signal: int, grace: float, slot: bool, idle: float | None,
        asked: Asked,
    ) -> None:  # fmt: skip
        at = wall()
        group = ""
        if asked is not None and self.groups.path and ("memory" in asked or "cpu" in asked):
            kills, throttles = asked.get("on_memory", "kill") == "kill", asked.get("on_cpu", "throttle") == "throttle"
            memory = asked.get("memory") if kills and not asked.get("sustain") else None
            group = self.groups.make(tag, memory, asked.get("cpu") if throttles else None)
            asked = {**asked, "cgroup": group} if group else asked
        try:
            pid, ticks, span = spawn(argv, env, cwd, log_path, tag, umask, stdin, asked)
        except SpawnError as error:
            if group:
                self.groups.drop(group)
            self.keep(attempt, ["spawn_failed", attempt, at, error.code, error.step])
            return
        run = Run(attempt, tag, at, pid, ticks, span, slot)
        self.leaders[pid] = run
        run.group = group
        run.output = env.get("JOB_OUTPUT", "")
        self.admit(run, timeout, stop_signal, grace)
        if idle is not None:
            run.log_path = log_path
            self.look_for_output(run, idle, None, run.began)
        if asked is not None:
            self.set_limits(run, asked)
        self.reports.append(run.started())

    def admit(self, run: Run, timeout: float | None, stop_signal: int, grace: float) -> None:
        run.stop_signal = stop_signal
        run.grace = grace
        self.runs[run.attempt] = run
        self.slots_taken += run.slot
        run.timeout = timeout
        self.set_deadline(run)

    def set_limit(self, running: int) -> None:
        self.limit = running

    def start_waiting(self) -> None:
        """Without an engine nothing new starts: its reasons to start it may be gone."""
        while self.waiting and self.slots_taken < self.limit and self.engine is not None and self.engine.greeted:
            attempt = next(iter(self.waiting))
            self.start(attempt, *self.waiting.pop(attempt))

    def withdraw(self, attempts: list[str]) -> None:
        self.reports.append(["withdrawn", [a for a in attempts if self.waiting.pop(a, None) is not None]])

    def acknowledge(self, attempts: list[str]) -> None:
        for attempt in attempts:
            self.kept.pop(attempt, None)

    def keep(self, attempt: str, report: list[object]) -> None:
        self.kept[attempt] = report
        self.reports.append(report)

    # -- ends

    def reap(self) -> None:
        """Everything that has ended: leaders, and orphans that came to us as their subreaper."""
        over: list[Run] = []
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            run = self.leaders.pop(pid, None)
            if run is None:
                self.orphans.pop(pid, None)
                continue
            code = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
            run.over = [
                wall(),
                code if code >= 0 else None,
                -code if code < 0 else None,
                cpu,
                self.peak(usage.ru_maxrss),
            ]
            run.disk = [usage.ru_inblock * SECTOR, usage.ru_oublock * SECTOR]
            over.append(run)
        if over:
            orphaned = self.orphaned_tags()
            for run in over:
                self.leader_over(run, run.tag in orphaned)

    def peak(self, max_rss: int) -> int | None:
        """A child's peak in bytes, unless it is hidden below the keeper's own, from which wait4 counts."""
        peak = max_rss * 1024
        if peak > self.floor + FLOOR_SLACK:
            self.floor = peak_of("self")
        return peak if peak > self.floor + FLOOR_SLACK else None

    def orphaned_tags(self) -> set[int | None]:
        """Tags of children that are no leaders. After a leader's end all that is left of its tree hangs below such a
        child, so one read of a short file per wake tells that nothing was left behind; a sweep per run would double its cost."""
        known: dict[int, int | None] = {}
        offset = 0
        while chunk := os.pread(self.children, 4096, offset):
            offset += len(chunk)
            for pid in map(int, chunk.split()):
                if pid not in self.leaders:
                    known[pid] = self.orphans[pid] if pid in self.orphans else tag_of(pid)
        self.orphans = known
        return set(known.values())

    def leader_over(self, run: Run, maybe_left: bool) -> None:
        if run.cause is None and run.group and figure(read_file(f"{run.group}/memory.events"), "oom_kill"):
            # the kernel was quicker than our look
            run.exceeded = int(read_file(f"{run.group}/memory.peak") or 0) or run.memory
            self.end(run, signal.SIGKILL, 0.0, "memory")
            run.late = False
        if run.cause is not None:
            self.end_tree(run)
            return
        left = members(run.tag) if maybe_left else []
        if left and run.left != "release":
            run.behind = described(left)
            if run.left == "kill":
                self.end(run, run.stop_signal, run.grace, "rest")
            else:
                if run.paused or run.pausing_until is not None:  # killed from outside: nobody would continue the rest
                    self.continue_tree(run)
                self.hold(run, 0.01)
            return
        # a leader that is stopped was killed from outside: nobody would ever continue the rest
        if run.paused or run.held_up or run.pausing_until is not None:
            for member in left:
                send_signal(member, run.tag, signal.SIGCONT)
        self.finish(run, left)

    def hold(self, run: Run, wait: float) -> None:
        """Its leader has ended: the run goes on until nobody of its tree is left. Limits, deadlines and stops hold for those as well."""
        if run.cause is not None:
            return  # being ended
        if not members(run.tag) and not members(run.tag):
            self.finish(run, [])
        else:
            self.next_step(run, wait, partial(self.hold, wait=min(wait * 2, HOLD_LOOK)))

    def leader_of_another_over(self, run: Run) -> None:
        self.drop_pidfd(run)
        run.over = [wall(), None, None, None, None]
        self.leader_over(run, True)

    def drop_pidfd(self, run: Run) -> None:
        self.unwatch(run.pidfd)
        os.close(run.pidfd)

    def finish(self, run: Run, left: list[Member]) -> None:
        for timer in (run.deadline, run.step, run.quiet):
            if timer is not None:
                timer.cancel()
        del self.runs[run.attempt]
        self.limited.pop(run.attempt, None)
        self.slots_taken -= run.slot
        # said here, where nothing else waits: most runs hand nothing on, and the engine need not look for it
        handed_on = os.access(run.output, os.F_OK, follow_symlinks=False) if run.output else None
        self.hold_up(run, False)
        throttled = round(run.throttled + self.drop_group(run), 3)
        cause = None if run.late else run.cause
        what = [*(run.over or ()), cause, described(left) or run.behind, handed_on, run.exceeded, *run.disk, throttled]
        self.keep(run.attempt, ["ended", run.attempt, *what])

    def drop_group(self, run: Run) -> float:
        """Seconds for which the kernel held the run up."""
        if not run.group:
            return 0.0
        held = figure(read_file(f"{run.group}/cpu.stat"), "throttled_usec") / 1e6
        self.groups.drop(run.group)
        return held

    # -- stop

    def time_out(self, run: Run) -> None:
        self.end(run, run.stop_signal, run.grace, "timeout")

    def set_deadline(self, run: Run) -> None:
        """By the run's timeout; none while it is paused or being ended."""
        if run.deadline is not None:
            run.deadline.cancel()
            run.deadline = None
        if run.timeout is not None and not run.paused and run.cause is None:
            left = run.began + run.timeout - time.monotonic()
            run.deadline = self.later(max(0.0, left), partial(self.time_out, run))

    def look_for_output(self, run: Run, idle: float, seen: tuple[int, int] | None, since: float) -> None:
        """End a run that has been silent for `idle` seconds; its log tells, looked at four times as often. `seen`: the log's
        size and time at the last look, unchanged since `since`. Pauses do not count."""
        if run.attempt not in self.runs or run.cause is not None:
            return
        now = time.monotonic()
        try:
            facts = os.stat(run.log_path)
            found = facts.st_size, facts.st_mtime_ns
        except OSError:  # removed while it runs: the job writes on into a file without a name
            found = 0, 0
        if found != seen or run.paused or run.pausing_until is not None:
            seen, since = found, now
        elif now - since >= idle:
            self.end(run, run.stop_signal, run.grace, "idle")
            return
        wait = min(max(idle / 4, 0.05), max(0.0, since + idle - now) + 0.001)
        run.quiet = self.later(wait, partial(self.look_for_output, run, idle, seen, since))

    def set_timeout(self, attempt: str, seconds: float | None) -> None:
        run = self.runs.get(attempt)
        if run is not None:
            run.timeout = seconds
            self.set_deadline(run)
        elif attempt in self.waiting:
            self.waiting[attempt][TIMEOUT_PLACE] = seconds

    def signal(self, attempt: str, number: int) -> None:
        run = self.runs.get(attempt)
        if run is not None:
            for member in members(run.tag):
                send_signal(member, run.tag, number)

    def stop(self, attempt: str, number: int, grace: float, cause: str) -> None:
        run = self.runs.get(attempt)
        if run is not None:
            self.end(run, number, grace, cause)
        elif attempt in self.waiting:
            self.withdraw([attempt])

    def end(self, run: Run, number: int, grace: float, cause: str) -> None:
        """Signal the tree now, KILL it after `grace`; the first cause stays, a later stop may only hasten it."""
        if run.cause is None:
            run.cause, run.late = cause, run.over is not None
        run.kill_at = min(run.kill_at, time.monotonic() + (0.0 if number == signal.SIGKILL else grace))
        run.backoff = 0.001
        if run.deadline is not None:
            run.deadline.cancel()
        found = members(run.tag)
        for member in found:
            send_signal(member, run.tag, number)
        if run.paused or run.held_up or run.pausing_until is not None:  # a stopped process takes no signal but KILL
            self.freeze(run, False)
            self.hold_up(run, False)
            run.paused = False
            run.pausing_until = None
            for member in found:
                send_signal(member, run.tag, signal.SIGCONT)
        # the leader's end wakes us; where it has ended already the others have to be looked at
        wait = run.kill_at - time.monotonic()
        self.next_step(run, min(wait, run.backoff) if run.over is not None else wait, self.end_tree)

    def end_tree(self, run: Run) -> None:
        """One look at a tree that has its signal: over when two sweeps find nobody, KILL when its grace is."""
        gone = run.over is not None
        left = members(run.tag)
        now = time.monotonic()
        killing = now >= run.kill_at
        if gone and ((not left and not members(run.tag)) or now >= run.kill_at + KILL_PATIENCE):
            self.finish(run, left)
            return
        if killing:
            if run.group:  # at one blow, so that nobody can fork out of it
                write_file(f"{run.group}/cgroup.kill", "1")
            for member in left:
                send_signal(member, run.tag, signal.SIGKILL)
        delay = run.backoff = min(run.backoff * 2, 0.1)
        if not killing:  # the leader's end wakes us, that of the others does not
            delay = min(delay, run.kill_at - now) if gone else run.kill_at - now
        self.next_step(run, delay, self.end_tree)

    def next_step(self, run: Run, delay: float, step: Callable[[Run], None]) -> None:
        if run.step is not None:
            run.step.cancel()
        run.step = self.later(delay, partial(step, run))

    # -- limits

    def set_limits(self, run: Run, asked: dict[str, Any]) -> None:
        run.left = asked.get("left_behind", run.left)
        run.memory, run.cpu = asked.get("memory"), asked.get("cpu")
        if "on_memory" in asked:
            run.remedies, run.sustain = (asked["on_memory"], asked["on_cpu"]), asked["sustain"]
        if run.memory is not None or run.cpu is not None:
            self.limited[run.attempt] = run
            self.enforce_soon(LIMITS_SOON)
        if "nice" in asked:
            self.be_nice(run, asked["nice"])

    def be_nice(self, run: Run, nice: int) -> None:
        """Where the kernel shares time among sessions first (autogroup), a process' own niceness says nothing to the others."""
        try:
            fd = os.open(f"/proc/{run.pid}/autogroup", os.O_WRONLY)
        except OSError:  # over, or a kernel without
            return
        try:
            os.write(fd, str(nice).encode())
        except BlockingIOError:
            if run.attempt in self.runs:
                self.later(AUTOGROUP_RETRY, partial(self.be_nice, run, nice))
        except OSError:  # below the keeper's own, which only root may
            pass
        finally:
            os.close(fd)

    def enforce_soon(self, delay: float) -> None:
        when = time.monotonic() + delay
        if self.limits_timer is None or self.limits_timer.call is None or when < self.limits_timer.when:
            if self.limits_timer is not None:
                self.limits_timer.cancel()
            self.limits_timer = self.later(delay, self.enforce)

    def enforce(self) -> None:
        """Look at all runs with limits, and again when the first of them could be beyond its own.

        In one sweep, but of those that have a group only now and then: nobody but root can have left it.
        """
        self.limits_timer = None
        now = time.monotonic()
        alone = {run.tag for run in self.limited.values() if not run.group or now - run.swept_at >= LIMITS_LATE}
        found = sweep(alone) if alone else {}
        for run in self.limited.values():
            if run.tag in found:
                run.swept_at = now
            else:
                found[run.tag] = grouped(run.group)
        delay = LIMITS_LATE
        for run in list(self.limited.values()):
            if run.cause is not None or (run.over is not None and run.left != "hold"):
                continue
            if run.memory is not None:
                delay = min(delay, self.enforce_memory(run, run.memory, found[run.tag]))
            if run.cpu is not None and run.cause is None:
                look = self.throttle if run.remedies[1] == "throttle" else self.enforce_cpu
                delay = min(delay, look(run, run.cpu, found[run.tag]))
        if self.limited:
            self.enforce_soon(delay)

    def enforce_memory(self, run: Run, limit: int, found: list[Member]) -> float:
        """Seconds until the tree could be beyond its limit, if it filled memory as fast as can be."""
        seen = sum(resident(member.pid) for member in found)
        if seen > limit:
            self.exceed(run, "memory", seen)
            return LIMITS_LATE
        self.keep_within(run, "memory")
        return max(LIMITS_SOON, (limit - seen) / FILLING)

    def enforce_cpu(self, run: Run, cores: float, found: list[Member]) -> float:
        """Count the cores that the tree uses, second by second; a pause counts as none. Seconds to the next look."""
        used, waited = self.cpu_used(run, found)
        run.spent += used
        run.waited += waited
        if run.waited >= CPU_WINDOW:
            seen = run.spent / run.waited
            if seen > cores * CPU_SLACK:
                run.beyond.setdefault("cpu", run.looked_at - run.waited)
                self.exceed(run, "cpu", round(seen, 2))
            else:
                self.keep_within(run, "cpu")
            run.spent = run.waited = 0.0
        return LIMITS_LATE

    def exceed(self, run: Run, limit: str, seen: float) -> None:
        """The tree is beyond a limit: when it has been for `sustain` seconds, do what the job says, once until it is back."""
        now = time.monotonic()
        remedy = run.remedies[limit == "cpu"]
        if now - run.beyond.setdefault(limit, now) < run.sustain or limit in run.answered:
            return
        if remedy == "kill":
            run.exceeded = seen
            self.end(run, signal.SIGKILL, 0.0, limit)
        elif remedy == "pause":
            run.answered.add(limit)
            if not run.paused and run.pausing_until is None:
                self.reports.append(["exceeded", run.attempt, wall(), limit, seen, True])
                self.pause(run.attempt)
        elif self.engine is not None:  # else it is told when there is one
            run.answered.add(limit)
            self.reports.append(["exceeded", run.attempt, wall(), limit, seen, False])

    def keep_within(self, run: Run, limit: str) -> None:
        run.beyond.pop(limit, None)
        run.answered.discard(limit)

    def hold_up(self, run: Run, held: bool) -> None:
        """Note that the limit of cores stops the tree, or that it does no more."""
        now = time.monotonic()
        if run.held_up:
            run.throttled += now - run.held_since
        run.held_up, run.held_since = held, now

    def cpu_used(self, run: Run, found: list[Member]) -> tuple[float, float]:
        """CPU seconds of the tree since the last look, and how long ago that was."""
        now, total = time.monotonic(), cpu_total(found, run.group)
        used, waited = max(0.0, total - run.used), now - run.looked_at
        run.used, run.looked_at = total, now
        return used, waited

    def throttle(self, run: Run, cores: float, found: list[Member]) -> float:
        """Stop the tree when it has used more CPU time than `cores` allow, until it has waited for that. Seconds to the next look.

        What it may use grows with time, up to BURST seconds' worth; a tree that was paused saves nothing.
        """
        if run.group and "cpu" in self.groups.controllers:
            return LIMITS_LATE  # the kernel does it
        used, waited = self.cpu_used(run, found)
        if run.paused or run.pausing_until is not None:
            return LIMITS_LATE
        run.budget = min(run.budget + cores * waited, cores * BURST) - used
        if run.held_up != (run.budget < 0):
            self.hold_up(run, not run.held_up)
            for member in found:
                send_signal(member, run.tag, signal.SIGSTOP if run.held_up else signal.SIGCONT)
        elif run.held_up:  # who was just being forked is awake
            for member in found:
                if member.state not in "Tt":
                    send_signal(member, run.tag, signal.SIGSTOP)
        return min(BURST, max(LIMITS_SOON, -run.budget / cores)) if run.held_up else BURST / 2

    # -- pause and resume

    def pause(self, attempt: str) -> None:
        run = self.runs.get(attempt)
        if run is None:
            return  # its end is on the way
        if run.cause is not None:
            self.reports.append(["pause_refused", attempt, wall(), "it is being stopped"])
        elif run.over is not None:
            self.reports.append(["pause_refused", attempt, wall(), "its command has ended, others of its tree live on"])
        elif run.paused:
            self.reports.append(["paused", attempt, wall()])
        elif run.pausing_until is None:
            run.pausing_until = time.monotonic() + PAUSE_PATIENCE
            run.seen = set()
            if run.group:
                self.freeze(run, True)
                self.next_step(run, 0.002, self.stop_frozen)
            else:
                self.still(run)

    def freeze(self, run: Run, frozen: bool) -> None:
        if run.group:
            write_file(f"{run.group}/cgroup.freeze", "1" if frozen else "0")

    def stop_frozen(self, run: Run) -> None:
        """Of a tree that stands still nobody forks between the look and the signal. It is let go at once: all stop before they
        do anything, and being stopped is what others see, and what a keeper that takes over finds."""
        for member in members(run.tag):
            send_signal(member, run.tag, signal.SIGSTOP)
        self.freeze(run, False)
        self.still(run)

    def still(self, run: Run) -> None:
        """Stop who is awake, until two sweeps in a row find the same processes and all of them stopped.

        One such sweep is not enough: a process may fork between being listed and being stopped. And a parent in the
        middle of vfork (any posix_spawn) sleeps in state D until its child has called exec: a child stopped before
        that is let go for a moment, or neither would ever get further. Where nobody is left the end is near.
        """
        found = members(run.tag)
        awake = [member for member in found if member.state not in "Tt"]
        for member in awake:
            send_signal(member, run.tag, signal.SIGSTOP)
        stuck = {member.pid for member in awake if member.state == "D"}
        for member in found:
            if member.parent in stuck and member.state == "T":
                send_signal(member, run.tag, signal.SIGCONT)
        pids = {member.pid for member in found}
        now = time.monotonic()
        if found and not awake and pids == run.seen:
            run.pausing_until = None
            self.hold_up(run, False)
            run.paused = True
            run.paused_at = now
            self.set_deadline(run)
            self.reports.append(["paused", run.attempt, wall()])
        elif run.pausing_until is not None and now >= run.pausing_until:
            self.continue_tree(run)
            why = (
                f"process {awake[0].pid} does not stop"
                if pids <= run.seen and awake
                else "it forks faster than it stops"
                if found
                else "its processes cannot be found"
            )
            self.reports.append(["pause_refused", run.attempt, wall(), why])
            run.answered.clear()
        else:
            run.seen = pids
            self.next_step(run, 0.002, self.still)

    def resume(self, attempt: str) -> None:
        run = self.runs.get(attempt)
        if run is None or run.cause is not None:
            return
        self.continue_tree(run)
        self.reports.append(["resumed", attempt, wall()])

    def continue_tree(self, run: Run) -> None:
        if run.step is not None:
            run.step.cancel()
        self.freeze(run, False)
        if run.paused:
            run.began += time.monotonic() - run.paused_at
        self.hold_up(run, False)
        run.paused = False
        run.pausing_until = None
        for member in members(run.tag):
            send_signal(member, run.tag, signal.SIGCONT)
        self.set_deadline(run)

    # -- runs of a keeper that was lost

    def adopt(
        self,
        references: list[
            tuple[str, int, int | None, int | None, bool, float | None, int, float, Asked, float | None, str, bool]
        ],
    ) -> None:
        """Take over what still runs of the attempts named; answered in one message.

        Each answer is `[attempt, started or null, paused, what is left of its tree without a leader]`.
        """
        found = sweep({reference[1] for reference in references})
        answers: list[object] = []
        for attempt, tag, pid, ticks, slot, timeout, stop_signal, grace, asked, idle, log_path, paused in references:
            leader = leader_among(found[tag], pid, ticks)
            if leader is None or attempt in self.runs:
                answers.append([attempt, None, False, described(found[tag])])
                continue
            age = (boot_ticks() - leader.ticks) / TICKS
            run = Run(attempt, tag, wall() - int(age * 1_000_000), leader.pid, leader.ticks, 1, slot)
            run.held_since = run.began
            run.held_up = leader.state == "T" and asked is not None and "cpu" in asked and not paused
            run.paused = leader.state == "T" and not run.held_up
            run.paused_at = run.began
            run.began -= age  # pauses under the lost keeper count as running: nobody knows them any more
            try:
                run.pidfd = os.pidfd_open(leader.pid)
            except ProcessLookupError:
                answers.append([attempt, None, False, []])
                continue
            self.watch(run.pidfd, partial(self.leader_of_another_over, run))
            mount, shown = group_mount() if asked is not None else ("", "")
            if mount and os.path.basename(group := group_of(leader.pid)) == f"{tag:x}":
                run.group = f"{mount}{group.removeprefix(shown)}"
                self.freeze(run, False)
            run.used = cpu_total(found[tag], run.group)
            run.looked_at = time.monotonic()
            self.admit(run, None if timeout is None else age + timeout, stop_signal, grace)
            if idle is not None:
                run.log_path = log_path
                self.look_for_output(run, idle, None, time.monotonic())
            if asked is not None:
                self.set_limits(run, asked)
            answers.append([attempt, run.started(), run.paused, []])
        self.reports.append(["adopted", answers])


def leader_among(found: list[Member], pid: int | None, ticks: int | None) -> Member | None:
    """The leader on record, or where no start is on record the first that leads a session (as every leader does).

    The recorded ticks are a lower bound from before the spawn: two seconds of a stalled machine are allowed for.
    """
    if pid is not None and ticks is not None:
        return next((m for m in found if m.pid == pid and ticks <= m.ticks <= ticks + 2 * TICKS), None)
    return min((m for m in found if m.session == m.pid), key=lambda m: m.ticks, default=None)


# -- the process --------------------------------------------------------------------------------------------------


def drain(fd: int) -> None:
    try:
        os.read(fd, 4096)
    except BlockingIOError:
        pass


def inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def listen(path: str) -> socket.socket:
    """The listening socket, 0600 from the first moment; a path too long for an address goes through its folder.

    OSError, too, when a keeper listens there already: it would lose its path, and with it its engine.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    own_umask = os.umask(0o177)
    try:
        address = f"/proc/self/fd/{folder}/{os.path.basename(path)}"
        if os.path.lexists(path):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
                if probe.connect_ex(address) == 0:
                    raise OSError(errno.EADDRINUSE, "another keeper listens here", path)
            os.unlink(path)
        listener.bind(address)
    finally:
        os.umask(own_umask)
        os.close(folder)
    listener.listen(8)
    listener.setblocking(False)
    return listener


def shield() -> None:
    """Orphans of runs come to us (PR_SET_CHILD_SUBREAPER), nobody of our user may trace us (PR_SET_DUMPABLE)."""
    import ctypes  # noqa: PLC0415 - loaded once, here, for two calls

    prctl = ctypes.CDLL(None).prctl
    prctl(36, 1, 0, 0, 0)
    prctl(4, 0, 0, 0, 0)


def main(arguments: list[str]) -> int:
    """`serve SOCKET [IDLE]`: ready, and in the background, when this call's process has ended with 0."""
    if len(arguments) not in (2, 3) or arguments[0] != "serve":
        sys.stderr.write("usage: keeper.py serve SOCKET [IDLE]\n")
        return 2
    path = arguments[1]
    listener = listen(path)
    if os.fork():
        return 0
    os.setsid()
    os.chdir("/")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    shield()
    Keeper(listener, path, float(arguments[2]) if len(arguments) == 3 else IDLE).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
