"""Parameters for programs: values reach the function, the audit keeps no secret."""

from __future__ import annotations

import json

import pytest

from engine import Engine, JobContext, JobSpec
from engine.errors import Refused
from engine.spec.params import Param, ParamType


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
