"""Verbs over the socket: done on the right object, refused in words, each id reported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.errors import Refused, RefusedCode
from engine.model.record import Json
from jobqueue_tui.server.app import serving
from jobqueue_tui.server.wish import Shutdown
from tests.unit.server.fake_view import FakeView
from tests.unit.server.served import Answer, Served


async def do(served: Served, verb: str, body: Mapping[str, Json]) -> Answer:
    return await served.ask("POST", f"/v1/verbs/{verb}", json.dumps(body).encode())


@pytest.mark.parametrize(
    ("verb", "arguments", "done"),
    [
        ("trigger", {}, "trigger"),
        ("trigger", {"bypass": True}, "trigger bypass"),
        ("pause", {"for": "10m"}, "pause 600.0"),
        ("pause", {"for": 1.5}, "pause 1.5"),
        ("resume", {}, "resume"),
        ("stop", {}, "stop False None"),
        ("stop", {"job": True, "grace": "5s"}, "stop True 5.0"),
    ],
)
async def test_a_verb_reaches_its_job_with_its_arguments(
    served: Served, verb: str, arguments: dict[str, Json], done: str
) -> None:
    answer = await do(served, verb, {"ids": ["etl"], "run": None, **arguments})
    assert answer.status == 200
    assert answer.json["results"][0]["id"] == "etl"
    assert served.view.job("etl").done == [done]


async def test_trigger_tells_the_run_and_priority_the_number(served: Served) -> None:
    assert (await do(served, "trigger", {"ids": ["load"]})).json["results"] == [
        {"id": "load", "ok": True, "run_id": "load:7"}
    ]
    assert (await do(served, "bump", {"ids": ["load"], "by": -3})).json["results"][0]["priority"] == -3
    assert (await do(served, "priority", {"ids": ["load"], "priority": 50})).json["results"][0]["priority"] == 50


async def test_a_verb_on_one_run_leaves_the_other_alone(served: Served) -> None:
    """By full id or by its number within the job."""
    await do(served, "stop", {"ids": ["etl"], "run": "etl:4", "grace": 2})
    await do(served, "pause", {"ids": ["etl"], "run": "4"})
    first, second = served.view.job("etl").active
    assert (first.done, second.done, served.view.job("etl").done) == ([], ["stop 2.0", "pause None"], [])


async def test_several_ids_are_reported_each_and_one_refusal_stops_no_other(served: Served) -> None:
    answer = await do(served, "trigger", {"ids": ["tag:db", "denied", "nope", "etl"]})
    assert answer.status == 409
    assert answer.json["error"]["code"] == "manual_denied"
    assert [(result["id"], result["ok"]) for result in answer.json["results"]] == [
        ("load", True),
        ("denied", False),
        ("nope", False),
        ("etl", True),
    ]
    assert answer.json["results"][2]["error"]["code"] == "unknown_id"


@pytest.mark.parametrize(
    ("verb", "body", "status", "code"),
    [
        ("stop", {"ids": ["load"]}, 409, "state"),
        ("bump", {"ids": ["load"], "by": 101}, 409, "out_of_range"),
        ("trigger", {"ids": ["nope"]}, 404, "unknown_id"),
        ("trigger", {"ids": ["etl:3"]}, 404, "unknown_id"),
        ("pause", {"ids": ["etl"], "run": "etl:99"}, 404, "unknown_id"),
        ("pause", {"ids": ["load"], "run": "etl:3"}, 404, "unknown_id"),
        ("explode", {"ids": ["etl"]}, 404, "unknown_verb"),
        ("trigger", {}, 422, "bad_input"),
        ("trigger", {"ids": "etl"}, 422, "bad_input"),
        ("trigger", {"ids": [1]}, 422, "bad_input"),
        ("trigger", {"ids": ["etl"], "by": 3}, 422, "bad_input"),
        ("trigger", {"ids": ["etl"], "run": "etl:3"}, 422, "bad_input"),
        ("pause", {"ids": ["etl", "load"], "run": "etl:3"}, 422, "bad_input"),
        ("pause", {"ids": ["etl"], "for": "soon"}, 422, "bad_input"),
        ("pause", {"ids": ["etl"], "for": -1}, 422, "bad_input"),
        ("stop", {"ids": ["etl"], "run": "etl:3", "job": True}, 422, "bad_input"),
        ("bump", {"ids": ["etl"]}, 422, "bad_input"),
        ("bump", {"ids": ["etl"], "by": True}, 422, "bad_input"),
        ("priority", {"ids": ["etl"], "priority": 101}, 422, "bad_input"),
        ("shutdown", {"ids": ["etl"]}, 422, "bad_input"),
    ],
)
async def test_a_refusal_has_its_status_and_code(
    served: Served, verb: str, body: dict[str, Json], status: int, code: str
) -> None:
    answer = await do(served, verb, body)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert set(answer.json["error"]) == {"code", "message", "remedy"}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b"ids=etl"])
async def test_a_body_that_is_not_json_is_400(served: Served, body: bytes) -> None:
    answer = await served.ask("POST", "/v1/verbs/trigger", body)
    assert (answer.status, answer.json["error"]["code"]) == (400, "not_json")


async def test_an_unknown_verb_close_to_a_known_one_is_suggested(served: Served) -> None:
    assert (await do(served, "puase", {"ids": ["etl"]})).json["error"]["remedy"] == "did you mean pause?"


async def test_shutdown_hands_the_wish_on_and_answers_before_the_end(served: Served) -> None:
    answer = await do(served, "shutdown", {"drain": "5s"})
    assert (answer.status, answer.json) == (202, {"results": []})
    assert served.wishes == [Shutdown(5.0, leave=False)]


async def test_a_second_shutdown_is_refused(view: FakeView, tmp_path: Path) -> None:
    def refuse(wish: Shutdown) -> None:
        raise Refused(RefusedCode.SHUTTING_DOWN, "the engine is ending already")

    path = tmp_path / "run" / "s.sock"
    async with serving(view, path, version="", on_shutdown=refuse):
        answer = await do(Served(view, path), "shutdown", {})
    assert (answer.status, answer.json["error"]["code"]) == (409, "shutting_down")


async def test_a_read_only_engine_refuses_every_verb_with_403_and_still_answers_questions(
    view: FakeView, tmp_path: Path
) -> None:
    wishes: list[Shutdown] = []
    path = tmp_path / "run" / "s.sock"
    async with serving(view, path, version="", on_shutdown=wishes.append, read_only=True):
        served = Served(view, path)
        for verb, body in (("trigger", {"ids": ["etl"]}), ("shutdown", {})):
            answer = await do(served, verb, body)  # type: ignore[arg-type]  # the literals are JSON
            assert (answer.status, answer.json["error"]["code"]) == (403, "read_only")
        assert (await served.ask("GET", "/v1/jobs/etl")).status == 200
    assert (wishes, view.job("etl").done) == ([], [])
