"""Typed inputs of a job: what `params:` declares, the values that a run is given, and which names nobody may declare.

A value is text everywhere below: it becomes a variable of the environment, or part of an argument. Its type decides
which texts are taken, and in which form (`007` as `int` is `7`, and no program has to guess).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from math import isfinite
from types import MappingProxyType
from typing import Final

from engine.values import sealed

MASK: Final = "***"
"""Stands for a value that is not shown."""

LONGEST_VALUE: Final = 65_536
"""Bytes of one value; Linux hands over twice that in one piece."""

_RESERVED: Final = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "PWD", "OLDPWD"),
        *("IFS", "ENV", "BASH_ENV", "BASHOPTS", "SHELLOPTS", "CDPATH", "GLOBIGNORE", "PS4", "PROMPT_COMMAND"),
        *("PERL5OPT", "PERL5LIB", "PERL5DB", "RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS"),
        *("GCONV_PATH", "LOCPATH", "NLSPATH", "HOSTALIASES", "RES_OPTIONS", "TERMINFO", "TERMCAP", "NOTIFY_SOCKET"),
        *("RUN_ID", "ATTEMPT", "SCHEDULED_AT", "SCHEDULED_DATE"),
        *("EXIT_CODE", "RUN_STATUS", "ERROR", "LOG_FILE", "LAST_LINES"),
    }
)
_RESERVED_BEGINNINGS: Final = ("LD_", "JOB_", "MATRIX_", "JOBQUEUE_", "BASH_FUNC_", "PYTHON", "GIT_", "SSH_", "DYLD_")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")


class ParamType(StrEnum):
    """What a parameter's values are."""

    STRING = "string"
    INT = "int"
    NUMBER = "number"
    BOOL = "bool"
    PATH = "path"


@sealed(frozen=True, slots=True)
class Param:
    """One declared parameter; `default` and `enum` are values in their own form. None: it has no value until given one."""

    default: str | None = None
    type: ParamType = ParamType.STRING
    enum: tuple[str, ...] = ()
    description: str = ""
    secret: bool = False
    """Its value is in the environment only, and shown to nobody."""
    required: bool = False
    """No run without a value."""

    def read(self, text: str) -> str:
        """The value that `text` stands for, in its own form. ValueError: why it is none."""
        value = form(self.type, text)
        if self.enum:
            if value not in self.enum:
                raise ValueError(f"is not one of {', '.join(self.enum)}")
        elif self.type in {ParamType.STRING, ParamType.PATH} and value.startswith("-") and value != self.default:
            # As an argument it would be an option of whatever program the job runs.
            raise ValueError("begins with -, which a program takes for an option; list it in `enum` if it is meant")
        return value


def form(kind: ParamType, text: str) -> str:
    """A text as a value of this type, in the type's own form. ValueError: why it is none."""
    if "\0" in text:
        raise ValueError("holds a NUL character, which no program can be given")
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_VALUE:
        raise ValueError(f"is longer than {LONGEST_VALUE:,} bytes; put it in a file")
    match kind:
        case ParamType.STRING:
            return text
        case ParamType.INT:
            if not _INTEGER.fullmatch(text):
                raise ValueError("is not a whole number")
            return str(int(text))
        case ParamType.NUMBER:
            return _number(text)
        case ParamType.BOOL:
            if text not in {"true", "false"}:
                raise ValueError("is not true or false")
            return text
        case ParamType.PATH:
            if not text or "\n" in text:
                raise ValueError("is not a path")
            return text


def _number(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or not text.isascii() or "_" in text or text != text.strip():
        raise ValueError("is not a number")
    return text


def described(param: Param) -> dict[str, str | bool | list[str] | None]:
    """All of it for whoever asks a person for a value; a secret default is not told."""
    return {
        "default": MASK if param.secret and param.default else param.default,
        "type": param.type.value,
        "enum": list(param.enum),
        "description": param.description,
        "secret": param.secret,
        "required": param.required,
    }


@sealed(frozen=True, slots=True)
class Given:
    """The values of one run, by name, and which of them are shown to nobody."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    secret: frozenset[str] = frozenset()

    def shown(self) -> dict[str, str]:
        """The values for records, audit and screens: secret ones as `***`."""
        return {name: MASK if name in self.secret else value for name, value in self.values.items()}

    def to_text(self) -> str | None:
        """As it is stored; None for no values."""
        return json.dumps([dict(self.values), sorted(self.secret)]) if self.values else None

    @classmethod
    def from_text(cls, text: str | None) -> Given:
        """The inverse of `to_text`."""
        if text is None:
            return NOTHING_GIVEN
        values, secret = json.loads(text)
        return cls(MappingProxyType(values), frozenset(secret))


NOTHING_GIVEN: Final = Given()


class BadParams(ValueError):  # noqa: N818 - says what is the case
    """Values that a job does not take; the text names every one of them and repeats no value."""


def take(declared: Mapping[str, Param], given: Mapping[str, str]) -> Given:
    """The values of a run: what is given over the defaults. BadParams for names that are not declared, for values of
    another type, and when one that is required is missing."""
    if not declared and not given:
        return NOTHING_GIVEN
    faults = [f"there is no parameter {_named(name)}" for name in given if name not in declared]
    values: dict[str, str] = {}
    for name, param in declared.items():
        try:
            value = param.read(given[name]) if name in given else param.default
        except ValueError as fault:
            faults.append(f"{name} {fault}")
            continue
        if value is not None:
            values[name] = value
        elif param.required:
            faults.append(f"{name} has no value")
    if faults:
        raise BadParams("; ".join(faults))
    return Given(MappingProxyType(values), frozenset(name for name, param in declared.items() if param.secret))


def defaults(declared: Mapping[str, Param]) -> Given:
    """The values of a run that nobody gave any."""
    if not declared:
        return NOTHING_GIVEN
    values = {name: param.default for name, param in declared.items() if param.default is not None}
    return Given(MappingProxyType(values), frozenset(name for name, param in declared.items() if param.secret))


def masked(declared: Mapping[str, Param], given: Mapping[str, str]) -> dict[str, str]:
    """What may be written down of values that somebody gave: a name that is not declared may be a misspelt secret."""
    return {
        _named(name): value if name in declared and not declared[name].secret else MASK for name, value in given.items()
    }


def reserved(name: str) -> bool:
    """May nobody declare this name: it steers shells, loaders or interpreters, or belongs to the engine."""
    upper = name.upper()
    return upper in _RESERVED or upper.startswith(_RESERVED_BEGINNINGS)


def read_settings(texts: Iterable[str]) -> dict[str, str]:
    """`KEY=VALUE` texts of a command line by name. ValueError for one without `=`, and for a name that comes twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ValueError("--set takes NAME=VALUE")
        if name in found:
            raise ValueError(f"--set {_named(name)} is given twice")
        found[name] = value
    return found


def _named(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"
