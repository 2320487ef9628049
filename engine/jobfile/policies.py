"""Readers of how a job is treated: timeout, stop, retry, exclusive, exit codes."""

from __future__ import annotations

from signal import Signals
from typing import Final

from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import boolean, duration, expected, integer, list_of, matching, number, or_none
from engine.jobfile.nodes import Map, Node, Scalar, described, is_missing
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import Alias, read_map, table
from engine.spec.job import JOB_ID_PATTERN

MOST_RETRIES: Final = 1_000_000
_MEANT_AS_BOOLEAN: Final = frozenset({"yes", "no", "on", "off", "true", "false", "y", "n"})

TIMEOUT_RUN: Final = Key("run", or_none(duration(above=True)))
_TIMEOUT: Final = table("`timeout`", [TIMEOUT_RUN], unavailable=["total", "warn", "idle", "min"])


def timeout(r: Reading, node: Node) -> Draft | Bad:
    """A duration, `none`, or the map."""
    return read_map(r, node, _TIMEOUT) if isinstance(node, Map) else _short(r, node, TIMEOUT_RUN)


def timeout_seconds(r: Reading, node: Node) -> Draft | Bad:
    """dagu's `timeout_sec`: a number of seconds, 0 for none."""
    if isinstance(node, Scalar) and node.text == "0":
        node = node._replace(text="none")
    return timeout(r, node)


def _limit(r: Reading, node: Node) -> int | Bad | None:
    if isinstance(node, Scalar) and node.text == "unlimited":
        return None
    if isinstance(node, Scalar) and node.plain and node.text.isalpha():
        return expected(r, node, "a number of retries, or `unlimited`")
    return integer(0, MOST_RETRIES)(r, node)


_backoff: Final = number(1, 1000)


def _dagu_backoff(r: Reading, node: Node) -> float | Bad:
    """dagu also writes `true` for 2 and `false` for none."""
    if isinstance(node, Scalar) and node.plain and node.text in {"true", "false"}:
        return 2.0 if node.text == "true" else 1.0
    return _backoff(r, node)


RETRY_LIMIT: Final = Key("limit", _limit)
RETRY_DELAY: Final = Key("delay", duration())
RETRY_BACKOFF: Final = Key("backoff", _backoff)
RETRY_MAX_DELAY: Final = Key("max_delay", duration())
RETRY_JITTER: Final = Key("jitter", number(0, 1))
_RETRY_KEYS: Final = (RETRY_LIMIT, RETRY_DELAY, RETRY_BACKOFF, RETRY_MAX_DELAY, RETRY_JITTER)
_RETRY: Final = table("`retry`", _RETRY_KEYS, unavailable=["only", "reset_on_success"])
_RETRY_POLICY: Final = table(
    "`retry_policy`",
    (RETRY_LIMIT, RETRY_DELAY, Key(RETRY_BACKOFF.name, _dagu_backoff), RETRY_MAX_DELAY),
    aliases={
        "interval_sec": Alias("delay"),
        "max_interval_sec": Alias("max_delay"),
        "exit_code": Alias("only"),
        "exit_codes": Alias("only"),
    },
    unavailable=["only"],
)


def retry(r: Reading, node: Node) -> Draft | Bad:
    """A number of retries, `unlimited`, or the map."""
    return read_map(r, node, _RETRY) if isinstance(node, Map) else _short(r, node, RETRY_LIMIT)


def retry_policy(r: Reading, node: Node) -> Draft | Bad:
    """dagu's `retry_policy`."""
    return read_map(r, node, _RETRY_POLICY)


def _signal(r: Reading, node: Node) -> Signals | Bad:
    if isinstance(node, Scalar) and not is_missing(node):
        name = node.text.upper()
        number_ = int(name) if name.isascii() and name.isdigit() and len(name) < 4 else 0
        for signal in Signals:
            if signal == number_ or name in {signal.name, signal.name.removeprefix("SIG")}:
                return signal
    return r.problem(node, f"{described(node)} is not a signal", "write TERM, INT, HUP, QUIT, USR1 …")


STOP_SIGNAL: Final = Key("signal", _signal)
STOP_GRACE: Final = Key("grace", duration())
_STOP: Final = table("`stop`", [STOP_SIGNAL, STOP_GRACE])


def stop(r: Reading, node: Node) -> Draft | Bad:
    """The map {signal, grace}."""
    return read_map(r, node, _STOP)


def _short(r: Reading, node: Node, key: Key[object]) -> Draft | Bad:
    """A single value that stands for the whole map."""
    got = key.read(r, node)
    if got is BAD or not isinstance(node, Scalar):
        return BAD
    return Draft({key.name: Item(got, node, node, r.source)}, whole=True)


_group: Final = matching(JOB_ID_PATTERN, "true, false, or the name of a group")


def exclusive(r: Reading, node: Node) -> bool | str | Bad:
    """A boolean, or the name of a group."""
    if not isinstance(node, Scalar):
        return expected(r, node, "true, false, or the name of a group")
    # `exclusive: yes` was a boolean in YAML 1.1; a group of that name is nobody's wish.
    if node.text.lower() in _MEANT_AS_BOOLEAN:
        return boolean(r, node)
    return _group(r, node)


max_runs: Final = integer(1, 1_000_000_000)


def seed_max_runs(r: Reading, node: Node) -> int | Bad | None:
    """`MaxRuns` of a job-queues file, where 0 sets no bound."""
    return None if isinstance(node, Scalar) and node.text == "0" else max_runs(r, node)


exit_codes: Final = list_of(integer(0, 255), "exit codes")
