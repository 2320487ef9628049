"""Job specs as a program writes them."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from datetime import UTC, datetime, timedelta

import pytest

from engine import (
    At,
    Cron,
    Delay,
    Every,
    Hook,
    Hooks,
    IoClass,
    IoNice,
    JobContext,
    JobSpec,
    Limits,
    Need,
    OnExceed,
    Remedy,
    Retry,
)
from engine.spec import job as plain
from engine.spec import library
from engine.spec.command import Argv, Shell
from engine.spec.hooks import CommandHolds, FileExists
from engine.spec.stored import can_be_stored, from_text, to_text


def work(ctx: JobContext) -> None:
    """Nothing to do."""


def test_durations_are_text_seconds_or_timedelta() -> None:
    """Durations mean the same however they are written."""
    for length in ("1h30m", 5400, timedelta(minutes=90)):
        assert JobSpec(id="a", call=work, every=length).schedule == Every(5400.0)


def test_a_spec_of_a_program_is_one_of_a_file() -> None:
    """Rows 3 and 76: what a program writes is the same value as what a job file says."""
    spec = JobSpec(
        id="load",
        command="echo hi",
        schedule="0 2 * * *",
        retry=Retry(limit=3, delay="10s"),
        timeout="5m",
        needs={"extract": "done"},
        pools=["db"],
        overlap="queue",
    )
    assert isinstance(spec, plain.JobSpec)
    assert spec.command == plain.Shell("echo hi")
    assert isinstance(spec.schedule, plain.CronSchedule)
    assert (spec.retry.limit, spec.retry.delay, spec.timeout.run) == (3, 10.0, 300.0)
    assert spec.needs == (Need("extract", plain.Required.DONE),)
    assert spec.pools == {"db": 1}
    assert spec.overlap is plain.Overlap.QUEUE


def test_the_name_defaults_to_the_id() -> None:
    """Row 2."""
    assert JobSpec(id="sync", call=work).title == "sync"
    assert JobSpec(id="sync", call=work, name="The sync").title == "The sync"


@pytest.mark.parametrize("job_id", ["", " ", "a b", "a:1", "-a", "a" * 65, None, 7])
def test_an_id_must_be_fit_for_a_file_name(job_id: str) -> None:
    """Row 1: an empty id raises, and so does one that could not be a file's name."""
    with pytest.raises(ValueError, match="not a job id"):
        JobSpec(id=job_id, call=work)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "nothing to run"),
        ({"call": work, "command": "true"}, "call and command together"),
        ({"python": "reports"}, "module:function"),
        ({"call": 7}, "no function"),
        ({"call": work, "every": "1s", "delay": "1s"}, "every and delay together"),
        ({"call": work, "every": 0}, "at least 100ms"),
        ({"call": work, "every": -1}, "0 seconds or more"),
        ({"call": work, "delay": 0}, "longer than 0s"),
        ({"call": work, "align": True}, "align belongs to every"),
        ({"call": work, "timeout": 0}, "longer than 0s"),
        ({"call": work, "priority": 101}, "outside"),
        ({"call": work, "concurrency": 0}, "below 1"),
        ({"call": work, "overlap": "wait"}, "not one of"),
        ({"call": work, "at": datetime(2026, 1, 1)}, "no offset"),  # noqa: DTZ001 - that is what is refused
    ],
)
def test_a_contradiction_raises_when_it_is_written(fields: dict[str, typing.Any], text: str) -> None:
    """What a job file would refuse, the constructor refuses."""
    with pytest.raises(ValueError, match=text):
        JobSpec(id="a", **fields)


@pytest.mark.parametrize("fault", [{"limit": -1}, {"backoff": 0.5}, {"jitter": 2}, {"delay": "soon"}])
def test_a_retry_is_checked_too(fault: dict[str, typing.Any]) -> None:
    """A retry policy that no file could hold raises."""
    with pytest.raises(ValueError, match=r".+"):
        Retry(**fault)


def test_schedules_as_objects() -> None:
    """`schedule=` takes Cron, Every, Delay and At as well as the file's text."""
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    for schedule in (Cron("0 2 * * *", timezone="UTC"), Every("1m"), Delay(5), At(new_year, "@start")):
        assert JobSpec(id="a", call=work, schedule=schedule).schedule == schedule
    assert JobSpec(id="a", call=work, at="2027-01-01T00:00:00Z").schedule == At(new_year)


def test_the_constructor_knows_every_field_of_a_spec() -> None:
    """A field that the engine gains cannot be forgotten here."""
    written = set(inspect.signature(JobSpec.__init__).parameters) | set(library.Plain.__annotations__)
    of_files = {"env_files", "from_env_files"}  # where a job file's variables came from
    missing = {field.name for field in dataclasses.fields(plain.JobSpec)} - written - of_files
    assert not missing


def test_a_spec_survives_as_text() -> None:
    """A job that was added at run time is kept as its spec, whatever it says."""
    spec = JobSpec(
        id="a",
        command=["echo", "${JOB_ID}"],
        schedule=Cron("0 2 * * *", "@hourly", timezone="Europe/Berlin"),
        needs=["b"],
        pools={"db": 2},
        skip_codes=[3, 4],
        env={"A": "1"},
        metadata={"owner": {"team": "x"}, "list": [1, 2]},
        retry=Retry(None, "1s", 2.0),
        exclusive="disk",
    )
    around = JobSpec(
        id="c",
        command="x",
        hooks=Hooks(start="df", finally_=Hook(Argv(("rm", "x")), ignore_error=True)),
        conditions=(FileExists("/x"), CommandHolds(Shell("true"))),
        failover=["replica"],
        outputs={"rows": "a(b)"},
    )
    other = JobSpec(id="b", at=[datetime(2027, 1, 1, tzinfo=UTC)], python="a.b:c", timeout="1h")
    limited = JobSpec(
        id="d",
        command="x",
        user="nobody",
        left_behind="hold",
        limits=Limits(
            cpu=1.5, affinity=(0, 2), ionice=IoNice(IoClass.IDLE), on_exceed=OnExceed(cpu=Remedy.KILL, sustain=1.0)
        ),
    )
    for one in (spec, other, around, limited):
        again = from_text(to_text(one))
        assert to_text(again) == to_text(one)
        assert (again.command, again.needs, again.retry.delay) == (one.command, one.needs, one.retry.delay)
        assert (again.hooks, again.conditions, again.failover) == (one.hooks, one.conditions, one.failover)


def test_a_function_cannot_be_stored() -> None:
    """No other process could find it again."""
    spec = JobSpec(id="a", call=work)
    assert not can_be_stored(spec)
    with pytest.raises(TypeError):
        to_text(spec)


def test_a_function_runs_as_its_program_does() -> None:
    """A user of its own, and limits of a process, are for commands."""

    def work() -> None: ...

    with pytest.raises(ValueError, match="user and group are for commands"):
        JobSpec(id="a", call=work, user="nobody")
    with pytest.raises(ValueError, match="user and group are for commands"):
        JobSpec(id="a", python="a.b:c", group="nogroup")
    with pytest.raises(ValueError, match="limits hold for processes"):
        JobSpec(id="a", call=work, limits=Limits(nice=5))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cpu": 0.001}, "limits.cpu"),
        ({"memory": 10}, "limits.memory"),
        ({"cpu_time": 0}, "limits.cpu_time"),
        ({"nofile": 1}, "limits.nofile"),
        ({"nice": 40}, "limits.nice"),
        ({"affinity": ()}, "limits.affinity"),
        ({"affinity": (-1,)}, "limits.affinity"),
    ],
)
def test_a_limit_that_no_process_could_have_is_no_value(fields: dict[str, typing.Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limits(**fields)
    with pytest.raises(ValueError, match="level 8"):
        IoNice(IoClass.REALTIME, 8)
    with pytest.raises(ValueError, match="cannot be throttled"):
        OnExceed(memory=Remedy.THROTTLE)
