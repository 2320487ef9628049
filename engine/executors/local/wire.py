"""Orders and reports as the keeper's messages: JSON lists `[verb, *arguments]`, the arguments by position.

`keeper.link.PROTOCOL` numbers what stands here. JSON, because marshal would win two hundredths and tie both ends to one
interpreter version; by position, because names would double the bytes of a launch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from engine.executors.local.enforcement import GroupsFound
from engine.executors.local.keeper.link import PROTOCOL
from engine.ports.executor import (
    Acknowledge,
    AttemptId,
    Cause,
    Disk,
    Ended,
    Exceeded,
    Identity,
    Launch,
    LeftBehind,
    Limit,
    Order,
    Pause,
    Paused,
    PauseRefused,
    Report,
    Resume,
    Resumed,
    SetTimeout,
    Signal,
    SpawnFailed,
    Started,
    Stop,
    Withdraw,
    Withdrawn,
)
from engine.spec.job import OnLeftBehind
from engine.spec.limits import NO_LIMITS, ON_EXCEED, Limits
from engine.values import lean

Message: TypeAlias = list[object]
"""A JSON list; what stands in it is checked by the patterns here."""

SHARED: Final = """
hello PROTOCOL · stop · pause · resume · signal · timeout · withdraw · acknowledge · goodbye
welcome PROTOCOL PID LIVING KEPT WAITING … · started · ended ATTEMPT AT CODE SIGNAL CPU PEAK CAUSE LEFT … · spawn_failed
withdrawn · paused · pause_refused · resumed
"""
"""What keepers and engines of all versions have in common, so that runs outlive upgrades with their exit codes: these messages
keep their arguments for ever, and get new ones only where the dots are. Who is of another version neither launches nor
adopts; the rest of a message, and messages that are not known, are passed over."""

HELLO: Final[Message] = ["hello", PROTOCOL]
GOODBYE: Final[Message] = ["goodbye"]


_CAUSES: Final = frozenset(cause.value for cause in Cause)


class WireError(ValueError):
    """A message that no keeper of this protocol sends."""

    def __init__(self, message: object) -> None:
        super().__init__(f"not understood: {str(message)[:200]}")


@lean(frozen=True, slots=True)
class Living:
    """A run that the keeper has."""

    started: Started
    paused: bool
    exit_known: bool
    """False: adopted from a keeper that was lost; nobody can wait for it."""


@lean(frozen=True, slots=True)
class Welcome:
    """The keeper's answer to an engine: itself, and all it holds."""

    protocol: int
    pid: int
    living: tuple[Living, ...]
    kept: tuple[Ended | SpawnFailed, ...]
    waiting: tuple[AttemptId, ...]
    groups: GroupsFound


@lean(frozen=True, slots=True)
class TurnedAway:
    """The keeper does not serve this engine: it has one, or speaks another protocol (`version`)."""

    why: str
    version: int | None = None


@lean(frozen=True, slots=True)
class Reference:
    """A run of a lost keeper, to be taken over: as `Launch`, `pid` and `ticks` None where no start is known."""

    attempt: AttemptId
    tag: int
    pid: int | None
    ticks: int | None
    slot: bool = True
    timeout: float | None = None
    stop_signal: int = 15
    grace: float = 10.0
    limits: Limits = NO_LIMITS
    idle: float | None = None
    log_path: str = ""
    left_behind: OnLeftBehind = OnLeftBehind.RELEASE
    paused: bool = False
    """By an operator: one that is found stopped and was not paused was held up by the limit of its cores."""


@lean(frozen=True, slots=True)
class Adoption:
    """What became of a `Reference`: taken over (`living`), or without a leader, with what is left of its tree."""

    attempt: AttemptId
    living: Living | None
    left: tuple[LeftBehind, ...]


@lean(frozen=True, slots=True)
class Adopted:
    """The answer to one `adopt`, in its order."""

    answers: tuple[Adoption, ...]


def encode(order: Order) -> Message:
    """The message of an order."""
    match order:
        case Launch():
            return [
                "launch",
                order.attempt,
                list(order.argv),
                dict(order.env),
                order.cwd,
                order.log_path,
                order.tag,
                order.umask,
                order.stdin,
                order.timeout,
                order.stop_signal,
                order.grace,
                order.slot,
                order.idle,
                None
                if order.limits is NO_LIMITS and order.identity is None and order.left_behind is OnLeftBehind.RELEASE
                else _asked(order.limits, order.left_behind, order.identity),
                order.waits,
            ]
        case Acknowledge(attempts):
            return ["acknowledge", list(attempts)]
        case Limit(running):
            return ["limit", running]
        case Withdraw(attempts):
            return ["withdraw", list(attempts)]
        case Stop(attempt, signal, grace, cause):
            return ["stop", attempt, signal, grace, cause.value]
        case Pause(attempt):
            return ["pause", attempt]
        case Resume(attempt):
            return ["resume", attempt]
        case Signal(attempt, number):
            return ["signal", attempt, number]
        case SetTimeout(attempt, seconds):
            return ["timeout", attempt, seconds]


def _asked(limits: Limits, left_behind: OnLeftBehind, identity: Identity | None = None) -> dict[str, object] | None:
    """What few jobs ask for, by name; None: nothing."""
    asked = limits.given()
    on = limits.on_exceed
    if on is not ON_EXCEED:
        asked |= {"on_memory": on.memory.value, "on_cpu": on.cpu.value, "sustain": on.sustain}
    if limits.ionice is not None:
        asked["ionice"] = [limits.ionice.io_class.value, limits.ionice.level]
    if left_behind is not OnLeftBehind.RELEASE:
        asked["left_behind"] = left_behind.value
    if identity is not None:
        asked["user"] = [identity.uid, identity.gid, list(identity.groups)]
    return asked or None


def encode_adopt(references: Sequence[Reference]) -> Message:
    """The order that makes a keeper take over runs of a lost one."""
    return [
        "adopt",
        [
            [
                *(r.attempt, r.tag, r.pid, r.ticks, r.slot, r.timeout, r.stop_signal, r.grace),
                *(_asked(r.limits, r.left_behind), r.idle, r.log_path, r.paused),
            ]
            for r in references
        ],
    ]


def decode(message: object) -> Report | Welcome | TurnedAway | Adopted:
    """The report of a message. WireError for what is none."""
    match message:
        case ["started", str(attempt), int(at), int(pid), int(ticks), int(span)]:
            return Started(attempt, at, pid, ticks, span)
        case ["ended" | "spawn_failed", *_]:
            return _final(message)
        case ["withdrawn", [*attempts]]:
            return Withdrawn(_texts(attempts))
        case ["paused", str(attempt), int(at)]:
            return Paused(attempt, at)
        case ["pause_refused", str(attempt), int(at), str(why)]:
            return PauseRefused(attempt, at, why)
        case ["exceeded", str(attempt), int(at), str(limit), float() | int() as seen, bool(pausing)] if (
            limit in _CAUSES
        ):
            return Exceeded(attempt, at, Cause(limit), seen, pausing)
        case ["resumed", str(attempt), int(at)]:
            return Resumed(attempt, at)
        case ["welcome", int(protocol), int(pid), [*living], [*kept], [*waiting], *rest]:
            holds = tuple(map(_living, living)), tuple(map(_final, kept)), _texts(waiting)
            return Welcome(protocol, pid, *holds, _groups(rest))
        case ["refused", str(why)]:
            return TurnedAway(why)
        case ["version", int(version)]:
            return TurnedAway(f"it speaks version {version}", version)
        case ["adopted", [*answers]]:
            return Adopted(tuple(map(_adoption, answers)))
        case _:
            raise WireError(message)


def _final(message: object) -> Ended | SpawnFailed:
    match message:
        case [
            "ended",
            str(attempt),
            int(at),
            int() | None as code,
            int() | None as signal,
            float() | int() | None as cpu,
            int() | None as peak,
            str() | None as cause,
            [*left],
            *rest,
        ]:
            named = None if cause is None else Cause(cause) if cause in _CAUSES else Cause.STOP
            behind = tuple(map(_left, left))
            match rest:
                case [
                    bool() | None as handed_on,
                    float() | int() | None as exceeded,
                    int() | None as read,
                    int() | None as written,
                    float() | int() as throttled,
                ]:
                    disk = None if read is None or written is None else Disk(read, written)
                    return Ended(
                        attempt, at, code, signal, cpu, peak, named, behind, handed_on, exceeded, throttled, disk
                    )
                case _:  # of another version
                    return Ended(attempt, at, code, signal, cpu, peak, named, behind)
        case ["spawn_failed", str(attempt), int(at), int(code), str(step)]:
            return SpawnFailed(attempt, at, code, step)
        case _:
            raise WireError(message)


def _groups(rest: list[object]) -> GroupsFound:
    match rest:
        case [[str(path), [*controllers], str(why)]]:
            return GroupsFound(path, frozenset(_texts(controllers)), why)
        case _:
            return GroupsFound("", frozenset(), "a keeper of another version")


def _left(item: object) -> LeftBehind:
    match item:
        case [int(pid), str(command)]:
            return LeftBehind(pid, command)
        case _:
            raise WireError(item)


def _living(item: object) -> Living:
    match item:
        case [str(attempt), int(at), int(pid), int(ticks), int(span), bool(paused), bool(exit_known)]:
            return Living(Started(attempt, at, pid, ticks, span), paused, exit_known)
        case _:
            raise WireError(item)


def _adoption(item: object) -> Adoption:
    match item:
        case [str(attempt), None, bool(), [*left]]:
            return Adoption(attempt, None, tuple(map(_left, left)))
        case [str(attempt), ["started", *started], bool(paused), []]:
            return Adoption(attempt, _living([*started, paused, False]), ())
        case _:
            raise WireError(item)


def _texts(items: list[object]) -> tuple[str, ...]:
    texts = tuple(item for item in items if isinstance(item, str))
    if len(texts) != len(items):
        raise WireError(items)
    return texts
