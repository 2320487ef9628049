"""Builds the notifiers of a file, and checks that every one that is named exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from engine.jobfile import keys
from engine.jobfile import notify as reading
from engine.jobfile.draft import EMPTY, Draft, Item
from engine.jobfile.filling import Surroundings
from engine.jobfile.layers import Resolved
from engine.jobfile.nodes import text_shown
from engine.jobfile.reading import Report
from engine.jobfile.variables import Variables
from engine.spec.command import Argv, Shell
from engine.spec.job import DEFAULT_SHELL
from engine.spec.notify import ByCommand, ByPing, ByUrl, Heartbeat, Notifier, Notify
from engine.spec.template import FACTS, at_load, in_full


def build_notifiers(around: Surroundings, items: Mapping[str, Item]) -> Mapping[str, Notifier]:
    """The notifiers by name. URLs are filled in from the engine's environment, `${JOB_ID}` of a ping when it is sent."""
    lookup = Variables({}, (around.environ,))
    found: dict[str, Notifier] = {}
    for name, item in items.items():
        draft = item.value
        if not isinstance(draft, Draft) or not draft.items:
            continue
        at = (item.source, item.node, f"notifiers.{name}")
        if (url := draft.find(reading.BY_URL)) is not None:
            found[name] = ByUrl(around.fill(in_full, url, lookup, at), draft.get(reading.ATTACH_LOG, 0))
        elif (ping := draft.find(reading.BY_PING)) is not None:
            found[name] = ByPing(around.fill(at_load, ping, lookup, at))
        elif (command := draft.find(reading.BY_COMMAND)) is not None:
            if isinstance(command, Shell):
                found[name] = ByCommand((*DEFAULT_SHELL, command.text))
            elif isinstance(command, Argv):
                found[name] = ByCommand(tuple(around.fill(at_load, arg, _Facts(lookup), at) for arg in command.args))
    return MappingProxyType(found)


class _Facts:
    """The names that a notifier's arguments may have filled in when it runs, before the engine's environment."""

    def __init__(self, outer: Variables) -> None:
        self._outer = outer

    def __call__(self, name: str) -> str | None:
        return f"${{{name}}}" if name in FACTS else self._outer(name)


def build_notify(draft: Draft | None) -> Notify | None:
    """`notify` of a job."""
    if draft is None or not draft.items:
        return None
    default = Notify()
    return Notify(
        draft.get(reading.NOTIFY_WHEN, default.when),
        draft.get(reading.NOTIFY_TO, default.to),
        draft.get(reading.NOTIFY_COOLDOWN, default.cooldown),
    )


def build_heartbeat(around: Surroundings, draft: Draft) -> Heartbeat | None:
    """`engine.heartbeat`."""
    item = draft.items.get(keys.HEARTBEAT.name)
    beat = draft.get(keys.HEARTBEAT, EMPTY)
    if item is None or not beat.items:
        return None
    lookup = Variables({}, (around.environ,))
    at = (item.source, item.node, "engine.heartbeat.ping")
    ping = around.fill(in_full, beat.get(reading.HEARTBEAT_PING, ""), lookup, at)
    return Heartbeat(ping, beat.get(reading.HEARTBEAT_EVERY, 60.0))


def check_notifiers(report: Report, jobs: Iterable[Resolved], engine: Draft, known: Mapping[str, object]) -> None:
    """Every notifier that a job or the engine names exists; a job that wants to be told of says whom to tell."""
    default = engine.items.get(keys.ENGINE_NOTIFY.name)
    if default is not None:
        _check(report, default, "engine.notify", known)
    for job in jobs:
        item = job.draft.items.get(keys.NOTIFY.name)
        if item is None or not isinstance(item.value, Draft):
            continue
        to = item.value.items.get(reading.NOTIFY_TO.name)
        path = f"{job.written.path}.notify"
        if to is not None:
            _check(report, to, f"{path}.to", known)
        elif default is None and item.value.items and not item.value.refused:
            report.error(
                item.source, item.node, path, "tells nobody", "add `to: [NOTIFIER]`, or `notify:` under `engine:`"
            )


def _check(report: Report, item: Item, path: str, known: Mapping[str, object]) -> None:
    for name in item.value if isinstance(item.value, tuple) else ():
        if name not in known:
            near = report.guesser.did_you_mean(name, [*known], "notifier")
            message = f"there is no notifier {text_shown(name)}"
            report.error(item.source, item.node, path, message, near or "define it under `notifiers`")
