"""Readers of who is told what: `notify`, `finish_by`, and at the top `notifiers`."""

from __future__ import annotations

import re
from datetime import time
from typing import Final

from engine.jobfile.commands import command
from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import choice, duration, expected, list_of, matching, nonempty, size
from engine.jobfile.nodes import Map, Node, Scalar, Seq
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import read_map, table
from engine.spec.job import JOB_ID_PATTERN
from engine.spec.notify import FinishBy, When
from engine.spec.units import parse_duration

_name: Final = matching(JOB_ID_PATTERN, "the name of a notifier (letters, digits, _ . -)")
_TIME_OF_DAY: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


def names(r: Reading, node: Node) -> tuple[str, ...] | Bad:
    """One notifier, or a list of them."""
    if isinstance(node, Seq):
        return list_of(_name, "names of notifiers")(r, node)
    one = _name(r, node)
    return BAD if one is BAD else (one,)


def _when(r: Reading, node: Node) -> frozenset[When] | Bad:
    found = list_of(choice(When), "what is to be told")(r, node)
    return BAD if found is BAD else frozenset(found)


NOTIFY_WHEN: Final = Key("when", _when)
NOTIFY_TO: Final = Key("to", names)
NOTIFY_COOLDOWN: Final = Key("cooldown", duration())
_NOTIFY: Final = table("`notify`", [NOTIFY_WHEN, NOTIFY_TO, NOTIFY_COOLDOWN])


def notify(r: Reading, node: Node) -> Draft | Bad:
    """The map {when, to, cooldown}."""
    return read_map(r, node, _NOTIFY)


def finish_by(r: Reading, node: Node) -> FinishBy | Bad:
    """A time of day, or a duration after the planned time."""
    if not isinstance(node, Scalar):
        return expected(r, node, 'a time of day such as "06:00", or a duration')
    if (at := _TIME_OF_DAY.fullmatch(node.text.strip())) is not None:
        return FinishBy(at=time(int(at[1]), int(at[2]), int(at[3] or 0)))
    try:
        seconds = parse_duration(node.text)
    except ValueError:
        return expected(r, node, 'a time of day such as "06:00", or a duration')
    return FinishBy(seconds=seconds) if seconds > 0 else expected(r, node, "a duration longer than 0")


BY_URL: Final = Key("url", nonempty)
BY_COMMAND: Final = Key("command", command)
BY_PING: Final = Key("ping", nonempty)
ATTACH_LOG: Final = Key("attach_log", size())
WAYS: Final = (BY_URL, BY_COMMAND, BY_PING)
_NOTIFIER: Final = table("a notifier", [*WAYS, ATTACH_LOG])


def notifiers(r: Reading, node: Node) -> Draft | Bad:
    """name -> {url} | {command} | {ping}."""
    if not isinstance(node, Map):
        return expected(r, node, "a map of notifiers")
    items: dict[str, Item] = {}
    for key, value in node.pairs:
        r.trail.append(key.text)
        if _name(r, key) is not BAD:
            got = _notifier(r, value)
            # one that cannot be read stays known by name, so that those who name it are not blamed
            items[key.text] = Item(Draft() if got is BAD else got, key, value, r.source)
        r.trail.pop()
    return Draft(items)


def _notifier(r: Reading, node: Node) -> Draft | Bad:
    got = read_map(r, node, _NOTIFIER)
    if got is BAD or got.refused:
        return BAD
    ways = [key.name for key in WAYS if key.name in got.items]
    if len(ways) != 1:
        return r.problem(node, "must have one of `url`, `command`, `ping`")
    if ATTACH_LOG.name in got.items and ways != [BY_URL.name]:
        return r.problem(node, "`attach_log` goes with `url`")
    return got


HEARTBEAT_PING: Final = Key("ping", nonempty)
HEARTBEAT_EVERY: Final = Key("every", duration(1.0))
_HEARTBEAT: Final = table("`heartbeat`", [HEARTBEAT_PING, HEARTBEAT_EVERY])


def heartbeat(r: Reading, node: Node) -> Draft | Bad:
    """The map {ping, every}."""
    got = read_map(r, node, _HEARTBEAT)
    if got is not BAD and HEARTBEAT_PING.name not in got.items and not got.refused:
        return r.problem(node, "has no `ping`", "add the URL that is to be asked for")
    return got
