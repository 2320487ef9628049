"""Durations and sizes: what is read, what is refused, and that what is printed reads as the same."""

from __future__ import annotations

import pytest

from engine.spec.units import format_duration, format_size, parse_duration, parse_size, round_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("0.5s", 0.5),
        ("0.5", 0.5),
        ("500ms", 0.5),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("1d2h3m4s5ms", 93_784.005),
        ("1.5h", 5400),
        ("0", 0),
        ("36500d", 36_500 * 86_400),
    ],
)
def test_durations_are_read_as_the_design_lists_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-5s", "negative"),
        ("", "not a duration"),
        ("5 s", "not a duration"),
        ("1e3", "not a duration"),
        ("5x", "not a duration"),
        ("1m1h", "out of order"),
        ("1s1s", "twice"),
        ("nan", "not a duration"),
        ("\u0665s", "not a duration"),
        ("0.0001ms", "finer than a microsecond"),
        ("36501d", "longer than 100 years"),
        ("9" * 500, "not a duration"),
        ("5S", "not a duration"),
        ("1w", "not a duration"),
    ],
)
def test_other_durations_are_refused_with_reason_and_remedy(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_duration(text)
    assert "write " in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.5, "500ms"),
        (0.0001, "0.1ms"),
        (1.5, "1.5s"),
        (90, "1m30s"),
        (5400, "1h30m"),
        (172_800, "2d"),
        (86_401, "1d1s"),
    ],
)
def test_durations_are_printed_in_the_form_they_are_written_in(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e12])
def test_what_is_no_duration_is_not_printed_as_one(seconds: float) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        format_duration(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512", 512),
        ("512B", 512),
        ("1K", 1024),
        ("1k", 1024),
        ("1KiB", 1024),
        ("512M", 512 * 1024**2),
        ("2GiB", 2 * 1024**3),
        ("1T", 1024**4),
        ("1kB", 1000),
        ("1MB", 1000**2),
        ("2GB", 2 * 1000**3),
        ("1.5G", 3 * 1024**3 // 2),
        ("0", 0),
    ],
)
def test_sizes_count_letters_in_1024_and_si_units_in_1000(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["-1", "", "1X", "1 M", "1mb", "0.3", "9" * 20 + "T", "1e6", "\u0661M", "M", "1.M"])
def test_other_sizes_are_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="write a number with K, M, G, T"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1kB"),
        (1024, "1K"),
        (512 * 1024**2, "512M"),
        (10**9, "1GB"),
        (1024**3, "1G"),
        (1001, "1001"),
    ],
)
def test_sizes_are_printed_in_the_shortest_exact_form(size: int, text: str) -> None:
    assert format_size(size) == text


def test_a_negative_size_is_not_printed() -> None:
    with pytest.raises(ValueError, match="negative"):
        format_size(-1)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (1023, "1023"),
        (1024, "1K"),
        (300 << 20, "300M"),
        ((300 << 20) - 1, "299M"),
        (23_402_760 << 10, "22.3G"),
        ((6 << 30) - 1, "5.9G"),
        (5 << 50, "5120T"),
    ],
)
def test_what_was_measured_is_rounded_down(size: int, text: str) -> None:
    """Three digits or so: nobody reads 23402760K; and what is nearly enough does not look like enough."""
    assert round_size(size) == text
