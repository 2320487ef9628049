"""A job as it is in effect, as a job file of its own: what `show`, `ctl show --effective` and the console's `y` print.

Layers are merged, templates filled in, what is built in left out. Environment files and secrets stand there as what
they are called, a secret default as `***`. What an operator changed has its present value, with the file's beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, replace
from typing import Final

from engine.jobfile.words import Word, flow, in_words
from engine.spec.job import JobSpec

CHANGED: Final = "  # changed by an operator; the job file says "
"""What stands behind the value that an operator changed, before the file's own."""

_PARTS_BY_THEMSELVES: Final = frozenset({"dst", "log", "retry", "stop", "timeout"})
"""Maps whose parts have defaults of their own, so that a part can be left out."""

_NEVER_SHORT: Final = frozenset({"working_dir"})
"""What is said in any case: it depends on where the file lies."""


def effective_yaml(spec: JobSpec, *, written: JobSpec | None = None, also: Collection[str] = ()) -> str:
    """The job in YAML. `written`: the job as its file has it, where `spec` may differ from that; `also`: keys that are
    shown although they say what is built in."""
    words = in_words(spec)
    built_in = in_words(JobSpec(id=spec.id, command=spec.command))
    before = words if written is None else in_words(written)
    lines = ["jobs:", f"  {flow(spec.id)}:"]
    for key in dict.fromkeys((*words, *before)):
        word, usual, old = words.get(key), built_in.get(key), before.get(key)
        command = key in {"command", "python", "call"}
        if command or key in _NEVER_SHORT or key in also or word != usual or word != old:
            lines += _entry(key, word, usual, old)
    return "\n".join(lines) + "\n"


def with_changes(spec: JobSpec, *, enabled: bool, priority: int, timeout: float | None) -> JobSpec:
    """The spec with what an operator can set over it, `timeout` in seconds for an attempt."""
    values = {field.name: getattr(spec, field.name) for field in fields(JobSpec)}
    changed = {"enabled": enabled, "priority": priority, "timeout": replace(spec.timeout, run=timeout)}
    return JobSpec(**{**values, **changed})


def _entry(key: str, word: Word, usual: Word, old: Word) -> Iterator[str]:
    if not isinstance(word, dict):
        yield from _value(4, key, word, "" if word == old else f"{CHANGED}{flow(old)}")
        return
    yield f"    {flow(key)}:"
    parts, below = (one if isinstance(one, dict) else {} for one in (usual, old))
    short = key in _PARTS_BY_THEMSELVES and any(one != parts.get(name) for name, one in word.items())
    for name, one in word.items():
        changed = "" if one == below.get(name) else f"{CHANGED}{flow(below.get(name))}"
        if not short or changed or one != parts.get(name):
            yield from _value(6, name, one, changed)


def _value(indent: int, name: str, word: Word, remark: str) -> Iterator[str]:
    front = f"{' ' * indent}{flow(name)}:"
    match word:
        case Mapping() if word:
            yield front + remark
            for inner, one in word.items():
                yield from _value(indent + 2, inner, one, "")
        case str() if _stands_as_block(word):
            lines = word.removesuffix("\n").split("\n")
            yield f"{front} {'|' if word[-1] == chr(10) else '|-'}{remark}"
            yield from (f"{' ' * (indent + 2)}{line}" if line else "" for line in lines)
        case _:
            yield f"{front} {flow(word)}{remark}"


def _stands_as_block(text: str) -> bool:
    """Text of several lines that YAML's literal form gives back as it is, and that a terminal does not act on."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 2 or not lines[0] or not lines[-1] or lines[0][0] in " \t":
        return False
    return all(line.replace("\t", "").isprintable() for line in lines)
