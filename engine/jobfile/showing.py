"""What `show` prints: the effective job as YAML that loads again, on request with the origin of each value."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.jobfile import keys
from engine.jobfile.draft import EMPTY, Draft, Item
from engine.jobfile.layers import Resolved
from engine.jobfile.words import Word, flow, in_words
from engine.spec.job import JobSpec

_BUILT_IN: Final = "built-in"
_OTHER_KEYS: Final = {"command": ("script",)}
"""Where a word may stand under another key."""


@dataclass(slots=True)
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
    words = in_words(spec)
    _take_files_apart(words, job)
    origins = _Origins(job, given)
    lines = ["jobs:", f"  {flow(spec.id)}:"]
    for key, word in words.items():
        written = next((name for name in (key, *_OTHER_KEYS.get(key, ())) if name in job.draft.items), None)
        if not resolved:
            if written is not None or key in {"working_dir"}:
                lines.append(f"    {key}: {flow(word)}")
        elif isinstance(word, dict) and (written is None or isinstance(job.draft.items[written].value, Draft)):
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


def _take_files_apart(words: dict[str, Word], job: Resolved) -> None:
    """Environment files as they are named: what stands in them is for `show --env`."""
    files = job.draft.find(keys.ENV_FILE)
    if not files:
        return
    env, own = words.pop("env", {}), job.draft.get(keys.ENV, EMPTY).items
    words["env_file"] = list(files)
    if isinstance(env, dict) and (kept := {name: value for name, value in env.items() if name in own}):
        words["env"] = kept


def from_env_files(spec: JobSpec, job: Resolved) -> frozenset[str]:
    """The variables of a job that its environment files set."""
    return frozenset(spec.env) - job.draft.get(keys.ENV, EMPTY).items.keys()
