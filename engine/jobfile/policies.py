"""Readers of how a job is treated: timeout, stop, retry, exclusive, exit codes."""

from __future__ import annotations

from signal import Signals
from typing import Final, TypeVar

from engine.jobfile.draft import Draft, Item, Key
from engine.jobfile.fields import boolean, duration, expected, integer, list_of, matching, number, or_none
from engine.jobfile.nodes import Map, Node, Scalar, Seq, described, is_missing
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import Alias, read_map, table
from engine.spec.job import JOB_ID_PATTERN

T = TypeVar("T")

MOST_RETRIES: Final = 1_000_000
_MEANT_AS_BOOLEAN: Final = frozenset({"yes", "no", "on", "off", "true", "false", "y", "n"})

TIMEOUT_RUN: Final = Key("run", or_none(duration(above=True)))
TIMEOUT_TOTAL: Final = Key("total", or_none(duration(above=True)))
TIMEOUT_IDLE: Final = Key("idle", or_none(duration(0.1)))
TIMEOUT_WARN: Final = Key("warn", or_none(duration(above=True)))
TIMEOUT_MIN: Final = Key("min", or_none(duration(above=True)))
_TIMEOUT: Final = table("`timeout`", [TIMEOUT_RUN, TIMEOUT_TOTAL, TIMEOUT_IDLE, TIMEOUT_WARN, TIMEOUT_MIN])


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


def _causes_codes(r: Reading, node: Node) -> frozenset[int] | Bad:
    """A list of exit codes and ranges of them: 1, "70-79"."""
    items = node.items if isinstance(node, Seq) else (node,)
    codes: set[int] = set()
    bad = False
    for index, one in enumerate(items):
        r.trail.append(f"[{index}]")
        low, dash, high = one.text.partition("-") if isinstance(one, Scalar) else ("", "", "")
        ends = [low, high] if dash else [low]
        if all(end.isascii() and end.isdigit() and int(end) <= 255 for end in ends) and int(ends[0]) <= int(ends[-1]):
            codes.update(range(int(ends[0]), int(ends[-1]) + 1))
        else:
            expected(r, one, 'an exit code from 0 to 255, or a range such as "70-79"')
            bad = True
        r.trail.pop()
    return BAD if bad else frozenset(codes)


ONLY_EXIT_CODES: Final = Key("exit_codes", _causes_codes)
ONLY_SIGNALS: Final = Key("signals", boolean)
ONLY_TIMEOUT: Final = Key("timeout", boolean)
ONLY_LOST: Final = Key("lost", boolean)
_ONLY: Final = table("`only`", [ONLY_EXIT_CODES, ONLY_SIGNALS, ONLY_TIMEOUT, ONLY_LOST])


def _only(r: Reading, node: Node) -> Draft | Bad:
    """The causes that are tried again: {exit_codes, signals, timeout, lost}."""
    return read_map(r, node, _ONLY)


RETRY_LIMIT: Final = Key("limit", _limit)
RETRY_DELAY: Final = Key("delay", duration())
RETRY_BACKOFF: Final = Key("backoff", _backoff)
RETRY_MAX_DELAY: Final = Key("max_delay", duration())
RETRY_JITTER: Final = Key("jitter", number(0, 1))
RETRY_ONLY: Final = Key("only", _only)
RETRY_RESET_ON_SUCCESS: Final = Key("reset_on_success", boolean)
_RETRY: Final = table(
    "`retry`",
    (
        *(RETRY_LIMIT, RETRY_DELAY, RETRY_BACKOFF, RETRY_MAX_DELAY, RETRY_JITTER),
        *(RETRY_ONLY, RETRY_RESET_ON_SUCCESS),
    ),
)
_RETRY_POLICY: Final = table(
    "`retry_policy`",
    (RETRY_LIMIT, RETRY_DELAY, Key(RETRY_BACKOFF.name, _dagu_backoff), RETRY_MAX_DELAY, RETRY_ONLY),
    aliases={
        "interval_sec": Alias("delay"),
        "max_interval_sec": Alias("max_delay"),
        "exit_code": Alias("only", "exit_codes", _causes_codes),
        "exit_codes": Alias("only", "exit_codes", _causes_codes),
    },
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
