"""`watch:` of a job: the files whose change starts a run, and how their names are matched.

A path is a file, a folder (what lies directly in it) or a pattern: `*`, `?` and `[…]` within a name, `**` for any number
of folders. As in a shell, a pattern matches a name that begins with a dot only where it says the dot, and a folder stands
for what is not hidden: what is being written into place has such a name for a while.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Final

from engine.values import sealed

DEBOUNCE: Final = 0.5
SHORTEST_DEBOUNCE: Final = 0.05
ANY_DEPTH: Final = "**"

_MAGIC: Final = re.compile(r"[*?[]")


@sealed(frozen=True, slots=True)
class Watch:
    """Absolute paths and patterns; a change counts once nothing has changed for `debounce` seconds."""

    paths: tuple[str, ...]
    debounce: float = DEBOUNCE


def has_magic(text: str) -> bool:
    """Is it a pattern."""
    return _MAGIC.search(text) is not None


def literal(path: str) -> str:
    """The pattern that finds this path alone."""
    return _MAGIC.sub(lambda sign: f"[{sign[0]}]", path)


def fault_of(path: str) -> str | None:
    """What is wrong with a path or pattern, if anything is."""
    for part in path.split("/"):
        if ANY_DEPTH in part and part != ANY_DEPTH:
            return f"{part!r}: ** stands alone between two slashes"
    return None


@lru_cache(maxsize=4096)
def name_matcher(pattern: str) -> re.Pattern[str]:
    """For one name of a path."""
    return re.compile(translate(pattern))


def matches_name(pattern: str, name: str) -> bool:
    """Does a part of a pattern match a name."""
    if name.startswith(".") and not pattern.startswith("."):
        return False
    return name_matcher(pattern).match(name) is not None


def concerns(parts: Sequence[str], path: Sequence[str]) -> bool:
    """May what happens at `path` change what a pattern of these `parts` finds: itself, or a folder on its way, or in it."""
    for index, name in enumerate(path):
        if index >= len(parts):
            return index == len(path) - 1 and not name.startswith(".")  # directly in a folder that the pattern names
        if parts[index] == ANY_DEPTH:
            return True
        if has_magic(parts[index]) and not matches_name(parts[index], name):
            return False
        if not has_magic(parts[index]) and parts[index] != name:
            return False
    return True
