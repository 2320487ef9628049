"""Readers of what a job takes and may take of the machine: reserve, limits, user and group."""

from __future__ import annotations

import math
import re
from typing import Final, TypeVar

from engine.jobfile.draft import Draft, Key
from engine.jobfile.fields import Reader, choice, duration, expected, integer, matching, number, size
from engine.jobfile.nodes import Node, Scalar, Seq
from engine.jobfile.nodes import integer as as_integer
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import Alias, read_map, table
from engine.spec.job import Reserve
from engine.spec.limits import (
    LEAST_CPU,
    LEAST_MEMORY,
    NICEST,
    NO_LIMITS,
    ON_EXCEED,
    UNLIMITED,
    IoClass,
    IoNice,
    Limits,
    OnExceed,
    Remedy,
)
from engine.spec.units import format_duration, format_size

T = TypeVar("T")

MOST_PROCESSORS: Final = 8192
"""As many as Linux can be built for."""
LAST_ACCOUNT: Final = (1 << 32) - 2
_MOST: Final = 1 << 30
_SPAN: Final = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
_CLASSES: Final = {"idle": IoClass.IDLE, "best-effort": IoClass.BEST_EFFORT, "realtime": IoClass.REALTIME}
_IONICE: Final = re.compile(r"(idle)|(best-effort|realtime)(?::([0-7]))?")

_size: Final = size()

_RESERVE_CPU: Final = Key("cpu", number(0, 4096))
_RESERVE_MEMORY: Final = Key("memory", _size)
_RESERVE: Final = table("`reserve`", [_RESERVE_CPU, _RESERVE_MEMORY])


def reserve(r: Reading, node: Node) -> Draft | Bad:
    """What must be free to start: {cpu, memory}."""
    return read_map(r, node, _RESERVE)


def build_reserve(draft: Draft | None) -> Reserve | None:
    """What was read."""
    return None if draft is None else Reserve(draft.get(_RESERVE_CPU, 0.0), draft.get(_RESERVE_MEMORY, 0))


def _memory(r: Reading, node: Node) -> int | Bad:
    got = _size(r, node)
    if got is not BAD and got < LEAST_MEMORY:
        return r.problem(node, f"is {format_size(got)}, a limit must be at least {format_size(LEAST_MEMORY)}")
    return got


def _whole_seconds(r: Reading, node: Node) -> int | Bad:
    """The kernel counts CPU time in whole seconds: a part of one is rounded up."""
    got = duration(1.0)(r, node)
    return BAD if got is BAD else math.ceil(got)


def _core(r: Reading, node: Node) -> int | Bad:
    return UNLIMITED if isinstance(node, Scalar) and node.text == "unlimited" else _size(r, node)


def _ionice(r: Reading, node: Node) -> IoNice | Bad:
    match = _IONICE.fullmatch(node.text) if isinstance(node, Scalar) else None
    if match is None:
        return expected(r, node, "idle, best-effort[:0-7] or realtime[:0-7]")
    io_class = _CLASSES[match[1] or match[2]]
    return IoNice(io_class) if match[3] is None else IoNice(io_class, int(match[3]))


def _affinity(r: Reading, node: Node) -> tuple[int, ...] | Bad:
    """A list of numbers, or a text as taskset takes it: `0-3,6`."""
    if isinstance(node, Seq):
        given = [as_integer(one) if isinstance(one, Scalar) else None for one in node.items]
        spans = [(one, one) for one in given if one is not None]
    elif isinstance(node, Scalar):
        parts = [_SPAN.fullmatch(part.strip()) for part in node.text.split(",")]
        spans = [(int(part[1]), int(part[2] or part[1])) for part in parts if part is not None]
        given = [None if part is None else 0 for part in parts]
    else:
        given, spans = [None], []
    if not spans or None in given or any(low > high for low, high in spans):
        return expected(r, node, "numbers of processors, such as [0, 1] or 0-3,6")
    found = {one for low, high in spans for one in range(low, high + 1)}
    if min(found) < 0 or max(found) >= MOST_PROCESSORS:
        return r.problem(node, f"names processors outside 0 to {MOST_PROCESSORS - 1}")
    return tuple(sorted(found))


_remedy: Final = choice(Remedy)


def _for_memory(r: Reading, node: Node) -> Remedy | Bad:
    got = _remedy(r, node)
    if got is Remedy.THROTTLE:
        return r.problem(node, "memory cannot be throttled: what a process has it has", "write kill, pause or warn")
    return got


ON_MEMORY: Final = Key("memory", _for_memory)
ON_CPU: Final = Key("cpu", _remedy)
_SUSTAIN: Final = Key("sustain", duration())
_ON_EXCEED: Final = table("`on_exceed`", [ON_MEMORY, ON_CPU, _SUSTAIN])
ON_EXCEED_KEY: Final = Key("on_exceed", lambda r, node: read_map(r, node, _ON_EXCEED))

_CPU: Final = Key("cpu", number(LEAST_CPU, 4096))
_MEMORY: Final = Key("memory", _memory)
_CPU_TIME: Final = Key("cpu_time", _whole_seconds)
_NOFILE: Final = Key("nofile", integer(3, _MOST))
_NPROC: Final = Key("nproc", integer(1, _MOST))
_FSIZE: Final = Key("fsize", _size)
_CORE: Final = Key("core", _core)
_NICE: Final = Key("nice", integer(-20, NICEST))
_IONICE_KEY: Final = Key("ionice", _ionice)
_AFFINITY: Final = Key("affinity", _affinity)


def _seed_limit(read: Reader[T]) -> Reader[T | None]:
    """In the seeds' files 0 is no limit."""

    def read_it(r: Reading, node: Node) -> T | Bad | None:
        return None if isinstance(node, Scalar) and node.text in {"0", "0.0"} else read(r, node)

    return read_it


_LIMITS: Final = table(
    "`limits`",
    [_CPU, _MEMORY, _CPU_TIME, _NOFILE, _NPROC, _FSIZE, _CORE, _NICE, _IONICE_KEY, _AFFINITY, ON_EXCEED_KEY],
    aliases={
        "CPULimit": Alias("cpu", read=_seed_limit(_CPU.read)),
        "cpu_limit": Alias("cpu", read=_seed_limit(_CPU.read)),
        "MemoryLimit": Alias("memory", read=_seed_limit(_MEMORY.read)),
        "memory_limit": Alias("memory", read=_seed_limit(_MEMORY.read)),
    },
)


def limits(r: Reading, node: Node) -> Draft | Bad:
    """What a run may use."""
    return read_map(r, node, _LIMITS)


def build_limits(draft: Draft | None) -> Limits:
    """What was read."""
    if draft is None:
        return NO_LIMITS
    return Limits(
        cpu=draft.get(_CPU, None),
        memory=draft.get(_MEMORY, None),
        cpu_time=draft.find(_CPU_TIME),
        nofile=draft.find(_NOFILE),
        nproc=draft.find(_NPROC),
        fsize=draft.find(_FSIZE),
        core=draft.find(_CORE),
        nice=draft.find(_NICE),
        ionice=draft.find(_IONICE_KEY),
        affinity=draft.find(_AFFINITY),
        on_exceed=_on_exceed(draft.find(ON_EXCEED_KEY)),
    )


def _on_exceed(draft: Draft | None) -> OnExceed:
    if draft is None:
        return ON_EXCEED
    return OnExceed(
        draft.get(ON_MEMORY, ON_EXCEED.memory), draft.get(ON_CPU, ON_EXCEED.cpu), draft.get(_SUSTAIN, ON_EXCEED.sustain)
    )


def limits_in_words(limits: Limits) -> dict[str, object]:
    """The limits by key, as a file has them."""
    words: dict[str, object] = {}
    for name in ("cpu", "memory", "cpu_time", "nofile", "nproc", "fsize", "core", "nice"):
        value = getattr(limits, name)
        if value is None:
            continue
        if value == UNLIMITED and name == "core":
            words[name] = "unlimited"
        elif name in {"memory", "fsize", "core"}:
            words[name] = format_size(value)
        elif name == "cpu_time":
            words[name] = f"{value}s"
        else:
            words[name] = value
    if limits.ionice is not None:
        io_class = limits.ionice.io_class
        word = next(word for word, one in _CLASSES.items() if one is io_class)
        words["ionice"] = word if io_class is IoClass.IDLE else f"{word}:{limits.ionice.level}"
    if limits.affinity is not None:
        words["affinity"] = [*limits.affinity]
    if limits.memory is not None or limits.cpu is not None:
        on = limits.on_exceed
        words["on_exceed"] = {
            **({} if limits.memory is None else {"memory": on.memory.value}),
            **({} if limits.cpu is None else {"cpu": on.cpu.value}),
            "sustain": format_duration(on.sustain),
        }
    return words


_account: Final = matching(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\$?", "a name or a number of the system's users or groups")


def account(r: Reading, node: Node) -> str | Bad:
    """A user or group. One number more would be the kernel's word for "as it is"."""
    got = _account(r, node)
    if got is not BAD and got.isdigit() and int(got) > LAST_ACCOUNT:
        return r.problem(node, f"is beyond {LAST_ACCOUNT}, the last number of a user or group")
    return got
