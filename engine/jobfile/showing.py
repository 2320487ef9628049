"""What `show` prints: the effective job as YAML that loads again, on request with the origin of each value."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final

from engine.jobfile import keys
from engine.jobfile.draft import Draft, Item
from engine.jobfile.effective import effective_yaml
from engine.jobfile.layers import Resolved
from engine.jobfile.words import Word, flow, in_words
from engine.spec.job import JobSpec
from engine.values import mutable

_BUILT_IN: Final = "built-in"
_OTHER_KEYS: Final = {"command": ("script",)}
"""Where a word may stand under another key."""


@mutable(slots=True)
class _Origins:
    """Which layer each value of a job came from. Layers are laid over each other without copying their values, so that a
    value is known by its identity."""

    job: Resolved
    given: Mapping[str, str]
    _layers: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, draft in self.job.layers:
            for item in _leaves(draft):
                self._layers.setdefault(id(item.node), name)

    def of(self, *path: str) -> str:
        """`defaults, jobs.yaml:12`; `built-in` for what nobody wrote."""
        if path[0] == keys.PARAMS.name and path[-1] == "default" and path[1] in self.given:
            return "--set"
        item: Item | None = None
        draft: object = self.job.draft
        for step in path:
            found = draft.items.get(step) if isinstance(draft, Draft) else None
            if found is None:
                break
            item, draft = found, found.value
        else:
            step = ""
        if item is None or (step and isinstance(draft, Draft)):
            return _BUILT_IN
        layer = self._layers.get(id(item.node), "job")
        return f"{layer}, {os.path.basename(item.source.name)}:{item.key.line}"  # noqa: PTH119 - a name, not a file


def _leaves(draft: Draft) -> Iterator[Item]:
    for item in draft.items.values():
        yield item
        if isinstance(item.value, Draft):
            yield from _leaves(item.value)


def show_job(spec: JobSpec, job: Resolved, given: Mapping[str, str], *, resolved: bool) -> str:
    """The job as a job file of its own. `resolved`: with everything that is built in, and each value's origin as a comment."""
    if not resolved:
        return effective_yaml(spec, also=job.draft.items.keys())
    words = in_words(spec)
    origins = _Origins(job, given)
    lines = ["jobs:", f"  {flow(spec.id)}:"]
    for key, word in words.items():
        written = next((name for name in (key, *_OTHER_KEYS.get(key, ())) if name in job.draft.items), None)
        if isinstance(word, dict) and (written is None or isinstance(job.draft.items[written].value, Draft)):
            lines += _with_origins(key, word, origins)
        else:
            lines.append(_line(4, key, word, origins.of(written or key)))
    return "\n".join(lines) + "\n"


def _with_origins(key: str, word: dict[str, Word], origins: _Origins) -> Iterator[str]:
    yield f"    {key}:"
    for name, one in word.items():
        if key in {"params", "hooks", "secrets", "log"} and isinstance(one, dict):
            yield f"      {flow(name)}:"
            for part, value in one.items():
                yield _line(8, part, value, origins.of(key, name, part))
        else:
            yield _line(6, name, one, origins.of(key, name))


def _line(indent: int, name: str, word: Word, origin: str) -> str:
    return f"{' ' * indent}{flow(name)}: {flow(word)}".ljust(52) + f"  # {origin}"
