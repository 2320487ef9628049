"""A whole engine behind the socket: verbs taken back by their answers, runs of jobs that have left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine import JobSpec
from engine.errors import RefusedCode
from engine.model.record import Json
from engine.model.states import RunPhase
from engine.testing import Act, VirtualEngine
from jobqueue_tui.server.app import serving
from jobqueue_tui.server.listen import listening
from tests.unit.server.served import Answer, ask


@dataclass
class Whole:
    """An engine, and the socket that it is reached on."""

    engine: VirtualEngine
    path: Path

    async def post(self, target: str, body: Mapping[str, Json]) -> Answer:
        return await asyncio.to_thread(ask, self.path, "POST", target, json.dumps(body).encode())

    async def undo_of(self, verb: str, **body: Json) -> dict[str, Json]:
        """What the answer to a verb says takes it back."""
        found = (await self.post(f"/v1/verbs/{verb}", body)).json["results"][0]["undo"]
        assert isinstance(found, dict)
        return found


@pytest.fixture(params=[False])
async def whole(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Whole]:
    """`b1` waits for a far time, `vv` runs until it is stopped."""
    specs = [
        JobSpec(id="b1", command="true", every="1h", start_at="2999-01-01T00:00:00+00:00", tags=("db",)),
        JobSpec(id="vv", command="sleep", manual="only"),
    ]
    path = tmp_path / "run" / "control.sock"
    async with VirtualEngine(specs, exits={"vv": Act(None)}) as engine:
        with listening(path) as sock:
            async with serving(
                engine, sock, path, version="0.1.0", on_shutdown=lambda _: None, read_only=request.param
            ):
                yield Whole(engine, path)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("hold", {"ids": ["b1"]}),
        ("pause", {"ids": ["b1"]}),
        ("suspend", {"ids": ["b1"]}),
        ("bump", {"ids": ["b1"], "by": 3}),
        ("hold", {"ids": ["tag:db"]}),
        ("hold", {"all": True}),
        ("set_timeout", {"ids": ["b1"], "timeout": 5}),
    ],
)
async def test_the_undo_of_an_answer_takes_its_verb_back(whole: Whole, verb: str, body: dict[str, Json]) -> None:
    """Sent as it is."""
    job = whole.engine.job("b1")
    before = (job.held, job.suspended, job.priority, job.changed)
    undo = await whole.undo_of(verb, **body)
    assert (job.held, job.suspended, job.priority, job.changed) != before
    answer = await whole.post("/v1/undo", undo)
    assert (answer.status, answer.json["results"][0]["ok"]) == (200, True)
    assert (job.held, job.suspended, job.priority, job.changed) == before


async def test_what_somebody_else_did_since_is_not_taken_back(whole: Whole) -> None:
    """409, `changed`; the hold that is there now stays."""
    undo = await whole.undo_of("hold", ids=["b1"])
    await whole.post("/v1/verbs/release", {"ids": ["b1"]})
    await whole.post("/v1/verbs/hold", {"ids": ["b1"], "reason": "disk"})
    answer = await whole.post("/v1/undo", undo)
    assert (answer.status, answer.json["error"]["code"]) == (409, RefusedCode.CHANGED)
    assert "disk" in whole.engine.job("b1").why().reason


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verb": "hold", "target": "b1"},
        {"verb": "kill", "target": "b1"},
        {"verb": "priority", "target": "b1"},
        {"verb": "resume", "target": "b1", "left": {"hold": True}},
        {"verb": "resume", "target": "b1", "left": {"count": 1}},
        {"verb": "resume", "target": "b1", "left": [1]},
    ],
)
async def test_what_is_no_undo_is_said_so(whole: Whole, body: dict[str, Json]) -> None:
    """422, and nothing has happened."""
    answer = await whole.post("/v1/undo", body)
    assert (answer.status, answer.json["error"]["code"]) == (422, "bad_input")


async def test_an_undo_of_everything_is_a_release_alone(whole: Whole) -> None:
    """No other verb means the engine by an empty target."""
    await whole.engine.hold()
    assert (await whole.post("/v1/undo", {"verb": "resume", "target": ""})).status == 404
    assert whole.engine.job("b1").held


@pytest.mark.parametrize("whole", [True], indirect=True)
async def test_a_read_only_engine_takes_nothing_back(whole: Whole) -> None:
    """As it gives no verb."""
    await whole.engine.job("b1").hold()
    assert (await whole.post("/v1/undo", {"verb": "release", "target": "b1"})).status == 403
    assert whole.engine.job("b1").held


async def test_the_run_of_a_job_that_has_left_is_named_by_its_id(whole: Whole) -> None:
    """By number or by id, for each verb on runs; the job itself is not there, and the answer says how its run is reached."""
    await whole.engine.job("vv").trigger()
    await whole.engine.settle()
    await whole.engine.remove("vv", wait=False)
    answer = await whole.post("/v1/verbs/kill", {"ids": ["vv"]})
    assert (answer.status, "--run" in answer.json["error"]["remedy"]) == (404, True)
    run = whole.engine.run("vv:1")
    for verb, body, phase in (
        ("pause", {}, RunPhase.PAUSED),
        ("resume", {}, RunPhase.RUNNING),
        ("signal", {"signal": "USR1"}, RunPhase.RUNNING),
        ("kill", {}, RunPhase.ENDED),
    ):
        answer = await whole.post(f"/v1/verbs/{verb}", {"ids": ["vv"], "run": "vv:1", **body})
        assert answer.json["results"][0] == {"id": "vv", "ok": True, "run_id": "vv:1"}
        await whole.engine.settle()
        assert run.phase is phase
    answer = await whole.post("/v1/verbs/kill", {"ids": ["vv"], "run": "1"})
    assert (answer.status, answer.json["error"]["message"]) == (404, "no job 'vv'")
