"""The verbs, as one table: what each acts on, its arguments with their kinds and bounds, one line of help.

The `ctl` subcommands, the routes of the control server and the keys of the console are read from here, so the words are
the same everywhere: hyphens on the command line, underscores in Python and JSON (20-engine, Verbs; 50-cli-server).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from types import MappingProxyType
from typing import Final, TypeAlias

from engine.model.record import Json
from engine.spec.job import PRIORITY_MAX, PRIORITY_MIN
from engine.spec.units import parse_duration

ArgValue: TypeAlias = "bool | int | float | None"


class Target(StrEnum):
    """What a verb can act on."""

    JOB = "job"
    RUN = "run"
    ENGINE = "engine"


class ArgKind(StrEnum):
    """What an argument's value is. A duration is seconds, or text such as `10m`."""

    FLAG = "flag"
    INTEGER = "integer"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument. `least` and `most` bound an integer; `positional`: it stands last on the command line, without `--`."""

    name: str
    kind: ArgKind
    help: str
    required: bool = False
    positional: bool = False
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. `done` is the word that reports it: `etl: paused`."""

    name: str
    on: frozenset[Target]
    help: str
    done: str
    args: tuple[Arg, ...] = ()


class BadArguments(ValueError):  # noqa: N818 - says what is the case
    """Arguments that a verb does not take, misses or cannot read; the text names every one of them."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, checked against the table. Asking for a name that the verb lacks is a KeyError."""

    values: Mapping[str, ArgValue]

    def flag(self, name: str) -> bool:
        """A flag; False when it was not given."""
        return bool(self.values[name])

    def integer(self, name: str) -> int:
        """A required integer."""
        value = self.values[name]
        assert isinstance(value, int), "required integers are checked when the call is read"
        return value

    def seconds(self, name: str) -> float | None:
        """A duration in seconds; None when it was not given."""
        value = self.values[name]
        return None if value is None else float(value)


_PRIORITY_SPAN: Final = PRIORITY_MAX - PRIORITY_MIN

_TABLE: Final = (
    Verb(
        "trigger",
        frozenset({Target.JOB}),
        "Start a run now; the schedule is untouched.",
        "triggered",
        (Arg("bypass", ArgKind.FLAG, "do not wait for the jobs it needs"),),
    ),
    Verb(
        "pause",
        frozenset({Target.JOB, Target.RUN}),
        "Pause the active runs, or hold the job when nothing runs.",
        "paused",
        (Arg("for", ArgKind.DURATION, "resume by itself after this long"),),
    ),
    Verb(
        "resume",
        frozenset({Target.JOB, Target.RUN}),
        "Resume paused runs, release a hold, let a stopped job go on.",
        "resumed",
    ),
    Verb(
        "stop",
        frozenset({Target.JOB, Target.RUN}),
        "End the active runs with their whole process trees.",
        "stopping",
        (
            Arg("job", ArgKind.FLAG, "keep the job stopped until it is resumed"),
            Arg("grace", ArgKind.DURATION, "time between the stop signal and KILL"),
        ),
    ),
    Verb(
        "bump",
        frozenset({Target.JOB}),
        "Raise or lower the priority; waiting runs are re-ordered at once.",
        "bumped",
        (
            Arg(
                "by",
                ArgKind.INTEGER,
                "how much; negative lowers",
                required=True,
                least=-_PRIORITY_SPAN,
                most=_PRIORITY_SPAN,
            ),
        ),
    ),
    Verb(
        "priority",
        frozenset({Target.JOB}),
        "Set the priority; waiting runs are re-ordered at once.",
        "set",
        (
            Arg(
                "priority",
                ArgKind.INTEGER,
                "higher runs first",
                required=True,
                positional=True,
                least=PRIORITY_MIN,
                most=PRIORITY_MAX,
            ),
        ),
    ),
    Verb(
        "shutdown",
        frozenset({Target.ENGINE}),
        "Start nothing more, let runs finish for a while, stop the rest, end the engine.",
        "shutting down",
        (
            Arg("drain", ArgKind.DURATION, "how long runs may still take; default: the job file's"),
            Arg("leave", ArgKind.FLAG, "let runs go on; the next engine takes them over"),
        ),
    ),
)

VERBS: Final[Mapping[str, Verb]] = MappingProxyType({verb.name: verb for verb in _TABLE})
"""All verbs by name."""


def read_arguments(verb: Verb, given: Mapping[str, Json]) -> Arguments:
    """The arguments of `verb` from JSON values by name; null is as good as absent.

    BadArguments names every unknown, missing, unreadable and out-of-range one at once.
    """
    problems = [
        f"{verb.name} has no argument {name!r}" for name in given if name not in {arg.name for arg in verb.args}
    ]
    values: dict[str, ArgValue] = {}
    for arg in verb.args:
        value = given.get(arg.name)
        if value is None:
            if arg.required:
                problems.append(f"{arg.name} is missing")
            values[arg.name] = None
            continue
        try:
            values[arg.name] = _read(arg, value)
        except ValueError as fault:
            problems.append(f"{arg.name}: {fault}")
    if problems:
        raise BadArguments("; ".join(problems))
    return Arguments(MappingProxyType(values))


def _read(arg: Arg, value: Json) -> ArgValue:
    match arg.kind, value:
        case ArgKind.FLAG, bool():
            return value
        case ((ArgKind.INTEGER | ArgKind.DURATION), bool()):
            pass  # True is an int to Python, to nobody else
        case ArgKind.INTEGER, int():
            if (arg.least is not None and value < arg.least) or (arg.most is not None and value > arg.most):
                raise ValueError(f"{value} is not between {arg.least} and {arg.most}")
            return value
        case ArgKind.DURATION, str():
            return parse_duration(value)
        case ArgKind.DURATION, int() | float():
            if not (isfinite(value) and value >= 0):
                raise ValueError(f"{value} is not a duration of 0 seconds or more")
            return float(value)
    raise ValueError(f"expected {_EXPECTED[arg.kind]}, got {type(value).__name__}")


_EXPECTED: Final = {
    ArgKind.FLAG: "true or false",
    ArgKind.INTEGER: "a whole number",
    ArgKind.DURATION: "seconds or text such as 10m",
}
