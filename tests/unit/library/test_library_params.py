"""Parameters for programs: values reach the function, the audit keeps no secret."""

from __future__ import annotations

import json

import pytest

from engine import Engine, JobContext, JobSpec
from engine.errors import Refused
from engine.spec.params import Param, ParamType
from engine.spec.secret import FromFile, FromVariable, Secret
from engine.testing import VirtualEngine


async def test_a_function_finds_its_parameters_in_its_context_and_a_rerun_as_well() -> None:
    """Row 47: what a run is given, its context gives to the function."""
    seen: list[dict[str, str]] = []

    def work(ctx: JobContext) -> None:
        seen.append(dict(ctx.params))

    declared = {"DB": Param("main"), "N": Param(type=ParamType.INT), "PW": Param(secret=True)}
    async with Engine([JobSpec(id="a", call=work, manual="only", params=declared)]) as engine:
        run = await engine.job("a").trigger(params={"N": "07", "PW": "hunter2"})
        await run.ended()
        again = engine.run(await engine.rerun(run.run_id))
        await again.ended()
        with pytest.raises(Refused, match="there is no parameter PWD"):
            await engine.job("a").trigger(params={"PWD": "hunter2"})
        audit = json.dumps([record.to_json() for record in await engine.audit()])
        records = await engine.runs()
    assert seen == [{"DB": "main", "N": "7", "PW": "hunter2"}] * 2
    assert "hunter2" not in audit
    assert '"PW": "***"' in audit
    assert [record.params["PW"] for record in records] == ["***", "***"]


@pytest.mark.parametrize("params", [{"PATH": Param()}, {"a-b": Param()}, {"N": Param("x", ParamType.INT)}])
def test_a_spec_with_parameters_that_cannot_be_is_refused(params: dict[str, Param]) -> None:
    with pytest.raises(ValueError, match=r"parameter|whole number"):
        JobSpec(id="a", command="x", params=params)


async def test_tags_and_metadata_are_shown_exported_and_found_by() -> None:
    """Row 70: tags filter and take verbs as a whole; metadata is on the job's record as it was written."""
    metadata = {"owner": "dba", "deep": {"list": (1, None)}}
    declared = {"PW": Param("x", secret=True, description="of the database")}
    jobs = [
        JobSpec(id="a", command="true", manual="only", tags=["db", "night"], metadata=metadata, params=declared),
        JobSpec(id="b", command="true", manual="only", tags=["db"]),
        JobSpec(id="c", command="true", manual="only"),
    ]
    async with Engine(jobs) as engine:
        assert [job.id for job in engine.find(tag="db")] == ["a", "b"]
        await engine.hold("maintenance", tag="db")
        assert [job.held for job in engine.jobs] == [True, True, False]
        told = json.loads(json.dumps(engine.job("a").record().to_json()))
    assert told["tags"] == ["db", "night"]
    assert told["metadata"] == {"owner": "dba", "deep": {"list": [1, None]}}
    assert told["params"]["PW"] == {
        "default": "***",
        "type": "string",
        "enum": [],
        "description": "of the database",
        "secret": True,
        "required": False,
    }


async def test_a_virtual_engine_reads_no_secret() -> None:
    """Row 80: a program tests its jobs where their secrets are not."""
    secrets: dict[str, Secret] = {"PW": FromFile("/nowhere"), "T": FromVariable("NOT_SET_ANYWHERE")}
    async with VirtualEngine([JobSpec(id="a", command="use", manual="only", secrets=secrets)]) as engine:
        run = await engine.job("a").trigger()
        await engine.run_for(1)
        record = await engine.record(run.run_id)
    assert record is not None
    assert record.outcome == "success"
