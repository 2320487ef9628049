"""The clean environment of the contract (10-job-file): the same at a desk, under systemd and after a reboot."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from engine.runtime.identity import UnknownAccount, user_facts
from engine.spec.job import JobSpec
from engine.spec.params import MASK
from engine.spec.secret import FromCommand, FromFile, FromVariable
from engine.spec.template import at_start, variable

TOLD: Final = ("JOB_ID", "RUN_ID", "JOB_RUN_ID", "ATTEMPT", "SCHEDULED_AT", "SCHEDULED_DATE")
"""The facts of a run that are variables of its environment as well."""


def inherited(spec: JobSpec, environ: Mapping[str, str]) -> dict[str, str]:
    """What the job's `inherit` lets pass."""
    names = environ if "*" in spec.inherit else spec.inherit
    return {name: environ[name] for name in names if name in environ}


class Variable(NamedTuple):
    """A variable that a run of the job will have. `value` None: known only then, or a secret; `origin` says more."""

    name: str
    value: str | None
    origin: str


def describe(
    spec: JobSpec, environ: Mapping[str, str], zone: str, from_files: Collection[str] = ()
) -> tuple[Variable, ...]:
    """The environment of the job's runs, by the contract. No secret is read, and none is shown.

    `from_files`: which of its variables environment files set.
    """
    found: dict[str, Variable] = {}
    for one in _in_order(spec, environ, zone, from_files):
        found.pop(one.name, None)
        found[one.name] = one
    return tuple(found.values())


def _in_order(spec: JobSpec, environ: Mapping[str, str], zone: str, from_files: Collection[str]) -> Iterator[Variable]:
    try:
        facts = user_facts(environ, spec.user)
    except UnknownAccount:  # on another machine, where it is only shown
        facts = user_facts(environ) | dict.fromkeys(("HOME", "USER", "LOGNAME", "SHELL"), "")
    for name, value in facts.items():
        yield Variable(name, value or None, "the contract" if value else f"the contract, of {spec.user}")
    yield Variable("TZ", spec.timezone or zone, "timezone")
    for name, value in inherited(spec, environ).items():
        yield Variable(name, value, "inherit")
    for name in (*TOLD, "JOB_OUTPUT"):
        yield Variable(name, spec.id if name == "JOB_ID" else None, "of the run")
    known = {"JOB_ID": spec.id} | {
        f"params.{name}": one.default for name, one in spec.params.items() if one.default is not None
    }
    known |= {f"matrix.{name}": values[0] for name, values in spec.matrix.items()}
    for name, value in spec.env.items():
        yield Variable(name, at_start(value, known), "env_file" if name in from_files else "env")
    for name, secret in spec.secrets.items():
        match secret:
            case FromFile(path=path):
                yield Variable(name, None, f"secret, file {path}")
            case FromVariable(name=source):
                yield Variable(name, None, f"secret, the engine's {source}")
            case FromCommand():
                yield Variable(name, None, "secret, printed by its command")
    for name, param in spec.params.items():
        shown = MASK if param.secret and param.default is not None else param.default
        yield Variable(name, shown, "param" if param.default is not None else "param, not set without a value")
    for name, values in spec.matrix.items():
        yield Variable(variable("matrix", name), values[0], f"matrix, one of {len(values)}")
    for need in spec.needs:
        yield Variable(variable("needs", f"{need.job}.outputs.*"), None, f"outputs of {need.job}")
