"""Parameters of runs: given by hand or by default, kept over retries, crashes and reruns, masked on record."""

from __future__ import annotations

import json

import pytest

from engine.core.verbs.rerun import rerun
from engine.core.verbs.trigger import trigger
from engine.errors import Refused, RefusedCode
from engine.ports.executor import Launch
from engine.runtime.records import run_record
from engine.spec.job import Argv, EverySchedule, JobSpec, Manual, Retry
from engine.spec.params import Given, Param, ParamType
from engine.store.history import to_record
from engine.testing import Act, Bench
from tests.unit.engine.making import bench

DECLARED = {"DB": Param("main"), "N": Param(type=ParamType.INT), "PW": Param("s3cret", secret=True)}


def asked(**fields: object) -> JobSpec:
    command = Argv(("dump", "${params.DB}", "${params.N:-0}"))
    return JobSpec(id="a", command=command, params=DECLARED, manual=Manual.ONLY, **fields)  # type: ignore[arg-type] # of many types


def go(b: Bench, **params: str) -> str:
    return b.do(lambda turn: trigger(turn, "a", bypass=False, params=params)).run_id


def last(b: Bench) -> Launch:
    return b.executor.launched[-1]


def test_a_run_by_hand_has_what_it_was_given_in_its_arguments_and_its_environment() -> None:
    b = bench(asked())
    go(b, DB="audit", N="007")
    assert last(b).argv == ("dump", "audit", "7")
    assert {name: last(b).env[name] for name in DECLARED} == {"DB": "audit", "N": "7", "PW": "s3cret"}


def test_a_run_of_the_schedule_has_the_defaults_and_no_variable_without_a_value() -> None:
    b = bench(JobSpec(id="a", command=Argv(("x",)), params=DECLARED, schedule=EverySchedule(60.0)))
    assert last(b).env["DB"] == "main"
    assert "N" not in last(b).env


@pytest.mark.parametrize("params", [{"LD_PRELOAD": "/tmp/x.so"}, {"PATH": "/tmp"}, {"N": "x"}, {"DB": "-e"}])
def test_what_a_job_does_not_take_is_refused_and_nothing_has_changed(params: dict[str, str]) -> None:
    """80-security: only declared, typed params."""
    b = bench(asked())
    with pytest.raises(Refused) as caught:
        go(b, **params)
    assert caught.value.code is RefusedCode.BAD_PARAMS
    assert not b.store.runs


def test_a_retry_and_a_run_taken_over_after_a_crash_have_the_same_values() -> None:
    b = bench(asked(retry=Retry(1, 60.0)), acts={"a:1.1": Act(1.0, 1), "a:1.2": Act(1.0)})
    go(b, DB="audit", PW="other")
    b.run_for(10)
    b.crash()
    b.run_for(120)
    assert [launch.attempt for launch in b.executor.launched] == ["a:1.1", "a:1.2"]
    assert last(b).env["DB"] == "audit"
    assert last(b).env["PW"] == "other"


def test_a_rerun_has_the_values_of_its_run_also_when_the_defaults_are_others_now() -> None:
    b = bench(asked())
    first = go(b, DB="audit", PW="other")
    b.run_for(5)
    given = Given.from_text(b.store.runs[1].params)
    b.job("a").spec = JobSpec(
        id="a", command=Argv(("dump",)), manual=Manual.ONLY, params={"PW": DECLARED["PW"], "NEW": Param("1")}
    )
    b.do(lambda turn: rerun(turn, first, "a", b.now, given))
    assert {name: last(b).env.get(name) for name in ("DB", "PW", "NEW")} == {"DB": None, "PW": "other", "NEW": "1"}


def test_records_show_values_and_never_secret_ones() -> None:
    """80-security: `params: {secret: true}`; role `view` sees names, not values."""
    b = bench(asked(), acts={"a": Act(60.0)})
    go(b, PW="hunter2")
    live = run_record(b.active("a")[0], b.now, "host").to_json()
    b.run_for(120)
    stored = to_record(b.store.runs[1]).to_json()
    for record in (live, stored):
        assert record["params"] == {"DB": "main", "PW": "***"}
        assert "hunter2" not in json.dumps(record)
