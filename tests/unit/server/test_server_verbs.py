"""Verbs over the socket: done on the right object, refused in words, each id reported."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import Refused, RefusedCode
from engine.model.audit import AuditRecord, Done
from engine.model.record import Json
from jobqueue_tui.server.app import serving
from jobqueue_tui.server.listen import listening
from jobqueue_tui.server.wish import Shutdown
from tests.unit.server.fake_view import NOW, FakeView
from tests.unit.server.served import Answer, Served


async def do(served: Served, verb: str, body: Mapping[str, Json]) -> Answer:
    return await served.ask("POST", f"/v1/verbs/{verb}", json.dumps(body).encode())


@pytest.mark.parametrize(
    ("verb", "arguments", "done"),
    [
        ("trigger", {}, "trigger"),
        ("trigger", {"bypass": True}, "trigger bypass"),
        ("trigger", {"params": {"DB": "main", "N": 7, "FULL": True}}, "trigger DB=main N=7 FULL=true"),
        ("pause", {"for": "10m"}, "pause 600.0"),
        ("pause", {"for": 1.5}, "pause 1.5"),
        ("resume", {}, "resume"),
        ("stop", {}, "stop False None"),
        ("stop", {"job": True, "grace": "5s"}, "stop True 5.0"),
        ("trigger", {"downstream": True, "yes": True}, "trigger downstream confirmed"),
        ("kill", {}, "kill"),
        ("signal", {"signal": "USR1"}, "signal 10"),
        ("signal", {"signal": "sigusr1"}, "signal 10"),
        ("signal", {"signal": 10}, "signal 10"),
        ("suspend", {}, "suspend"),
        ("unsuspend", {}, "unsuspend"),
        ("skip_next", {}, "skip_next False"),
        ("skip_next", {"undo": True}, "skip_next True"),
        ("skip_next", {"at": "1970-01-01T00:00:07+00:00"}, "skip_next False 7000000"),
        ("postpone", {"by": "30m", "at": "1970-01-01T00:00:07+00:00"}, "postpone 1800.0 7000000"),
        ("hold", {"reason": "disk swap", "for": "1h"}, "hold 'disk swap' 3600.0"),
        ("release", {}, "release"),
        ("enable", {}, "enable"),
        ("disable", {}, "disable"),
        ("postpone", {"by": "30m"}, "postpone 1800.0"),
        ("set_timeout", {"timeout": "30m"}, "set_timeout 1800.0"),
        ("backfill", {"from": "2026-01-01T00:00+00:00", "to": "2026-01-02T00:00+00:00"}, "backfill 86400 1"),
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


async def test_a_hold_is_of_everything_of_a_tag_or_of_jobs(served: Served) -> None:
    """A tag is held as such, not the jobs that have it now; who holds it is the caller's uid."""
    body: dict[str, Json] = {"ids": ["tag:nightly", "etl"], "reason": "swap"}
    results = (await do(served, "hold", body)).json["results"]
    assert [result["id"] for result in results] == ["tag:nightly", "etl"]
    undo = {"verb": "release", "target": "tag:nightly", "arguments": {}, "left": {}, "found": {}}
    assert results[0]["undo"] == undo
    await do(served, "hold", {"all": True, "for": 60})
    await do(served, "release", {"all": True})
    assert served.view.done == [
        f"hold nightly 'swap' None by uid {os.geteuid()}",
        f"hold None '' 60.0 by uid {os.geteuid()}",
        "release None",
    ]
    assert served.view.job("etl").done == ["hold 'swap' None"]


async def test_rerun_and_ack_take_runs_and_jobs(served: Served) -> None:
    """A job stands for its newest run, or for all of its runs in the Inbox."""
    answer = await do(served, "rerun", {"ids": ["etl:2", "load", "tag:db"]})
    assert [(r["id"], r["run_id"]) for r in answer.json["results"]] == [("etl:2", "etl:9"), ("load", "load:9")]
    answer = await do(served, "ack", {"ids": ["etl:2", "status:waiting"], "reason": "known"})
    assert answer.json["results"][0] == {"id": "etl:2", "ok": True, "runs": 2}
    assert served.view.done[:3] == ["rerun etl:2", "rerun load", "ack etl:2 'known'"]


async def test_priority_of_one_run(served: Served) -> None:
    """The job keeps its own."""
    answer = await do(served, "priority", {"ids": ["etl"], "run": "5", "priority": 9})
    assert answer.json["results"][0]["run_id"] == "etl:5"
    assert served.view.job("etl").queued[0].done == ["priority 9"]
    assert served.view.job("etl").priority == 0


async def test_the_inbox_the_audit_and_one_run_are_served(served: Served) -> None:
    """Lists of the stable JSON; a run that nobody knows is 404."""
    served.view.audited.append(
        AuditRecord(
            no=1, at=NOW, who="uid 7", verb="stop", target="etl", arguments={}, run_id="etl:3", state="running",
            reason="", outcome=Done.REFUSED, code="changed",
        )
    )  # fmt: skip
    assert [run["run_id"] for run in (await served.ask("GET", "/v1/inbox?job=load")).json] == ["load:1"]
    assert (await served.ask("GET", "/v1/inbox?job=nope")).status == 404
    assert (await served.ask("GET", "/v1/audit?limit=5&since=1h")).json[0]["code"] == "changed"
    assert (await served.ask("GET", "/v1/audit?limit=0")).status == 422
    served.view.audited.append(replace(served.view.audited[0], no=2, target="gone", run_id=None, verb="remove"))
    assert [deed["no"] for deed in (await served.ask("GET", "/v1/audit?job=etl")).json] == [1]
    assert [deed["verb"] for deed in (await served.ask("GET", "/v1/audit?job=gone")).json] == ["remove"]
    assert (await served.ask("GET", "/v1/audit?job=load")).json == []
    assert (await served.ask("GET", "/v1/audit?job=nope")).status == 404
    assert (await served.ask("GET", "/v1/runs/etl:2")).json["run_id"] == "etl:2"
    assert (await served.ask("GET", "/v1/runs/etl:77")).status == 404


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
        ("trigger", {"ids": ["etl"], "params": ["DB=main"]}, 422, "bad_input"),
        ("trigger", {"ids": ["etl"], "params": {"DB": None}}, 422, "bad_input"),
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
        ("hold", {}, 422, "bad_input"),
        ("hold", {"ids": ["etl"], "all": True}, 422, "bad_input"),
        ("hold", {"ids": ["etl"], "reason": "x" * 1001}, 422, "bad_input"),
        ("signal", {"ids": ["etl"], "signal": "NOPE"}, 422, "bad_input"),
        ("signal", {"ids": ["etl"], "signal": 4711}, 422, "bad_input"),
        ("signal", {"ids": ["etl"], "signal": True}, 422, "bad_input"),
        ("signal", {"ids": ["etl"]}, 422, "bad_input"),
        ("backfill", {"ids": ["etl"], "from": "yesterday", "to": "2026-01-01"}, 422, "bad_input"),
        ("backfill", {"ids": ["etl"], "from": "2026-01-01"}, 422, "bad_input"),
        ("suspend", {"ids": ["etl"], "run": "etl:3"}, 422, "bad_input"),
        ("rerun", {"ids": ["nope"]}, 404, "unknown_id"),
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
    with listening(path) as sock:
        async with serving(view, sock, path, version="", on_shutdown=refuse):
            answer = await do(Served(view, path), "shutdown", {})
    assert (answer.status, answer.json["error"]["code"]) == (409, "shutting_down")


async def test_a_read_only_engine_refuses_every_verb_with_403_and_still_answers_questions(
    view: FakeView, tmp_path: Path
) -> None:
    wishes: list[Shutdown] = []
    path = tmp_path / "run" / "s.sock"
    with listening(path) as sock:
        async with serving(view, sock, path, version="", on_shutdown=wishes.append, read_only=True):
            served = Served(view, path)
            for verb, body in (("trigger", {"ids": ["etl"]}), ("shutdown", {})):
                answer = await do(served, verb, body)  # type: ignore[arg-type]  # the literals are JSON
                assert (answer.status, answer.json["error"]["code"]) == (403, "read_only")
            assert (await served.ask("GET", "/v1/jobs/etl")).status == 200
    assert (wishes, view.job("etl").done) == ([], [])


async def test_a_reload_that_asks_shows_the_difference_and_one_that_is_confirmed_takes_what_was_read(
    served: Served, view: FakeView
) -> None:
    asked = await do(served, "reload", {})
    assert (asked.status, asked.json["error"]["code"]) == (409, "confirm")
    assert asked.json["text"] == "- old\n~ etl\n    every: 10s -> (none)\n"
    done = await do(served, "reload", {"yes": True, "stop": True})
    (result,) = done.json["results"]
    assert (done.status, result["ok"], result["summary"]) == (200, True, "1 job removed, 1 changed")
    assert view.done == ["reload d1 True"]


async def test_the_difference_can_be_asked_for_and_a_bad_file_is_422_with_all_that_is_wrong(
    served: Served, view: FakeView
) -> None:
    found = await served.ask("GET", "/v1/file-changes")
    assert found.json == {
        "path": "/srv/jobs.yaml",
        "digest": "d1",
        "added": [],
        "at_once": [],
        "removed": ["old"],
        "changed": [{"id": "etl", "values": [{"key": "every", "before": "10s", "after": None}]}],
        "settings": [],
        "after_restart": [],
    }
    view.bad_file = "jobs.yaml:2:3: error: no\n"
    for answer in (await served.ask("GET", "/v1/file-changes"), await do(served, "reload", {"yes": True})):
        assert (answer.status, answer.json["text"]) == (422, view.bad_file)
    assert view.done == []
