"""Where what belongs to a log lies, and which of its forms is there.

`logs/JOB/N.log` is what a job prints (`N.HASH.log` of a shard), `N.hooks.log` what its hooks do, `N.index` when what was
printed and what was cut, `N.log.gz` what becomes of the log later. Whoever has one of the first or the last finds the other:
the file system is the one place that says which of the two there is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from engine.values import lean

PACKED: Final = ".gz"
INDEX: Final = ".index"
_NAME: Final = re.compile(r"(([0-9]{1,18})(?:\.[0-9a-f]{4,64})?)\.(?:(hooks)\.)?log(\.gz)?")
"""Names that the engine gives to logs; what is called otherwise is not ours to remove."""


def index_path(log_path: str) -> str:
    """The time index beside a log."""
    return log_path.removesuffix(PACKED).removesuffix(".log") + INDEX


def stem_of(log_path: str) -> str:
    """What the names of all files of a run begin with."""
    return os.path.basename(log_path).removesuffix(PACKED).removesuffix(".log").removesuffix(".hooks")  # noqa: PTH119 - once for each log there is


def hooks_path(log_path: str) -> str:
    """Where what the run's hooks print goes."""
    return log_path.removesuffix(".log") + ".hooks.log"


def there(log_path: str) -> str | None:
    """The form of the log that is there: as it was written, or compressed; None: neither."""
    plain = log_path.removesuffix(PACKED)
    for path in (plain, plain + PACKED):
        if os.path.lexists(path):
            return path
    return None


@lean(frozen=True, slots=True)
class Found:
    """A log file in a job's folder: `stem` is common to all files of its run, `number` that of the run."""

    path: str
    stem: str
    number: int
    packed: bool
    hooks: bool
    size: int
    """Bytes on disk."""
    changed_at: int
    """When it was last written to, microseconds."""


def logs_in(folder: str) -> Iterator[Found]:
    """The logs in the folder of a job; nothing when it is gone. Links and other files are not named."""
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    with entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match is None or not entry.is_file(follow_symlinks=False):
                continue
            try:
                facts = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            size = min(facts.st_size, facts.st_blocks * 512)
            yield Found(
                entry.path,
                match[1],
                int(match[2]),
                match[4] is not None,
                match[3] is not None,
                size,
                facts.st_mtime_ns // 1000,
            )


def beside(folder: str, stem: str) -> Iterator[str]:
    """Every file that the engine may have made for a run whose log goes."""
    for ending in (".log", ".log.gz", ".hooks.log", ".hooks.log.gz", INDEX, ".hooks" + INDEX, ".marks", ".log.result"):
        yield f"{folder}/{stem}{ending}"
