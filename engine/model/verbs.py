"""The verbs, as one table: what each acts on, its arguments with their kinds and bounds, one line of help.

The `ctl` subcommands, the routes of the control server and the keys of the console are read from here, so the words are
the same everywhere: hyphens on the command line, underscores in Python and JSON (20-engine, Verbs; 50-cli-server).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from math import isfinite
from signal import Signals, valid_signals
from types import MappingProxyType
from typing import Final, TypeAlias

from engine.clock import Instant, instant
from engine.model.record import Json
from engine.spec.job import PRIORITY_MAX, PRIORITY_MIN
from engine.spec.units import parse_duration
from engine.values import sealed

ArgValue: TypeAlias = "bool | int | float | str | Mapping[str, str] | None"


class Target(StrEnum):
    """What a verb can act on."""

    JOB = "job"
    RUN = "run"
    """One that runs or waits."""
    RECORD = "record"
    """A run on record; a job stands for its newest one, or for all of them that are meant."""
    TAG = "tag"
    """A tag as such, not the jobs that have it now."""
    ENGINE = "engine"


class ArgKind(StrEnum):
    """What an argument's value is. A duration is seconds, or text such as `10m`; a signal a number or a name; a time ISO
    8601, without an offset in the zone of the engine's machine; a path is absolute."""

    FLAG = "flag"
    INTEGER = "integer"
    DURATION = "duration"
    SIGNAL = "signal"
    TIME = "time"
    TEXT = "text"
    VALUES = "values"
    """Texts by name; on the command line `NAME=VALUE`, once for each."""
    PATH = "path"


@sealed(frozen=True, slots=True)
class Arg:
    """One argument. `least` and `most` bound an integer; `positional`: it stands last on the command line, without `--`."""

    name: str
    kind: ArgKind
    help: str
    option: str = ""
    """Its word on the command line, where that is another one."""
    required: bool = False
    positional: bool = False
    least: int | None = None
    most: int | None = None


@sealed(frozen=True, slots=True)
class Verb:
    """One verb. `done` is the word that reports it: `etl: paused`."""

    name: str
    on: frozenset[Target]
    help: str
    done: str
    args: tuple[Arg, ...] = ()


class BadArguments(ValueError):  # noqa: N818 - says what is the case
    """Arguments that a verb does not take, misses or cannot read; the text names every one of them."""


@sealed(frozen=True, slots=True)
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

    def time(self, name: str) -> Instant | None:
        """A time; None when it was not given."""
        value = self.values[name]
        assert value is None or isinstance(value, int)
        return value

    def text(self, name: str) -> str:
        """A text; empty when it was not given."""
        return str(self.values[name] or "")

    def by_name(self, name: str) -> Mapping[str, str]:
        """Texts by name; none when they were not given."""
        value = self.values[name]
        return value if isinstance(value, Mapping) else MappingProxyType({})

    def required_seconds(self, name: str) -> float:
        """A required duration in seconds."""
        value = self.seconds(name)
        assert value is not None, "required durations are checked when the call is read"
        return value

    def seconds(self, name: str) -> float | None:
        """A duration in seconds; None when it was not given."""
        value = self.values[name]
        assert value is None or isinstance(value, int | float | str)
        return None if value is None else float(value)


LONGEST_TEXT: Final = 1_000
LONGEST_PATH: Final = 4_096
"""Characters of a reason."""

_PRIORITY_SPAN: Final = PRIORITY_MAX - PRIORITY_MIN

_TABLE: Final = (
    Verb(
        "trigger",
        frozenset({Target.JOB}),
        "Start a run now; the schedule is untouched.",
        "triggered",
        (
            Arg("params", ArgKind.VALUES, "a value for a parameter of the job", option="set"),
            Arg("bypass", ArgKind.FLAG, "do not wait for the jobs it needs"),
            Arg("downstream", ArgKind.FLAG, "then everything that needs it, in order"),
            Arg("yes", ArgKind.FLAG, "it is meant: the job says manual: confirm"),
        ),
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
        "kill",
        frozenset({Target.JOB, Target.RUN}),
        "End the active runs at once, without stop signal and grace.",
        "killed",
    ),
    Verb(
        "signal",
        frozenset({Target.JOB, Target.RUN}),
        "Send a signal to every process of the active runs.",
        "signalled",
        (Arg("signal", ArgKind.SIGNAL, "a name such as USR1, or a number", required=True, positional=True),),
    ),
    Verb("suspend", frozenset({Target.JOB}), "Let the schedule stand still; runs by hand stay possible.", "suspended"),
    Verb("unsuspend", frozenset({Target.JOB}), "Let the schedule go on.", "unsuspended"),
    Verb(
        "skip_next",
        frozenset({Target.JOB}),
        "Skip the next occurrence of the schedule, or a later one; one at a time.",
        "occurrence changed",
        (
            Arg("at", ArgKind.TIME, "the planned time of the one that is meant; default: the next one"),
            Arg("undo", ArgKind.FLAG, "do not skip it after all"),
        ),
    ),
    Verb(
        "postpone",
        frozenset({Target.JOB}),
        "Let the next occurrence start later than its schedule says; the ones after it come as ever.",
        "postponed",
        (
            Arg("at", ArgKind.TIME, "only if its planned time is this one"),
            Arg("by", ArgKind.DURATION, "how much later; 0s: as the schedule says", required=True, positional=True),
        ),
    ),
    Verb(
        "bump",
        frozenset({Target.JOB, Target.RUN}),
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
        frozenset({Target.JOB, Target.RUN}),
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
        "set_timeout",
        frozenset({Target.JOB}),
        "Set how long an attempt may run, those in progress included; 0: any time.",
        "timeout set",
        (Arg("timeout", ArgKind.DURATION, "counted from the start, without pauses", required=True, positional=True),),
    ),
    Verb(
        "rerun",
        frozenset({Target.RECORD}),
        "Run a run on record once more, for the same planned time.",
        "started again",
    ),
    Verb(
        "backfill",
        frozenset({Target.JOB}),
        "Run the occurrences of a span, whatever became of them before.",
        "backfilled",
        (
            Arg("from", ArgKind.TIME, "the first planned time that is meant", required=True),
            Arg("to", ArgKind.TIME, "the last one", required=True),
            Arg("parallel", ArgKind.INTEGER, "so many at once; default: 1", least=1, most=100_000),
        ),
    ),
    Verb(
        "reload",
        frozenset({Target.ENGINE}),
        "Take the job file as it stands there now; without --yes only what takes no job away and runs none at once.",
        "reloaded:",
        (
            Arg("yes", ArgKind.FLAG, "although jobs vanish, or run at once"),
            Arg("stop", ArgKind.FLAG, "stop the runs of jobs that vanish; else they end by themselves"),
        ),
    ),
    Verb("enable", frozenset({Target.JOB}), "Let a disabled job follow its schedule.", "enabled"),
    Verb(
        "disable", frozenset({Target.JOB}), "Treat a job as if it were not in the file; what runs goes on.", "disabled"
    ),
    Verb(
        "hold",
        frozenset({Target.JOB, Target.TAG, Target.ENGINE}),
        "Let nothing start, of jobs, of a tag or at all; what runs goes on.",
        "held",
        (
            Arg("all", ArgKind.FLAG, "every job"),
            Arg("for", ArgKind.DURATION, "release by itself after this long"),
            Arg("reason", ArgKind.TEXT, "why; shown wherever something waits for it"),
        ),
    ),
    Verb(
        "release",
        frozenset({Target.JOB, Target.TAG, Target.ENGINE}),
        "End a hold.",
        "released",
        (Arg("all", ArgKind.FLAG, "the hold of every job"),),
    ),
    Verb(
        "ack",
        frozenset({Target.RECORD}),
        "Acknowledge a bad end: it leaves the Inbox and stays on record.",
        "acknowledged",
        (Arg("reason", ArgKind.TEXT, "what was done about it"),),
    ),
    Verb(
        "add",
        frozenset({Target.ENGINE}),
        "Add the jobs of a job file, all of them or none; kept over restarts.",
        "added",
        (Arg("path", ArgKind.PATH, "the file, on the engine's machine", required=True, positional=True),),
    ),
    Verb(
        "remove",
        frozenset({Target.JOB}),
        "Take jobs away, over restarts, too; their runs end first and stay on record.",
        "removed",
        (Arg("stop", ArgKind.FLAG, "stop their runs instead of letting them end"),),
    ),
    Verb(
        "backup",
        frozenset({Target.ENGINE}),
        "Copy the state to a new file while the engine runs; put back, it starts held.",
        "copied",
        (Arg("path", ArgKind.PATH, "where to, on the engine's machine", required=True, positional=True),),
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
        case ((ArgKind.INTEGER | ArgKind.DURATION | ArgKind.SIGNAL), bool()):
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
        case ArgKind.SIGNAL, str() | int():
            return _signal(value)
        case ArgKind.TIME, str():
            return instant(datetime.fromisoformat(value).astimezone())
        case ArgKind.TEXT, str():
            if len(value) > LONGEST_TEXT:
                raise ValueError(f"longer than {LONGEST_TEXT} characters")
            return value
        case ArgKind.VALUES, dict():
            return _by_name(value)
        case ArgKind.PATH, str():
            if not value.startswith("/") or "\0" in value or len(value) > LONGEST_PATH:
                raise ValueError("expected an absolute path")
            return value
    raise ValueError(f"expected {_EXPECTED[arg.kind]}, got {type(value).__name__}")


def _by_name(given: Mapping[str, Json]) -> Mapping[str, str]:
    """JSON's own booleans and numbers are taken in the form in which they were sent."""
    found: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(value, str | bool | int | float):
            raise ValueError(f"{name[:60]} is not a text, a number, true or false")
        found[name] = value if isinstance(value, str) else json.dumps(value)
    return MappingProxyType(found)


def _signal(value: str | int) -> int:
    """A signal's number, from a number or from a name with or without SIG."""
    text = str(value).upper()
    if text.isascii() and text.isdigit():
        if int(text) in valid_signals():
            return int(text)
        raise ValueError(f"there is no signal {text[:20]}")
    try:
        return Signals[text if text.startswith("SIG") else f"SIG{text}"].value
    except KeyError:
        raise ValueError(f"there is no signal {text[:20]!r}") from None


_EXPECTED: Final = {
    ArgKind.FLAG: "true or false",
    ArgKind.INTEGER: "a whole number",
    ArgKind.DURATION: "seconds or text such as 10m",
    ArgKind.SIGNAL: "a signal's name or number",
    ArgKind.TIME: "a time such as 2026-01-31T02:00",
    ArgKind.TEXT: "a text",
    ArgKind.VALUES: "an object of texts by name",
    ArgKind.PATH: "an absolute path",
}
