"""YAML text -> tree, in one pass over libyaml's events, refusing what would hurt before anything is built from it.

Why events and not `yaml.load`: the C loader recurses (200,000 nested `[` end the process), an alias bomb loads in no
time and kills whoever walks it, duplicate keys vanish, 22:00 becomes 1320 and `no` a boolean, and places are lost.
libyaml's own parser does not recurse, so depth is watched while it runs; aliases are counted with all they stand for.
It is faster as well: nothing is resolved or constructed that the reader of a field does not ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Final, NamedTuple, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from engine.jobfile.nodes import START, Map, Node, Place, Scalar, Seq, path_of, text_shown
from engine.values import mutable

MAX_DEPTH: Final = 64
MAX_NODES: Final = 500_000
"""Keys, values, lists and maps of all files of one load; what an alias stands for counts each time."""

_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})
_COLLECTION_TAGS: Final = frozenset({None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_ADVICE: Final = (
    ("found character that cannot start any token", "quote the text; YAML is indented by spaces, never by tabs"),
    (
        "mapping values are not allowed",
        "quote a text with a colon and a space in it; keys of one map begin in one column",
    ),
    ("did not find expected key", "keys of one map begin in one column; quote a text that begins with a sign"),
    ("found unexpected end of stream", "close the quote"),
    ("did not find expected '-' indicator", "entries of one list begin in one column"),
    ("did not find expected ',' or ", "close the bracket"),
    ("found undefined tag handle", "quote a text that begins with !"),
)

Tell: TypeAlias = Callable[[Place, str, str, str], None]
"""Takes place, path, message and suggestion of a problem that leaves the rest readable."""


class TreeError(Exception):
    """The text cannot be read any further."""

    def __init__(self, place: Place, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.suggestion = suggestion


@mutable(slots=True)
class _Open:
    """A list or map whose end has not come."""

    is_map: bool
    place: Place
    anchor: str | None
    count_before: int
    nodes: list[Node] = field(default_factory=list)
    """Of a map: keys and values in turn."""
    height: int = 0
    """Levels of lists and maps inside it."""

    def step(self) -> str:
        """Where in it the reader stands, as a step of a path."""
        if not self.is_map:
            return f"[{len(self.nodes)}]"
        key = self.nodes[-1] if len(self.nodes) % 2 else None
        return key.text if isinstance(key, Scalar) else ""


class _Anchored(NamedTuple):
    """What an alias stands for, with its number of nodes and of levels."""

    node: Node
    size: int
    height: int


@mutable(slots=True)
class TreeReader:
    """Builds the trees of one load; they share its count of nodes."""

    tell: Tell
    nodes: int = 0
    _stack: list[_Open] = field(default_factory=list)
    _anchors: dict[str, _Anchored] = field(default_factory=dict)

    def read(self, text: str) -> Node | None:
        """The tree of a text with one document; None if there is none. TreeError where reading had to stop."""
        self._stack = []
        self._anchors = {}
        root: list[Node] = []
        documents = 0
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise TreeError(
                            _place(event), "a second document begins here", "a job file is one; use `include`"
                        )
                elif (node := self._take(event)) is not None:
                    (self._stack[-1].nodes if self._stack else root).append(node)
        except yaml.MarkedYAMLError as error:
            raise _syntax_error(error) from None
        except yaml.YAMLError as error:
            raise TreeError(START, f"is not YAML: {str(error)[:80]}") from None
        return root[0] if root else None

    def _take(self, event: Event) -> Node | None:
        """The node that is complete with this event, if any is."""
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, CollectionStartEvent):
            self._open(event)
        elif isinstance(event, CollectionEndEvent):
            return self._close()
        elif isinstance(event, AliasEvent):
            return self._alias(event)
        return None

    def _scalar(self, event: ScalarEvent) -> Scalar:
        place = _place(event)
        self._count(1, place)
        tag = event.tag
        node = Scalar(event.value, tag is None and event.implicit[0], place.line, place.column)
        if tag is not None and tag not in _TEXT_TAGS:
            self._refuse_tag(tag, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1, 0)
        return node

    def _open(self, event: CollectionStartEvent) -> None:
        place = _place(event)
        self._check_depth(len(self._stack) + 1, place)
        if event.tag not in _COLLECTION_TAGS:
            self._refuse_tag(event.tag or "", place)
        if event.anchor is not None:
            # From here to its end the name means this collection, which an alias must not reach.
            self._anchors.pop(event.anchor, None)
        self._stack.append(_Open(isinstance(event, MappingStartEvent), place, event.anchor, self.nodes))
        self._count(1, place)

    def _close(self) -> Node:
        done = self._stack.pop()
        node = self._map(done) if done.is_map else Seq(tuple(done.nodes), done.place.line, done.place.column)
        if done.anchor is not None:
            self._anchors[done.anchor] = _Anchored(node, self.nodes - done.count_before, done.height + 1)
        self._raise_outer(done.height + 1)
        return node

    def _alias(self, event: AliasEvent) -> Node:
        name = event.anchor or ""
        place = _place(event)
        if any(outer.anchor == name for outer in self._stack):
            raise TreeError(
                place, f"the alias *{name[:40]} stands inside what it refers to", "a file cannot contain itself"
            )
        if name not in self._anchors:
            raise TreeError(
                place, f"the alias *{name[:40]} has no anchor before it", f"write &{name[:40]} at the original"
            )
        node, size, height = self._anchors[name]
        self._check_depth(len(self._stack) + height, place)
        self._count(size, place)
        self._raise_outer(height)
        return node

    def _raise_outer(self, height: int) -> None:
        if self._stack and self._stack[-1].height < height:
            self._stack[-1].height = height

    def _check_depth(self, depth: int, place: Place) -> None:
        if depth > MAX_DEPTH:
            raise TreeError(place, f"is nested deeper than {MAX_DEPTH} levels", "a job file needs no more than six")

    def _count(self, more: int, place: Place) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES:
            raise TreeError(
                place,
                f"has more than {MAX_NODES:,} nodes, counting what aliases stand for",
                "split it over several engines",
            )

    def _map(self, done: _Open) -> Map:
        entries: dict[str, tuple[Scalar, Node]] = {}
        merged: list[Node] = []
        nodes = done.nodes
        for key, value in zip(nodes[0::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._problem(
                    _at(key), "", "a key is a text, not a list or a map", "quote it if it begins with a bracket"
                )
            elif key.text == "<<" and key.plain:
                merged.append(value)
            elif (first := entries.get(key.text)) is not None:
                self._problem(
                    _at(key),
                    key.text,
                    f"the key {text_shown(key.text)} stands here twice, first in line {first[0].line}",
                    "remove one of them",
                )
            else:
                entries[key.text] = (key, value)
        for value in merged:
            self._merge(value, entries)
        return Map(tuple(entries.values()), done.place.line, done.place.column)

    def _merge(self, value: Node, entries: dict[str, tuple[Scalar, Node]]) -> None:
        """`<<`: what is written beside it wins, then the first of a list."""
        for one in value.items if isinstance(value, Seq) else (value,):
            if isinstance(one, Map):
                for key, inner in one.pairs:
                    entries.setdefault(key.text, (key, inner))
            else:
                self._problem(_at(one), "<<", "`<<` merges maps only", "give it the alias of a map, or a list of such")

    def _refuse_tag(self, tag: str, place: Place) -> None:
        self._problem(place, "", f"the tag {text_shown(tag)} means nothing here", "remove it, or quote the text")

    def _problem(self, place: Place, key: str, message: str, suggestion: str) -> None:
        steps = [outer.step() for outer in self._stack]
        self.tell(place, path_of([step for step in (*steps, key) if step]), message, suggestion)


def _place(event: Event) -> Place:
    mark = event.start_mark
    assert mark is not None, "libyaml marks every event"
    return Place(mark.line + 1, mark.column + 1)


def _at(node: Node) -> Place:
    return Place(node.line, node.column)


def _syntax_error(error: yaml.MarkedYAMLError) -> TreeError:
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else START
    problem = error.problem or "cannot be read"
    context = f" {error.context}" if error.context and error.context.startswith("while") else ""
    if context and error.context_mark is not None and error.context_mark.line + 1 != place.line:
        context += f" that begins in line {error.context_mark.line + 1}"
    advice = next((advice for start, advice in _ADVICE if problem.startswith(start)), "")
    return TreeError(place, f"is not YAML: {problem}{context}", advice)
