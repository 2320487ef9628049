"""Whatever text comes in, the parser answers: an expression or a `CronError`."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.schedule import Cron, CronError, next_fire

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
pieces = st.sampled_from(
    [*"0159*/-,#LWHR?@=() \t", "mon", "JAN", "7L", "H(0-5)", "1#2", "CRON_TZ=", "UTC", "@daily", "٣", "\x00"]
)
near_misses = st.lists(pieces, max_size=24).map("".join)
fields = st.lists(st.lists(pieces, min_size=1, max_size=3).map("".join), min_size=5, max_size=6).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(text=st.one_of(st.text(max_size=600), near_misses, fields), seed=st.none() | st.text(max_size=5))
def test_the_parser_never_crashes(text: str, seed: str | None) -> None:
    """Any text and any seed: parsed and then able to tell a next time, or refused with a short printable message."""
    try:
        cron = Cron.parse(text, seed=seed)
    except CronError as error:
        message = error.message
    else:
        assert cron.next(NOON) > NOON
        return
    assert message.isprintable()
    assert len(message) < 260


@settings(max_examples=200, deadline=None)
@given(name=st.text(max_size=80) | st.lists(st.sampled_from(["..", "/", "Europe", "London", ".", "\x00"])).map("".join))
def test_a_name_of_a_zone_never_crashes(name: str) -> None:
    """Any text as the zone: a time in it, or a `CronError` for the field."""
    try:
        found = next_fire("0 0 * * *", name, NOON)
    except CronError as error:
        field = error.field
    else:
        assert found > NOON
        return
    assert field == "time zone"
