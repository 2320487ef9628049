"""A start by fork, for what must hold before the program begins and posix_spawn has no word for."""

from __future__ import annotations

import errno
import os
import resource
import signal

from .processes import RLIMIT_LOCKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final, TypeAlias

    Asked: TypeAlias = "dict[str, Any] | None"
    """What few runs ask for, by name, as it came from JSON: memory, cpu, RLIMITS, nice, ionice, affinity, user."""

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
AS_IT_IS: Final = frozenset((-1, (1 << 32) - 1))
"""Numbers that setresuid(2) takes for no change: nobody has them, and who asked for one would stay root."""
IOPRIO_SET: Final = {
    "x86_64": 251, "i686": 289, "aarch64": 30, "armv7l": 314, "riscv64": 30, "ppc64le": 273, "s390x": 282,
    "loongarch64": 30,
}  # fmt: skip
ALL_SIGNALS: Final = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


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
        if not AS_IT_IS.isdisjoint((uid, gid, *groups)):
            raise OSError(errno.EINVAL, "no number of a user")
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
