"""Users' patterns, matched in a process of their own, so that one that never ends is killed by the attempt's timeout.

`python -I -S patterns.py holds PATTERN < TEXT` exits with 0 if the pattern occurs in the text.
`python -I -S patterns.py find LOG < PATTERNS` prints a JSON object: for each name of the JSON object PATTERNS the last
match of its pattern in the log's last 16 MiB - the first group, else all of it. Names without a match are left out.

An engine that matched them in its own thread would stand still meanwhile: `re` holds the interpreter's lock.
"""

from __future__ import annotations

import json
import os
import re
import sys

TAIL = 16 * 1024 * 1024
"""Bytes of a log that are searched."""
VALUE = 4096
"""Characters of a value that are kept."""


def holds(pattern: str, text: str) -> bool:
    """Does the pattern occur in the text."""
    return re.search(pattern, text) is not None


def find(path: str, patterns: dict[str, str]) -> dict[str, str]:
    """The last match of each pattern, line by line."""
    compiled = {name: re.compile(pattern) for name, pattern in patterns.items()}
    found: dict[str, str] = {}
    with open(path, "rb") as log:  # noqa: PTH123 - pathlib doubles the start of this process
        log.seek(max(0, os.fstat(log.fileno()).st_size - TAIL))
        for raw in log:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            for name, pattern in compiled.items():
                match = pattern.search(line)
                if match is not None:
                    found[name] = (match.group(1) if pattern.groups else match.group(0) or "")[:VALUE]
    return found


def main(arguments: list[str]) -> int:
    """See the module."""
    match arguments:
        case ["holds", pattern]:
            return 0 if holds(pattern, sys.stdin.read()) else 1
        case ["find", path]:
            sys.stdout.write(json.dumps(find(path, json.load(sys.stdin))))
            return 0
        case _:
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
