"""Readers of what ties jobs together: needs and pools."""

from __future__ import annotations

from typing import Final, NamedTuple

from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import Reader, choice, duration, expected, integer, matching
from engine.jobfile.nodes import Map, Node, Scalar, Seq, text_shown
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import Alias, read_map, table
from engine.spec.config import PoolOrder
from engine.spec.job import JOB_ID_PATTERN, Required

MOST_SLOTS: Final = 1_000_000
_slots: Final = integer(1, MOST_SLOTS)
_pool_name: Final = matching(JOB_ID_PATTERN, "a name (letters, digits, _ . -)")
_job_id: Final = matching(r"\.?" + JOB_ID_PATTERN, "a job id (letters, digits, _ . -)")

_is: Final = choice(Required)


def _condition(r: Reading, node: Node) -> Required | Bad:
    """compose's word for it."""
    if isinstance(node, Scalar) and node.text == "service_completed_successfully":
        return Required.SUCCESS
    return expected(
        r,
        node,
        "service_completed_successfully",
        "a job has no health and no readiness: `is: success`, failure, done, skipped",
    )


NEED_IS: Final = Key("is", _is)
NEED_WITHIN: Final = Key("within", duration(above=True))
_NEED: Final = table("a needed job", [NEED_IS, NEED_WITHIN], aliases={"condition": Alias("is", read=_condition)})


class How(NamedTuple):
    """How a needed run must have ended, and at most how long ago (seconds)."""

    required: Required = Required.SUCCESS
    within: float | None = None


def needs(r: Reading, node: Node) -> Draft | Bad:
    """A list of ids, or a map id -> {is, within}; gives id -> `How`."""
    match node:
        case Seq():
            return _names(r, node, _job_id, How())
        case Map(pairs):
            items: dict[str, Item] = {}
            bad = False
            for key, value in pairs:
                r.trail.append(key.text)
                got = read_map(r, value, _NEED) if isinstance(value, Map) else _need_word(r, value)
                r.trail.pop()
                if got is BAD:
                    bad = True
                else:
                    items[key.text] = Item(
                        How(got.get(NEED_IS, Required.SUCCESS), got.find(NEED_WITHIN)), key, value, r.source
                    )
            return BAD if bad else Draft(items)
        case _:
            return expected(r, node, "a list of job ids, or a map id: {is: success}", _as_list(node))


def _need_word(r: Reading, node: Node) -> Bad:
    return expected(r, node, "a map such as {is: success}")


def pools(r: Reading, node: Node) -> Draft | Bad:
    """A list of names (one slot each), or a map name -> slots; gives name -> slots."""
    match node:
        case Seq():
            return _names(r, node, _pool_name, 1)
        case Map(pairs):
            items: dict[str, Item] = {}
            bad = False
            for key, value in pairs:
                r.trail.append(key.text)
                got = _slots(r, value)
                r.trail.pop()
                if got is BAD:
                    bad = True
                else:
                    items[key.text] = Item(got, key, value, r.source)
            return BAD if bad else Draft(items)
        case _:
            return expected(r, node, "a list of pools, or a map pool: slots", _as_list(node))


def _names(r: Reading, node: Seq, read: Reader[str], value: object) -> Draft | Bad:
    items: dict[str, Item] = {}
    bad = False
    for index, one in enumerate(node.items):
        r.trail.append(f"[{index}]")
        name = read(r, one)
        if name is BAD or not isinstance(one, Scalar):
            bad = True
        elif name in items:
            r.problem(one, f"{text_shown(name)} stands here twice", "remove one of them")
            bad = True
        else:
            items[name] = Item(value, one, one, r.source)
        r.trail.pop()
    return BAD if bad else Draft(items, whole=True)


def _as_list(node: Node) -> str:
    return f"write [{node.text}]" if isinstance(node, Scalar) and 0 < len(node.text) <= 40 else ""


POOL_SLOTS: Final = Key("slots", _slots)
POOL_ORDER: Final = Key("order", choice(PoolOrder))
_POOL: Final = table("a pool", [POOL_SLOTS, POOL_ORDER])


def pool(r: Reading, node: Node) -> Draft | Bad:
    """The definition of a pool: a number of slots, or {slots, order}."""
    if isinstance(node, Map):
        got = read_map(r, node, _POOL)
        if got is not BAD and POOL_SLOTS.name not in got.items and all(key.text != "slots" for key, _ in node.pairs):
            return r.problem(node, "does not say how many slots it has", "add `slots: 2`")
        return got
    slots = _slots(r, node)
    return BAD if slots is BAD or not isinstance(node, Scalar) else Draft({"slots": Item(slots, node, node, r.source)})
