"""What watched paths look like: a fingerprint of each file, and the folders in which something would have to happen.

A fingerprint is a hash of path, modification time and size. In memory all of a job's files are known; what is kept in
the store is bounded: the newest 1,000, and the time of the oldest of them, before which nothing is taken for new.
"""

from __future__ import annotations

import heapq
import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import field
from hashlib import blake2b
from typing import Final

from engine.spec.watch import ANY_DEPTH, Watch, has_magic, matches_name
from engine.values import lean, mutable

KEPT: Final = 1_000
"""Files of a job whose fingerprints are stored."""

MOST_FOLDERS: Final = 10_000
"""Folders that are watched for one job; what lies in further ones is found when something else changes."""


@mutable(slots=True)
class Look:
    """What one look at a job's paths found: fingerprint -> newest time of the file (ns), and folders to watch."""

    files: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


def look_at(watch: Watch) -> Look:
    """Look at all paths now. What cannot be read is as good as absent."""
    found = Look()
    for path in watch.paths:
        _descend("/", [part for part in path.split("/") if part], found)
    return found


def _descend(folder: str, parts: Sequence[str], found: Look) -> None:
    """`parts` are still to be found below `folder`, which exists."""
    if len(found.folders) >= MOST_FOLDERS:
        return
    if not parts:
        found.folders.add(folder)
        for entry in _entries(folder):
            if not entry.name.startswith("."):
                _take_file(entry.path, found)
        return
    first, rest = parts[0], parts[1:]
    if first == ANY_DEPTH:
        _descend(folder, rest, found)
        found.folders.add(folder)
        for entry in _entries(folder):
            if not entry.name.startswith(".") and _is_folder(entry):
                _descend(entry.path, parts, found)
        return
    if has_magic(first):
        found.folders.add(folder)
        for entry in _entries(folder):
            if matches_name(first, entry.name):
                _take(entry.path, rest, found, folders=bool(rest))
        return
    path = os.path.join(folder, first)  # noqa: PTH118 - texts throughout: ten thousand of them
    if not _take(path, rest, found, folders=True) or not rest:
        found.folders.add(folder)


def _take(path: str, rest: Sequence[str], found: Look, *, folders: bool) -> bool:
    """A name that fits: go on in it (if it is a folder and `folders`), or it is what is looked for. False: it is neither."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - thousands of files in a round
    except (OSError, ValueError):
        return False
    if stat.S_ISDIR(mode):
        if folders:
            _descend(path, rest, found)
        return folders
    if not rest:
        _take_file(path, found)
    return not rest


def _take_file(path: str, found: Look) -> None:
    try:
        facts = os.stat(path)  # noqa: PTH116 - thousands of files in a round
    except (OSError, ValueError):
        return
    if not stat.S_ISDIR(facts.st_mode):
        key = f"{path}\0{facts.st_mtime_ns}\0{facts.st_size}".encode(errors="surrogateescape")
        found.files[blake2b(key, digest_size=8).hexdigest()] = max(facts.st_mtime_ns, facts.st_ctime_ns)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        return


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)  # a link to a folder above would never end
    except OSError:
        return False


@lean(frozen=True, slots=True)
class Known:
    """What a job was last told of. `since`: files whose newest time is before it are not taken for new."""

    paths: tuple[str, ...]
    files: frozenset[str]
    since: int = 0

    @classmethod
    def of(cls, watch: Watch, look: Look) -> Known:
        """All that was found."""
        return cls(watch.paths, frozenset(look.files))

    def news(self, look: Look) -> bool:
        """Has a file appeared or changed."""
        return any(key not in self.files and newest >= self.since for key, newest in look.files.items())


def to_text(watch: Watch, look: Look) -> str:
    """What is stored of it."""
    newest = heapq.nlargest(KEPT, look.files.items(), key=lambda item: item[1])
    since = newest[-1][1] if len(look.files) > KEPT else 0
    return json.dumps(
        {"paths": watch.paths, "since": since, "files": [key for key, _ in newest]}, separators=(",", ":")
    )


def from_text(watch: Watch, text: str) -> Known | None:
    """What was stored; None if that was for other paths, or is nothing of ours: the job begins anew then."""
    try:
        kept = json.loads(text)
        known = Known(tuple(kept["paths"]), frozenset(kept["files"]), int(kept["since"]))
    except (ValueError, KeyError, TypeError):
        return None
    return known if known.paths == watch.paths else None
