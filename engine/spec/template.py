"""`${NAME}` in plain fields: what is known at load is put in then, what belongs to a run is put in when it starts.

The forms are `${NAME}`, `${NAME:-default}` (unset or empty: the default), `$${`, a literal `${`, and `${$}`, a literal
dollar sign. `$NAME` without braces means nothing here. Shell text is never substituted: its values arrive as
environment variables.

Between the two steps a text is still a template: `at_load` leaves the names of a run standing (its facts, parameters
and matrix item, outputs of needed runs) and escapes every `${` that came out of a value, so that `at_start` can never
take data for a template. Fields in that state are the elements of `Argv`, `working_dir`, the values of `env`, and
`stdin`. The alternative, a flag per text, would have to travel with each of them through store and wire.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

Lookup: TypeAlias = Callable[[str], str | None]

RUN_NAMES: Final = frozenset({"JOB_ID", "RUN_ID", "SCHEDULED_AT", "SCHEDULED_DATE"})
"""Known only when a run starts."""

_NEEDS: Final = r"needs\.[A-Za-z0-9][A-Za-z0-9_.-]*\.outputs\.[A-Za-z_][A-Za-z0-9_]*"
NEEDS_FORM: Final = re.compile(r"needs\.(.+)\.outputs\.([A-Za-z_][A-Za-z0-9_]*)")
"""`needs.ID.outputs.KEY` as a name: known when a run starts; empty where the needed run had no such output."""

_GIVEN: Final = r"(?:params|matrix)\.[A-Za-z_][A-Za-z0-9_]*"
_GIVEN_NAME: Final = re.compile(f"({_GIVEN})(?::-(.*))?", re.DOTALL)
"""`params.NAME`, `matrix.NAME`: known when a run starts; a default goes along until then."""

_FORM: Final = re.compile(r"\$\$\{|\$\{([^{}]*)(\}?)")
_NAME: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
FACTS: Final = frozenset({"RUN_STATUS", "EXIT_CODE", "WHEN", "TEXT", "LOG_FILE"})
"""Facts of an alert, known only when a notifier's command runs; left standing where nobody gives them."""

_AT_START: Final = re.compile(
    r"\$\$\{|\$\{(\$|" + "|".join(sorted(RUN_NAMES | FACTS)) + "|" + _NEEDS + "|" + _GIVEN + r"(?::-[^{}]*)?)\}"
)
_DOTTED: Final = re.compile(r"\$\{(needs|params|matrix)\.([^{}]*)\}")
_DOLLAR: Final = "${$}"
_LONGEST: Final = 1 << 20
_LITERAL: Final = "write $${ for a literal ${"


class TemplateError(ValueError):
    """A template that cannot be filled in: `message` says why, `remedy` what to write instead."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message = message
        self.remedy = remedy


def at_load(text: str, lookup: Lookup) -> str:
    """Fill in all but the names of a run; the result is a template for `at_start`.

    `lookup` gives what a name stands for, itself a template for `at_start` (`escape` a value that is plain text), or
    None. TemplateError for a name that it does not know and that has no default, for a malformed `${`, and for a
    result beyond 1 MiB (values that contain each other grow fast).
    """
    if "${" not in text:
        return text
    room = _LONGEST - len(text)

    def put(found: re.Match[str]) -> str:
        nonlocal room
        if found[1] is None or found[0] == _DOLLAR:
            return found[0]
        name, default = _parts(found)
        if name in RUN_NAMES or NEEDS_FORM.fullmatch(name):
            return f"${{{name}}}"
        value = _value(name, default, lookup)
        room -= len(value)
        if room < 0:
            raise TemplateError("the text grows beyond 1 MiB", "put it in a file")
        return value

    return _FORM.sub(put, text)


def in_full(text: str, lookup: Lookup) -> str:
    """Fill in everything, for fields that must be known at load: there a name of a run is a TemplateError as well."""
    if "${" not in text:
        return text
    filled = at_load(text, lookup)
    for found in _AT_START.finditer(filled):
        if found[1] not in {None, "$"}:
            raise TemplateError(f"{found[0]} is known only when a run starts", "this field cannot depend on the run")
    return at_start(filled, {})


def at_start(text: str, facts: Mapping[str, str]) -> str:
    """Fill in the names of a run and turn `$${` into `${`; names that `facts` lacks and other text stay as they are."""
    if "${" not in text:
        return text

    def put(found: re.Match[str]) -> str:
        match found[1]:
            case None:
                return "${"
            case "$":
                return "$"
            case name if name.startswith(("params.", "matrix.")):
                name, _, default = name.partition(":-")
                return facts.get(name) or default
            case name:
                return facts.get(name, "" if name.startswith("needs.") else found[0])

    return _AT_START.sub(put, text)


def escape(value: str) -> str:
    """The template that stands for exactly this text, whatever template follows it.

    Dollar signs at the end are written `${$}`: before a following `{` or `${` they would begin or undo a form.
    """
    return _closed(value.replace("${", "$${")) if "$" in value else value


def _closed(template: str) -> str:
    bare = template.rstrip("$")
    return bare + _DOLLAR * (len(template) - len(bare))


def shell_mistake(text: str) -> TemplateError | None:
    """A `${needs.…}`, `${params.…}` or `${matrix.…}` in shell text, which no shell understands; the remedy names the variable."""
    if (found := _DOTTED.search(text)) is None:
        return None
    return TemplateError(
        f"shell text is never substituted, and {_cut(found[0])} means nothing to a shell",
        f'use "${variable(found[1], found[2])}"',
    )


def variable(kind: str, rest: str) -> str:
    """The environment variable that carries `${KIND.REST}`: `needs`, `db-dump.outputs.rows` -> `JOB_NEEDS_DB_DUMP_ROWS`."""
    match kind:
        case "params":
            return rest
        case "matrix":
            return "MATRIX_" + _upper(rest)
        case _:
            job, _, key = rest.partition(".outputs.")
            return "JOB_NEEDS_" + _upper(f"{job}_{key}" if key else job)


def _upper(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", text.upper())


def _parts(found: re.Match[str]) -> tuple[str, str | None]:
    inner, closed = found[1], found[2]
    if not closed:
        raise TemplateError(f"{_cut(found[0])} has no closing brace of its own", f"close it with }}, or {_LITERAL}")
    if match := _NAME.fullmatch(inner):
        return match[1], match[2]
    if re.fullmatch(_NEEDS, inner):
        return inner, None
    if match := _GIVEN_NAME.fullmatch(inner):
        return match[1], match[2]
    if inner.startswith("needs."):
        raise TemplateError(f"{_cut(found[0])} names no output", "write ${needs.ID.outputs.KEY}")
    raise TemplateError(
        f"{_cut(found[0])} is not a name with letters, digits and _",
        f"write ${{NAME}} or ${{NAME:-default}}; {_LITERAL}",
    )


def _value(name: str, default: str | None, lookup: Lookup) -> str:
    value = lookup(name)
    if value and default is not None and re.fullmatch(rf"\$\{{{_GIVEN}\}}", value):
        return f"{value[:-1]}:-{default}}}"  # whether it has a value is known when a run starts
    if value or (value is not None and default is None):
        return _closed(value)
    if default is None:
        raise TemplateError(
            f"${{{_cut(name)}}} is not set",
            "only a job has those, under the key of that name"
            if "." in name
            else f"set {_cut(name)} in `env`, in an env_file or in the environment, or write ${{{_cut(name)}:-default}}",
        )
    return escape(default)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
