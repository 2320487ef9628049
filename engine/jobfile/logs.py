"""Reader of `log`: how large a log may become, which logs are kept, and what is in them."""

from __future__ import annotations

from typing import Final

from engine.jobfile.draft import EMPTY, Draft, Key
from engine.jobfile.fields import boolean, choice, expected, integer, number, size
from engine.jobfile.nodes import Map, Node
from engine.jobfile.reading import BAD, Bad, Reading
from engine.jobfile.tables import read_map, table
from engine.spec.log import DEFAULT_LOG, LEAST_LOG, LogFormat, LogKeep, LogPolicy
from engine.spec.units import format_size

_size: Final = size()


def _max_size(r: Reading, node: Node) -> int | Bad:
    got = _size(r, node)
    if got is not BAD and got < LEAST_LOG:
        return r.problem(node, f"is {format_size(got)}, a log must be allowed at least {format_size(LEAST_LOG)}")
    return got


KEEP_RUNS: Final = Key("runs", integer(1, 100_000))
KEEP_FAILED: Final = Key("failed", integer(0, 100_000))
KEEP_DAYS: Final = Key("days", number(0, 36_500))
KEEP_TOTAL: Final = Key("total", _size)
_KEEP: Final = table("`keep`", [KEEP_RUNS, KEEP_FAILED, KEEP_DAYS, KEEP_TOTAL])

MAX_SIZE: Final = Key("max_size", _max_size)
KEEP: Final = Key("keep", lambda r, node: read_map(r, node, _KEEP))
COMPRESS: Final = Key("compress", boolean)
FORMAT: Final = Key("format", choice(LogFormat))
_LOG: Final = table("`log`", [MAX_SIZE, KEEP, COMPRESS, FORMAT])


def log(r: Reading, node: Node) -> Draft | Bad:
    """{max_size, keep, compress, format}."""
    return read_map(r, node, _LOG) if isinstance(node, Map) else expected(r, node, "a map such as {max_size: 20M}")


def build_log(draft: Draft | None) -> LogPolicy:
    """The policy, with what is not written as it is built in."""
    if draft is None:
        return DEFAULT_LOG
    keep, default = draft.get(KEEP, EMPTY), DEFAULT_LOG.keep
    return LogPolicy(
        max_size=draft.get(MAX_SIZE, DEFAULT_LOG.max_size),
        keep=LogKeep(
            runs=keep.get(KEEP_RUNS, default.runs),
            failed=keep.get(KEEP_FAILED, default.failed),
            days=keep.get(KEEP_DAYS, default.days),
            total=keep.get(KEEP_TOTAL, default.total),
        ),
        compress=draft.get(COMPRESS, DEFAULT_LOG.compress),
        format=draft.get(FORMAT, DEFAULT_LOG.format),
    )


def log_in_words(policy: LogPolicy) -> dict[str, object]:
    """The policy by key, as a file has it."""
    keep = policy.keep
    return {
        "max_size": format_size(policy.max_size),
        "keep": {"runs": keep.runs, "failed": keep.failed, "days": keep.days, "total": format_size(keep.total)},
        "compress": policy.compress,
        "format": str(policy.format),
    }
