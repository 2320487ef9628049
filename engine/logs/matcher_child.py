"""Finds lines that match a pattern, as a process of its own: `python -I -S matcher_child.py PATTERN FLAGS`.

A user's pattern may never end (`(a+)+$`), and `re` holds the interpreter's lock meanwhile: here it is killed by whoever asked.
Reads pieces (8 bytes of length, little-endian, then whole lines) and answers each with 8 bytes of count and the places of lines that
match, 8 bytes each. Ends with its input; exit code 2 for a pattern that is none.
"""

from __future__ import annotations

import re
import struct
import sys

SHOWN = 65536
"""Bytes of a line that are looked at."""


def main(arguments: list[str]) -> int:
    """See the module."""
    if len(arguments) != 2:
        return 2
    try:
        search = re.compile(arguments[0], re.IGNORECASE if "i" in arguments[1] else 0).search
    except (re.error, OverflowError, RecursionError) as error:
        sys.stderr.write(str(error))
        return 2
    take, give = sys.stdin.buffer, sys.stdout.buffer
    while len(head := take.read(8)) == 8:
        piece = take.read(int.from_bytes(head, "little"))
        places: list[int] = []
        at = 0
        for line in piece.removesuffix(b"\n").split(b"\n"):
            if search(line[:SHOWN].decode("utf-8", "replace")) is not None:
                places.append(at)
            at += len(line) + 1
        give.write(struct.pack(f"<{len(places) + 1}Q", len(places), *places))
        give.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
