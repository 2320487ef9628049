"""`simulate`: the timeline of a job file on a virtual clock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobqueue_tui.cli.main import run

FILE = """
engine: {timezone: Europe/Berlin, max_running: 2}
blackouts: [{from: "2026-03-02 05:00", to: "2026-03-02 05:30"}]
jobs:
  tick: {command: "touch ran", schedule: "*/10 * * * *", jitter: 20s}
  after: {command: "touch ran", needs: [tick]}
  nightly: {command: "touch ran", schedule: "0 5 * * *", start_deadline: 10m}
  once: {python: "no.such.module:main"}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "jobs.yaml"
    path.write_text(FILE)
    return path


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert run(["simulate", "jobs.yaml", "--from", "2026-03-02T00:00", *arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, list)
    return found


def events(found: list[dict[str, object]], job: str) -> list[tuple[str, str]]:
    return [(str(one["at"])[11:16], str(one["event"])) for one in found if one["job"] == job]


def test_it_shows_what_would_happen_and_runs_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Starts, dependants, what waits for a blackout and what misses its deadline in it; times are UTC."""
    found = lines(capsys, "--for", "6h")
    assert [set(one) for one in found[:1]] == [{"at", "job", "event", "data"}]
    assert events(found, "once") == [("23:00", "queued"), ("23:00", "started"), ("23:00", "ended")]
    assert events(found, "nightly") == [("04:00", "queued"), ("04:10", "missed")]
    assert [event for _, event in events(found, "tick")].count("ended") == 33
    assert [event for _, event in events(found, "after")].count("ended") == 33
    assert sorted(str(one["at"]) for one in found) == [str(one["at"]) for one in found]
    assert not (file.parent / "ran").exists()


def test_its_lines_are_what_json_writes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are put together by hand: fractions of seconds, reasons, nothing at all."""
    arguments = ["simulate", str(file), "--from", "2026-03-02", "--for", "1d", "--run-time", "1.5s", "--format"]
    assert run([*arguments, "jsonl"]) == 0
    written = capsys.readouterr().out.splitlines()
    assert [json.dumps(json.loads(line)) for line in written] == written
    assert run([*arguments, "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [json.loads(line) for line in written]
    facts = [json.loads(line)["data"] for line in written]
    waits = [one["waited_seconds"] for one in facts if "waited_seconds" in one]
    assert 0.0 in waits
    assert any(wait % 1 for wait in waits)
    assert {one["reason"] for one in facts if "reason" in one} >= {"exit(0)", "deadline"}


def test_the_same_start_gives_the_same_bytes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also in another form than the table."""
    for form in ("table", "json", "jsonl", "csv"):
        arguments = ["simulate", str(file), "--from", "2026-03-02", "--for", "1d", "--format", form]
        assert run(arguments) == 0
        first = capsys.readouterr().out
        assert run(arguments) == 0
        assert capsys.readouterr().out == first
        assert first.count("\n") > 400


def test_a_table_says_when_what_happens_to_which_job(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The column of times first, in the zone of the file."""
    assert run(["simulate", str(file), "--from", "2026-03-02", "--for", "1h"]) == 0
    head, first, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["AT", "JOB", "EVENT", "DATA"]
    assert first.split() == ["2026-03-02", "00:00:00", "once", "queued", "once:1"]


def test_runs_that_take_time_collide(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--run-time`: a run of 15 minutes every 10 is skipped every other time."""
    found = lines(capsys, "--for", "1h", "--run-time", "15m")
    assert [event for _, event in events(found, "tick") if event in {"started", "skipped"}][:4] == [
        "started",
        "skipped",
        "started",
        "skipped",
    ]


def test_the_start_is_said_and_is_midnight_of_the_engine_unless_given(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr: data alone is on stdout."""
    assert run(["simulate", str(file), "--for", "1m", "--format", "jsonl"]) == 0
    said = capsys.readouterr().err
    assert "T00:00:00+0" in said
    assert "for 1m: an engine with nothing on record, 2 runs at once, each taking 0s" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "soon"], "is not a time"),
        (["--for", "long"], "is not a duration"),
        (["--columns", "x"], "no column"),
    ],
)
def test_bad_usage_is_told(file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    """Exit code 2, one line."""
    assert run(["simulate", str(file), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_next_shows_the_limits_of_a_schedule(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`next` asks the same plan as the engine: window, calendar, roll, jitter."""
    file.write_text(
        """
engine: {timezone: Europe/Berlin}
calendars: {closed: {dates: [2026-12-25]}}
jobs:
  skipped: {command: x, schedule: "0 12 25 12 *", except: closed}
  moved: {command: x, schedule: "0 12 25 12 *", except: closed, roll: next}
  window: {command: x, every: 1h, window: {from: "06:00", to: "22:00"}}
  ended: {command: x, schedule: "@daily", end_at: "2026-01-01T12:00"}
"""
    )
    assert run(["next", str(file), "-n", "1", "--from", "2026-11-26T23:30+01:00", "--format", "json"]) == 0
    found = {one["job"]: (one["at"], one["note"]) for one in json.loads(capsys.readouterr().out)}
    assert found == {
        "skipped": ("2026-12-25T12:00:00+01:00", "skipped by the calendar: never closed"),
        "moved": ("2026-12-28T12:00:00+01:00", "moved by roll: next"),
        "window": ("2026-11-27T06:00:00+01:00", "counted from the time asked for"),
    }
