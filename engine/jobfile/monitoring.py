"""Reader of `monitor`: how a job's runs are watched."""

from __future__ import annotations

from typing import Final

from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import boolean, duration, expected
from engine.jobfile.nodes import Map, Node, Scalar
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import read_map, table
from engine.spec.monitor import EACH_SECOND, SHORTEST_LOOK, Monitor
from engine.spec.units import format_duration

EVERY: Final = Key("every", duration(SHORTEST_LOOK))
CHILDREN: Final = Key("children", boolean)
OFF: Final = Key("off", boolean)
"""Of no file: it stands for `monitor: false` among the layers."""
_MONITOR: Final = table("`monitor`", [EVERY, CHILDREN])


def monitor(r: Reading, node: Node) -> Draft | Bad:
    """{every, children}; `false`: not at all, `true`: as it is built in."""
    if isinstance(node, Map):
        got = read_map(r, node, _MONITOR)
        if not isinstance(got, Draft) or not node.pairs:
            return got
        key, value = node.pairs[0]
        return Draft({**got.items, OFF.name: Item(False, key, value, r.source)}, refused=got.refused)
    if isinstance(node, Scalar) and node.plain and node.text in {"true", "false"}:
        return Draft({OFF.name: Item(node.text == "false", node, node, r.source)}, whole=True)
    expected(r, node, "false, or a map such as {every: 5s}")
    return BAD


def build_monitor(draft: Draft | None) -> Monitor | None:
    """None: not watched."""
    if draft is None:
        return EACH_SECOND
    if draft.get(OFF, False):
        return None
    return Monitor(draft.get(EVERY, EACH_SECOND.every), draft.get(CHILDREN, EACH_SECOND.children))


def monitor_in_words(spec: Monitor | None) -> dict[str, object] | bool:
    """As a file has it."""
    return False if spec is None else {"every": format_duration(spec.every), "children": spec.children}
