"""Readers of `watch:`, and its paths made absolute."""

from __future__ import annotations

from typing import Final

from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import duration, expected, list_of, nonempty
from engine.jobfile.nodes import Map, Node, Scalar, Seq
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import read_map, table
from engine.spec.watch import SHORTEST_DEBOUNCE, fault_of


def _path(r: Reading, node: Node) -> str | Bad:
    path = nonempty(r, node)
    if path is not BAD and (fault := fault_of(path)) is not None:
        return r.problem(node, fault, "write folder/**/*.csv for any depth")
    return path


_listed: Final = list_of(_path, "paths")


def _paths(r: Reading, node: Node) -> tuple[str, ...] | Bad:
    found = _listed(r, node)
    if found is not BAD and not found:
        return r.problem(node, "lists no path at all", "remove the key, or name a file, a folder or a pattern")
    return found


PATHS: Final = Key("paths", _paths)
WATCH_DEBOUNCE: Final = Key("debounce", duration(SHORTEST_DEBOUNCE))
_WATCH: Final = table("`watch`", [PATHS, WATCH_DEBOUNCE])


def watch(r: Reading, node: Node) -> Draft | Bad:
    """A list of paths, or {paths, debounce}."""
    if isinstance(node, Seq):
        found = _paths(r, node)
        if found is BAD or not isinstance(node.items[0], Scalar):
            return BAD
        return Draft({PATHS.name: Item(found, node.items[0], node, r.source)}, whole=True)
    if not isinstance(node, Map):
        return expected(r, node, "a list of paths, or a map {paths, debounce}", _example(node))
    got = read_map(r, node, _WATCH)
    if got is not BAD and PATHS.name not in got.items:
        if PATHS.name not in got.refused:
            r.problem(node, "has no `paths`", "write {paths: [in/*.csv], debounce: 2s}")
        return BAD
    return got


def _example(node: Node) -> str:
    return f"write [{node.text}]" if isinstance(node, Scalar) and 0 < len(node.text) <= 40 else ""
