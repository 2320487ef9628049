"""The looks that `doctor` takes at the machine, one each. They change nothing but for a control group that is made and removed."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from engine.executors.local.enforcement import GroupsFound, enforcement
from engine.executors.local.keeper.groups import Groups
from engine.model.record import Json
from engine.spec.units import round_size
from engine.values import sealed

_LOW: Final = 0.05
"""Of a disk: below this the engine warns."""
_STA_UNSYNC: Final = 0x0040
_CLOCK_BAD: Final = 5


@sealed(frozen=True, slots=True)
class Finding:
    """`state`: `ok`, `lacking` (the product does with less), `missing` (it does not work here), else what was found."""

    what: str
    state: str
    then: str
    """What the product does."""

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {"what": self.what, "state": self.state, "then": self.then}


def examine() -> list[Finding]:
    """All of them, in the order of the layers: kernel, limits, files, terminal."""
    return [*_kernel(), *_limits(), *_files(), *_terminal()]


def _tried(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, AttributeError):
        return False
    return True


def _kernel() -> Iterator[Finding]:
    def pidfd() -> None:
        fd = os.pidfd_open(os.getpid())
        try:
            select.select([fd], [], [], 0)
        finally:
            os.close(fd)

    yield _needed(
        "pidfd", _tried(pidfd), "processes are signalled by descriptor: a pid that was given anew is never hit"
    )
    subreaper = ctypes.c_int()
    has = ctypes.CDLL(None).prctl(37, ctypes.byref(subreaper), 0, 0, 0) == 0
    yield _needed("subreaper", has, "orphans of runs come to the keeper, which reaps them")
    yield _needed("/proc", Path("/proc/self/stat").exists(), "trees are found, sampled and bounded by it")
    if _tried(lambda: os.close(_timerfd())):
        yield Finding("timerfd", "ok", "due times are met through steps of the clock")
    else:
        yield Finding("timerfd", "lacking", "the clock is read again at least once a minute")
    yield Finding("clock", *_clock())


def _timerfd() -> int:
    fd = ctypes.CDLL(None, use_errno=True).timerfd_create(0, os.O_CLOEXEC)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create")
    return int(fd)


def _clock() -> tuple[str, str]:
    """adjtimex(2), asked only: the kernel knows whether somebody keeps the clock."""
    asked = ctypes.create_string_buffer(512)
    state = ctypes.CDLL(None).adjtimex(asked)
    status = int.from_bytes(asked.raw[40:44], sys.byteorder) if sys.maxsize > 2**32 else 0
    if state < 0:
        return "unknown", "nobody can be asked whether the clock is kept"
    if state == _CLOCK_BAD or status & _STA_UNSYNC:
        return "not synchronised", "steps of the clock are noted and survived; times may be off"
    return "ok", "synchronised"


def _needed(what: str, has: bool, then: str) -> Finding:
    return Finding(what, "ok" if has else "missing", then if has else "the engine needs it: Linux 5.4 or newer")


def _limits() -> Iterator[Finding]:
    groups = Groups()
    groups.close()
    found = GroupsFound(groups.path, frozenset(groups.controllers), groups.why)
    if found.controllers:
        yield Finding("cgroup", "ok", f"below {Path(found.path).parent}: {', '.join(sorted(found.controllers))}")
    elif found.path:
        yield Finding(
            "cgroup",
            "lacking",
            f"below {Path(found.path).parent}, without controllers: runs are killed at one blow",
        )
    else:
        yield Finding("cgroup", "lacking", f"{found.why}; under systemd: Delegate=yes, DelegateSubgroup=engine")
    for one in enforcement(found):
        less = "needs root" in one.how or "cgroup delegated" in one.how or "cgroup without" in one.how
        yield Finding(one.limit, "lacking" if less else "ok", one.how)


def _files() -> Iterator[Finding]:
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    there = next(path for path in (state, *state.parents) if path.exists())
    usage = shutil.disk_usage(there)
    room = f"{round_size(usage.free)} of {round_size(usage.total)} free below {there}"
    low = usage.free < usage.total * _LOW
    yield Finding("disk", "low" if low else "ok", room)
    writable = os.access(there, os.W_OK)
    yield Finding(
        "state", "ok" if writable else "lacking", str(state) if writable else f"{there} cannot be written: --state-dir"
    )
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    own = bool(runtime) and Path(runtime or "").is_dir()
    yield Finding(
        "runtime folder",
        "ok" if own else "lacking",
        str(runtime) if own else "the control socket lies in the state folder",
    )


def _terminal() -> Iterator[Finding]:
    term, colours = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    if term in {"", "dumb"} or not sys.stdout.isatty():
        yield Finding("terminal", "lacking", "no console; --no-ui, ctl and logs work")
    elif colours in {"truecolor", "24bit"}:
        yield Finding("colours", "ok", "16 million")
    else:
        yield Finding("colours", "lacking", f"those of {term}; COLORTERM=truecolor says that it has more")
    utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    yield Finding(
        "braille",
        "ok" if utf8 else "lacking",
        "sparklines: \u28c0\u28e4\u28f6\u28ff" if utf8 else "the locale is not UTF-8",
    )
