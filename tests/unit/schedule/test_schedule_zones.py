"""The property of the tz database that the arithmetic rests on, and names of zones."""

from __future__ import annotations

import struct
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from engine.clock import SECOND
from engine.schedule import CronError, zone
from engine.schedule.zones import DAY


def offset_changes(path: Path) -> list[tuple[int, int]]:
    """(instant in seconds, size in seconds) of each change of offset in a TZif file, version 2 part (RFC 8536)."""
    data = path.read_bytes()
    isut, isstd, leap, times, types, chars = struct.unpack(">6l", data[20:44])
    start = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isut
    _, _, _, times, types, _ = struct.unpack(">6l", data[start + 20 : start + 44])
    start += 44
    instants = struct.unpack(f">{times}q", data[start : start + 8 * times])
    kinds = data[start + 8 * times : start + 9 * times]
    table = start + 9 * times
    offsets = [struct.unpack(">l", data[table + 6 * n : table + 6 * n + 4])[0] for n in range(types)]
    found, before = [], offsets[0]
    for at, kind in zip(instants, kinds, strict=True):
        if offsets[kind] != before:
            found.append((at, offsets[kind] - before))
            before = offsets[kind]
    return found


def test_no_zone_is_changed_twice_within_two_days_or_by_more_than_one() -> None:
    """A search of one day on either side of an instant therefore meets at most one change."""
    folder = Path(str(files("tzdata"))) / "zoneinfo"
    names = [line for line in (folder.parent / "zones").read_text().splitlines() if line]
    assert len(names) > 500
    for name in names:
        changes = offset_changes(folder / name)
        assert all(abs(size) * SECOND <= DAY for _, size in changes), name
        gaps = [later[0] - earlier[0] for earlier, later in pairwise(changes)]
        assert min(gaps, default=3 * 86_400) > 2 * 86_400, name


@pytest.mark.parametrize(
    "name", ["UTC", "Etc/GMT+5", "America/Argentina/ComodRivadavia", "America/Port-au-Prince", "EST5EDT"]
)
def test_zone_names(name: str) -> None:
    """Every shape of name in the tz database is taken."""
    assert zone(name).key == name


def test_every_zone_of_the_database_is_taken() -> None:
    """The check of names before any file is opened refuses no real zone."""
    names = (Path(str(files("tzdata"))) / "zones").read_text().split()
    assert [zone(name).key for name in names] == names


@pytest.mark.parametrize(
    "name", ["", " UTC", "UTC ", "../UTC", "/UTC", "Europe/", "Europe", "a/b/c/d/e", "right/UTC", "zone.tab", "U\nTC"]
)
def test_what_is_no_zone(name: str) -> None:
    """Paths, folders, blanks and leap-second zones are refused as a field error."""
    with pytest.raises(CronError) as refused:
        zone(name)
    assert refused.value.field == "time zone"
