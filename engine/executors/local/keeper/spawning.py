"""One spawn: a process in a session of its own, under its tag, with its files."""

from __future__ import annotations

import errno
import os
import resource

from .files import text_file, to_append
from .forking import ALL_SIGNALS, BY_FORK, OUTPUT, SpawnError, fork, program
from .kernel import boot_ticks
from .processes import RLIMIT_LOCKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .forking import Asked


def spawn(
    argv: list[str], env: dict[str, str], cwd: str, log_path: str, tag: int, umask: int, stdin: str, asked: Asked
) -> tuple[int, int, int]:
    """Start a process in a session of its own; pid, start ticks (lower bound) and how many ticks it may be later.

    The ticks come from the clock around the spawn: reading /proc/PID/stat would add 5 % to a short run.
    """
    opened: list[int] = []
    step = "log"
    try:
        log = to_append(log_path, os.O_WRONLY)
        opened.append(log)
        actions = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        if stdin:  # else /dev/null, which is the keeper's own
            step = "stdin"
            opened.append(text_file(stdin))
            actions.append((os.POSIX_SPAWN_DUP2, opened[-1], 0))
        if asked is not None and not BY_FORK.isdisjoint(asked):
            if "user" in asked and "JOB_OUTPUT" in env:
                step = "output"  # made for a user who cannot reach it: the engine's folders are closed to others
                opened.append(to_append(env["JOB_OUTPUT"], os.O_RDWR))
                actions.append((os.POSIX_SPAWN_DUP2, opened[-1], OUTPUT))
                step = "user"  # whoever may not give files away may not become another either
                os.fchown(opened[-1], *asked["user"][:2])
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
    except (ValueError, IndexError, OverflowError):
        # a NUL in an argument, a `=` in a name, no argument at all, no number that a user could have
        raise SpawnError(errno.EINVAL, step) from None
    finally:
        os.chdir("/")
        for fd in opened:
            os.close(fd)
