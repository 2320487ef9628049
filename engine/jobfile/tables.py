"""Reading a map by a table of its keys: known ones, other spellings of them, ones this version lacks, misspelt ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from types import MappingProxyType

from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import expected
from engine.jobfile.nodes import Map, Node, Scalar, text_shown
from engine.jobfile.reading import BAD, Bad, Reading
from engine.values import lean


@lean(frozen=True, slots=True)
class Alias:
    """Another spelling: of the key `target`, or of the key `part` in the map `target`. `read` where its form differs."""

    target: str
    part: str = ""
    read: Callable[[Reading, Node], object] | None = None

    def __str__(self) -> str:
        return f"{self.target}.{self.part}" if self.part else self.target


@lean(frozen=True, slots=True)
class Table:
    """What a map may hold. `noun` names the map in messages ("a job")."""

    noun: str
    keys: Mapping[str, Key[object]]
    aliases: Mapping[str, Alias] = field(default_factory=lambda: MappingProxyType({}))
    unavailable: frozenset[str] = frozenset()
    """Keys of the format that this version cannot honour, so it refuses them."""
    words: tuple[str, ...] = ()
    """All of these, for `did you mean`."""
    example: str = ""
    """The key that is named where a map is expected and something else stands."""


def table(
    noun: str,
    keys: Iterable[Key[object]],
    *,
    aliases: Mapping[str, Alias] | None = None,
    unavailable: Iterable[str] = (),
    example: str = "",
) -> Table:
    """A table of these keys. `example`: as in `Table`, without it the first key."""
    known = {key.name: key for key in keys}
    spellings = dict(aliases or {})
    lacking = frozenset(unavailable)
    return Table(
        noun,
        MappingProxyType(known),
        MappingProxyType(spellings),
        lacking,
        (*known, *spellings, *sorted(lacking)),
        example or next(iter(known)),
    )


def read_map(r: Reading, node: Node, by: Table) -> Draft | Bad:
    """The map's values that could be read; every fault is on report. BAD if it is no map."""
    if type(node) is not Map:
        return expected(r, node, f"a map such as {{{by.example}: …}}")
    items: dict[str, Item] = {}
    refused: list[str] = []
    for key, value in node.pairs:
        r.trail.append(key.text)
        found = by.keys.get(key.text)
        got = found.read(r, value) if found is not None else _unusual(r, key, value, by)
        if got is BAD:
            refused.append(_meant(r, key.text, by))
        elif got is not None or found is not None:
            alias = None if found is not None else by.aliases[key.text]
            item = Item(got, key, value, r.source)
            if alias is not None and alias.part:
                item = item._replace(value=Draft({alias.part: item}))
            _put(r, items, key.text if alias is None else alias.target, item)
        r.trail.pop()
    return Draft(items, refused=frozenset(refused)) if refused else Draft(items)


def _unusual(r: Reading, key: Scalar, value: Node, by: Table) -> object | Bad | None:
    """The value of a key that is not in the table: read as the key it is another spelling of, refused, or ignored (None)."""
    name = key.text
    if name.startswith("x-"):
        return None
    alias = by.aliases.get(name)
    target = alias.target if alias else name
    if target in by.unavailable:
        spelt = f"`{name}` ({target})" if alias else f"`{name}`"
        return r.problem(key, f"{spelt} is not available in this version", "remove it: no key is ignored silently")
    if alias is None:
        near = r.did_you_mean(name, by.words, by.noun)
        return r.problem(key, f"{text_shown(name)} is not a key of {by.noun}", near)
    if r.strict:
        r.warn(key, f"`{name}` is another spelling of `{alias}`", f"write `{alias}`")
    return (alias.read or by.keys[target].read)(r, value)


def _meant(r: Reading, name: str, by: Table) -> str:
    """The key that a refused one stands for."""
    if name not in by.keys and name not in by.aliases:
        name = r.report.guesser.nearest(name, by.words, by.noun) or name
    return by.aliases[name].target if name in by.aliases else name


def _put(r: Reading, items: dict[str, Item], name: str, item: Item) -> None:
    """Add a value; parts of one map that come under several keys are joined, the same thing twice is a conflict."""
    before = items.get(name)
    if before is None:
        items[name] = item
        return
    one, two = before.value, item.value
    if (
        isinstance(one, Draft)
        and isinstance(two, Draft)
        and not (one.whole or two.whole)
        and not one.items.keys() & two.items.keys()
    ):
        items[name] = before._replace(value=Draft({**one.items, **two.items}))
        return
    later, earlier = (item, before) if item.key[2:] > before.key[2:] else (before, item)
    r.report.error(
        r.source,
        later.key,
        r.path,
        f"`{later.key.text}` says the same as `{earlier.key.text}` in line {earlier.key.line}",
        "remove one of them",
    )
