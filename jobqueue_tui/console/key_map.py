"""The user's own keys: `[keys]` of `console.toml`, action id -> keys. Pure. What cannot be meant is left out and said."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, Keys

from jobqueue_tui.console.actions import ACTIONS, BY_ID, Action, Where, shown

_EVERYWHERE: Final = frozenset({Where.EVERYWHERE, Where.PANES, Where.MOVE})
_BESIDE_JOBS: Final = frozenset({Where.TABLE, Where.FILTER, Where.TREE, Where.TIMELINE, Where.PLOTS})
"""Where the keys of a job work as well."""

_MODIFIERS: Final = ("ctrl+", "alt+", "shift+")
_NAMES: Final = frozenset(key.value for key in Keys)


def checked(wanted: Mapping[str, str]) -> tuple[dict[str, str], Sequence[str]]:
    """The map as Textual takes it, and what is to be said of the rest and of keys that two actions would have."""
    keys: dict[str, list[str]] = {}
    doubts: list[str] = []
    for action_id, text in wanted.items():
        if action_id not in BY_ID:
            near = get_close_matches(action_id, BY_ID, 1)
            doubts.append(f"{action_id} is no action" + (f"; is {near[0]} meant?" if near else ""))
            continue
        names = [_named(name.strip()) for name in text.split(",")]
        bad = [name for name in names if not _is_key(name)]
        doubts += [f"{action_id}: {name!r} is no key; keys are x, f6, ctrl+x, slash" for name in bad]
        if good := [name for name in names if name not in bad]:
            keys[action_id] = good
    doubts += _taken(keys)
    return {action_id: ",".join(names) for action_id, names in keys.items()}, doubts


def _named(key: str) -> str:
    """A sign by the name that Textual has for its key, which it makes of that in Unicode."""
    if len(key) != 1 or key.isalnum():
        return key
    name = unicodedata.name(key, key).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _is_key(name: str) -> bool:
    for modifier in _MODIFIERS:
        name = name.removeprefix(modifier)
    if (len(name) == 1 and name.isalnum()) or name in _NAMES:
        return True
    name = next((long for long, short in KEY_NAME_REPLACEMENTS.items() if short == name), name)
    try:
        unicodedata.lookup(KEY_TO_UNICODE_NAME.get(name, name.replace("_", " ").upper()))
    except KeyError:
        return False
    return True


def _taken(keys: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for action_id, names in keys.items():
        for other in ACTIONS:
            if other.id == action_id or not _meet(BY_ID[action_id], other):
                continue
            for name in names:
                if name in keys.get(other.id, other.keys):
                    yield f"{shown(name)} is {action_id}, so {other.id} has it no more: give that another one"


def _meet(one: Action, other: Action) -> bool:
    """Whether both may have keys on the same screen."""
    here, there = one.where, other.where
    if here == there or here in _EVERYWHERE or there in _EVERYWHERE:
        return True
    return (here is Where.JOBS and there in _BESIDE_JOBS) or (there is Where.JOBS and here in _BESIDE_JOBS)
