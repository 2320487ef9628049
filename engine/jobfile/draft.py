"""A map as read so far: values by key, each with its origin, before layers are laid over each other.

`Key` ties a name to the reader of its value and so to the value's type: what `Draft.get` gives back is typed though
a draft holds values of all kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final, Generic, NamedTuple, TypeVar, cast

from engine.jobfile.nodes import Node, Scalar
from engine.jobfile.reading import Bad, Reading
from engine.jobfile.source import Source
from engine.values import lean

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@lean(frozen=True, slots=True)
class Key(Generic[T_co]):
    """A key of a map and how its value is read."""

    name: str
    read: Callable[[Reading, Node], T_co | Bad]


class Item(NamedTuple):
    """A value with its origin: the key and the node it was read from, and their file."""

    value: object
    key: Scalar
    node: Node
    source: Source


@lean(frozen=True, slots=True)
class Draft:
    """Values by key.

    `whole`: written in a short form that stands for the whole map and replaces what lies below. `refused`: keys that
    were given with a bad value or misspelt, so that nobody complains that they are missing.
    """

    items: Mapping[str, Item] = field(default_factory=dict)
    whole: bool = False
    refused: frozenset[str] = frozenset()

    def get(self, key: Key[T], default: T) -> T:
        """The value of a key, `default` where it is not set."""
        item = self.items.get(key.name)
        # The reader of `key` is the only one that fills this name, so the value has its type.
        return default if item is None else cast("T", item.value)

    def find(self, key: Key[T]) -> T | None:
        """The value of a key, None where it is not set."""
        item = self.items.get(key.name)
        return None if item is None else cast("T", item.value)


EMPTY: Final = Draft()


def merge(lower: Draft, upper: Draft) -> Draft:
    """`upper` laid over `lower`: maps merge, everything else replaces."""
    if upper.whole or not (lower.items or lower.refused):
        return upper
    if not upper.items and not upper.refused:
        return lower
    items = dict(lower.items)
    for name, item in upper.items.items():
        below = items.get(name)
        if below is not None and isinstance(item.value, Draft) and isinstance(below.value, Draft):
            item = item._replace(value=merge(below.value, item.value))  # noqa: PLW2901 - the merged one takes its place
        items[name] = item
    return Draft(items, refused=lower.refused | upper.refused)
