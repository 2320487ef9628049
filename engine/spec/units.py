"""Durations and sizes as people write them, and back.

A duration is a number of seconds (`90`, `0.5`) or numbers with units in falling order (`1h30m`, `2d`, `500ms`).
A size is a number of bytes with one unit; `K M G T` and `KiB …` count in 1024, `kB MB …` in 1000, as the SI prefixes
do. Printing picks units that give the same value when read again, so a value survives any number of round trips.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_MICROS: Final = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000}
LONGEST: Final = 36_500 * _MICROS["d"]
"""100 years, in microseconds. A float of seconds is exact to the microsecond up to 285 years, so nothing is lost below this."""

_DURATION: Final = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,12})?(?:ms|[dhms]))+")
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[dhms])")
_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_DURATION_HELP: Final = "write seconds (90, 0.5) or units in falling order (1h30m, 2d, 500ms)"

_BINARY: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_DECIMAL: Final = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE_UNITS: Final = {
    "": 1,
    "B": 1,
    "k": 1 << 10,
    **_BINARY,
    **{f"{k}iB": n for k, n in _BINARY.items()},
    **_DECIMAL,
    "KB": 1000,
}
_SIZE: Final = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,12})?)([A-Za-z]{0,3})")
_SIZE_HELP: Final = "write a number with K, M, G, T (or KiB …: powers of 1024) or kB, MB, GB, TB (powers of 1000)"
_LARGEST: Final = (1 << 63) - 1


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def parse_duration(text: str) -> float:
    """Seconds of a written duration, exact to the microsecond.

    ValueError with reason and remedy for anything else: a minus sign, units twice or out of order, more than 100
    years, parts finer than a microsecond.
    """
    if text.startswith("-"):
        raise ValueError(f"{_shown(text)} is negative; a duration cannot be, {_DURATION_HELP}")
    if _NUMBER.fullmatch(text):
        parts = [(text, "s")]
    elif _DURATION.fullmatch(text):
        parts = _PART.findall(text)
    else:
        raise ValueError(f"{_shown(text)} is not a duration; {_DURATION_HELP}")
    total = Decimal(0)
    last = LONGEST
    for number, unit in parts:
        if _MICROS[unit] >= last:
            raise ValueError(f"{_shown(text)} has its units twice or out of order; {_DURATION_HELP}")
        last = _MICROS[unit]
        total += Decimal(number) * last
    if total != (whole := int(total)):
        raise ValueError(f"{_shown(text)} is finer than a microsecond; {_DURATION_HELP}")
    if whole > LONGEST:
        raise ValueError(
            f"{_shown(text)} is longer than 100 years; write a shorter one, or `none` where that is allowed"
        )
    return whole / _MICROS["s"]


def format_duration(seconds: float) -> str:
    """The shortest usual writing: `1h30m`, `1.5s`, `500ms`, `0s`; `parse_duration` gives the same value back.

    ValueError for a negative or non-finite number.
    """
    if not 0 <= seconds <= LONGEST / _MICROS["s"]:
        raise ValueError(f"{seconds!r} is not a duration between 0 and 100 years")
    rest = round(seconds * _MICROS["s"])
    if rest < _MICROS["s"]:
        return f"{_fraction(rest, _MICROS['ms'])}ms" if rest else "0s"
    out = []
    for unit in ("d", "h", "m"):
        count, rest = divmod(rest, _MICROS[unit])
        if count:
            out.append(f"{count}{unit}")
    if rest:
        out.append(f"{_fraction(rest, _MICROS['s'])}s")
    return "".join(out)


def _fraction(micros: int, unit: int) -> str:
    whole, rest = divmod(micros, unit)
    digits = len(str(unit)) - 1
    return f"{whole}.{rest:0{digits}d}".rstrip("0") if rest else str(whole)


def parse_size(text: str) -> int:
    """Bytes of a written size: `512M` = 512 * 1024², `2GB` = 2 * 1000³, `100` = 100.

    ValueError with reason and remedy for anything else: a minus sign, an unknown unit, parts of a byte, 8 EiB and more.
    """
    if text.startswith("-"):
        raise ValueError(f"{_shown(text)} is negative; a size cannot be, {_SIZE_HELP}")
    found = _SIZE.fullmatch(text)
    if found is None or found[2] not in _SIZE_UNITS:
        raise ValueError(f"{_shown(text)} is not a size; {_SIZE_HELP}")
    exact = Decimal(found[1]) * _SIZE_UNITS[found[2]]
    if exact != (size := int(exact)):
        raise ValueError(f"{_shown(text)} is not a whole number of bytes; {_SIZE_HELP}")
    if size > _LARGEST:
        raise ValueError(f"{_shown(text)} is larger than any disk or memory; {_SIZE_HELP}")
    return size


def format_size(size: int) -> str:
    """The shortest exact writing: `512M`, `2GB`, `1000`; equally short ones prefer powers of 1024. ValueError below 0."""
    if size < 0:
        raise ValueError(f"{size!r} is not a size: it is negative")
    best = str(size)
    if size:
        for unit, factor in (*_BINARY.items(), *_DECIMAL.items()):
            count, rest = divmod(size, factor)
            if not rest and len(str(count)) < len(best.rstrip("kKMGTB")):
                best = f"{count}{unit}"
    return best


def round_size(size: int) -> str:
    """What was measured, as people read it, rounded down: `812`, `300M`, `22.3G`; powers of 1024."""
    factor, unit = 1, ""
    for name, by in _BINARY.items():
        if size >= by:
            factor, unit = by, name
    whole, tenth = size // factor, size * 10 // factor % 10
    return f"{whole}.{tenth}{unit}" if tenth and whole < 100 else f"{whole}{unit}"
