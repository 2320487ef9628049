"""What must be refused: with field, text, reason, quickly, and without echoing what came in."""

from __future__ import annotations

import time

import pytest

from engine.schedule import Cron, CronError


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("", "expression", "nothing there"),
        (" \t", "expression", "nothing there"),
        ("* * * *", "expression", "4 fields"),
        ("monday", "expression", "1 field;"),
        ("0 0 1 1 * 2030 *", "expression", "years are not supported"),
        ("* * * * * * * *", "expression", "8 fields"),
        ("* * * * *\n* * * * *", "expression", "U+000A"),
        ("* * * *\x00*", "expression", "U+0000"),
        ("*\u00a0* * * *", "expression", "U+00A0"),
        ("\u0663 * * * *", "expression", "U+0663"),
        ("é * * * *", "expression", "U+00E9"),
        ("@reboot", "expression", "an event"),
        ("@every 5m", "expression", "every:"),
        ("@fortnightly", "expression", "unknown alias"),
        ("@daily 5", "expression", "stands alone"),
        ("@", "expression", "unknown alias"),
        ("TZ=UTC 0 0 * * *", "expression", "only CRON_TZ"),
        ("PATH=/bin 0 0 * * *", "expression", "only CRON_TZ"),
        ("CRON_TZ= 0 0 * * *", "time zone", "no zone"),
        ("CRON_TZ=UTC", "expression", "nothing there"),
        ("CRON_TZ=UTC CRON_TZ=UTC 0 0 * * *", "second", "not a number"),
        ("CRON_TZ=Mars/Olympus 0 0 * * *", "time zone", "unknown"),
        ("CRON_TZ=../../etc/passwd 0 0 * * *", "time zone", "not the name"),
        ("60 * * * *", "minute", "outside 0-59"),
        ("* 24 * * *", "hour", "outside 0-23"),
        ("* * 0 * *", "day of month", "outside 1-31"),
        ("* * 32 * *", "day of month", "outside 1-31"),
        ("* * * 0 *", "month", "outside 1-12"),
        ("* * * 13 *", "month", "outside 1-12"),
        ("* * * * 8", "day of week", "outside 0-7"),
        ("60 * * * * *", "second", "outside 0-59"),
        ("* * * * 8L", "day of week", "outside 0-7"),
        ("* * * * 8#1", "day of week", "outside 0-7"),
        ("0 22-2 * * *", "hour", "write 22-23,0-2"),
        ("59-1 * * * *", "minute", "write 59,0-1"),
        ("* * * nov-feb *", "month", "backwards"),
        ("* * * * 5-1", "day of week", "backwards"),
        ("* * * * sat-sun", "day of week", "write SAT-7"),
        ("*/0 * * * *", "minute", "step of 0"),
        ("*/00 * * * *", "minute", "step of 0"),
        ("*/ * * * *", "minute", "not a number"),
        ("*/-5 * * * *", "minute", "not a number"),
        ("*/12345 * * * *", "minute", "at most 4 digits"),
        ("*/* * * * *", "minute", "not a number"),
        ("1/2/3 * * * *", "minute", "not a number"),
        ("*-5 * * * *", "minute", "not a number"),
        ("1-2-3 * * * *", "minute", "not a number"),
        ("1- * * * *", "minute", "not a number"),
        ("-5 * * * *", "minute", "no sign"),
        ("+5 * * * *", "minute", "no sign"),
        ("00005 * * * *", "minute", "at most 4 digits"),
        ("1.5 * * * *", "minute", "not a number"),
        ("0x5 * * * *", "minute", "not a number"),
        ("1_0 * * * *", "minute", "not a number"),
        ("** * * * *", "minute", "not a number"),
        (", * * * *", "minute", "empty"),
        ("1,,2 * * * *", "minute", "empty"),
        ("1, * * * *", "minute", "empty"),
        ("0~30 * * * *", "minute", "H(a-b)"),
        ("jan * * * *", "minute", "names stand in"),
        ("0 0 wed * *", "day of month", "names stand in"),
        ("0 0 jul-aug * *", "day of month", "names stand in"),
        ("* * * monday *", "month", "not a month"),
        ("* * * * monday", "day of week", "not a day"),
        ("* * * * jan", "day of week", "not a day"),
        ("? * * * *", "minute", "write *"),
        ("0 0 ? * mon", "day of month", "write *"),
        ("R * * * *", "minute", "anew"),
        ("R(0-5) R * * *", "minute", "anew"),
        ("r/5 * * * *", "minute", "anew"),
        ("0 0 15W * *", "day of month", "nearest weekday"),
        ("0 0 WL * *", "day of month", "LW its last weekday"),
        ("0 0 L-3 * *", "day of month", "stands alone"),
        ("0 0 L/2 * *", "day of month", "stands alone"),
        ("0 0 LW/2 * *", "day of month", "stands alone"),
        ("0 0 1-L * *", "day of month", "stands alone"),
        ("5L * * * *", "minute", "not a number"),
        ("0 0 * * L", "day of week", "5L"),
        ("0 0 * * L5", "day of week", "5L"),
        ("0 0 * * 1-5L", "day of week", "not a day"),
        ("0 0 * * 1-5#2", "day of week", "one weekday"),
        ("0 0 * * *#2", "day of week", "one weekday"),
        ("0 0 * * 1#0", "day of week", "1 to 5"),
        ("0 0 * * 1#6", "day of week", "1 to 5"),
        ("0 0 * * 1#L", "day of week", "1 to 5"),
        ("0 0 * * 1#2#3", "day of week", "1 to 5"),
        ("0 0 * * #2", "day of week", "one weekday"),
        ("0 0 1#2 * *", "day of month", "day of week"),
        ("H * * * *", "minute", "job id"),
        ("0 0 H * *", "day of month", "job id"),
        ("0 0 30 2 *", "day of month", "never fires"),
        ("0 0 31 2,4,6,9,11 *", "day of month", "never fires"),
        ("0 0 30,31 feb */2", "day of month", "never fires"),
        ("0 0 */15 * 1#2", "day of month", "never fires"),
        ("0 0 LW * */6", "day of month", "never fires"),
    ],
)
def test_refused_with_field_and_reason(text: str, field: str, reason: str) -> None:
    """Rows 5, 18: each text outside the grammar is refused, naming the field at fault and why or what to write instead."""
    with pytest.raises(CronError) as refused:
        Cron.parse(text)
    assert refused.value.field == field
    assert reason in refused.value.message


@pytest.mark.parametrize(
    "text",
    ["H(5-1) * * * *", "H(0-60) * * * *", "H(1) * * * *", "H() * * * *", "H/0 * * * *", "H-5 * * * *", "1-H * * * *"],
)
def test_refused_hashes(text: str) -> None:
    """H takes one range inside the field and one step, nothing else."""
    with pytest.raises(CronError) as refused:
        Cron.parse(text, seed="job")
    assert refused.value.field == "minute"


def test_the_error_is_a_value_error_with_its_parts() -> None:
    """A caller gets field, offending text, reason and remedy apart and as one line."""
    with pytest.raises(ValueError, match="hour") as caught:
        Cron.parse("0 22-2 * * *")
    error = caught.value
    assert isinstance(error, CronError)
    assert (error.field, error.text, error.reason, error.remedy) == (
        "hour",
        "22-2",
        "the range runs backwards",
        "write 22-23,0-2",
    )
    assert error.message == 'hour "22-2": the range runs backwards; write 22-23,0-2'


HOSTILE = {
    "a list of 100,000 items": ",".join(["1"] * 100_000) + " * * * *",
    "50,000 names": "* * * * " + ",".join(["mon"] * 50_000),
    "a number of 5,000 digits": "9" * 5_000 + " * * * *",
    "a number of 500 digits": "9" * 500 + " * * * *",
    "500 slashes": "/" * 500 + " * * * *",
    "500 dashes": "-" * 500 + " * * * *",
    "500 hashes": "* * * * " + "#" * 500,
    "500 brackets": "H" + "(" * 500 + " * * * *",
    "80,000 slashes": "/" * 80_000,
    "NUL bytes": "\x00" * 500,
    "emoji": "🙈" * 500,
    "terminal escapes": "\x1b]52;c;AAAA\x07" * 40,
    "markup": "[red]" * 90 + " * * * *",
    "200 names": "* * * * " + ",".join(["monx"] * 100),
    "250 fields": "* " * 250,
    "a long alias": "@" + "a" * 500,
    "a long zone": "CRON_TZ=" + "A" * 400 + " * * * * *",
    "a deep zone": "CRON_TZ=" + "a/" * 200 + "a * * * * *",
    "a search of 50 years for nothing": "0 0 */15 * 1#2,2#2,3#2,4#2,5#2",
    "four searches of 50 years": "0-59 0-23 31,LW feb */6,0#1",
    "two searches of 50 years": "* * LW * */6,0#1,6#5",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_refused_at_once(text: str) -> None:
    """Refused within 100 ms of CPU, with a short message of printable ASCII: no escapes, no copy of the input."""
    spent = []
    for _ in range(3):
        started = time.process_time()
        with pytest.raises(CronError) as refused:
            Cron.parse(text, seed="job")
        spent.append(time.process_time() - started)
    assert min(spent) < 0.1
    error = refused.value
    assert len(error.text) <= 40
    assert len(error.message) < 260
    assert (error.field + error.text + error.reason).replace("…", "").isascii()
    assert error.message.isprintable()


@pytest.mark.parametrize(
    "text", ["0 0 29 2 *", "0 0 29 2 */7", "0 0 */28 2 1#5", "0 0 30 2 mon", "0 0 L 2 */7", "0 0 31 4 mon#5"]
)
def test_rare_dates_are_not_refused(text: str) -> None:
    """A date that comes once in 28 years, or by the other day field, is no date that never comes."""
    Cron.parse(text)
