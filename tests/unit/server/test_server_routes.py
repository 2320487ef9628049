"""What each address answers, over a real socket."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine.clock import SECOND
from engine.model.outcome import Outcome
from tests.unit.server.fake_view import NOW, FakeJob
from tests.unit.server.served import Served


async def test_status_names_the_socket_it_is_served_on(served: Served) -> None:
    status = (await served.ask("GET", "/v1/status")).json
    assert status["socket"] == str(served.path)
    assert (status["jobs"], status["version"], status["executors"]) == (3, "0.1.0", ["local"])


async def test_health_answers_ok(served: Served) -> None:
    assert (await served.ask("GET", "/healthz")).json == {"ok": True}


async def test_every_answer_says_the_version_of_the_interface_and_forbids_guessing_types(served: Served) -> None:
    for target in ("/healthz", "/v1/jobs", "/nowhere", "/v1/logs/etl:3"):
        headers = (await served.ask("GET", target)).headers
        assert headers["Jobqueue-Api"] == "1.0"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "jobqueue-tui/0.1.0"


async def test_jobs_come_in_file_order_with_their_stable_keys(served: Served) -> None:
    jobs = (await served.ask("GET", "/v1/jobs")).json
    assert [job["id"] for job in jobs] == ["etl", "load", "denied"]
    assert [run["run_id"] for run in jobs[0]["active"]] == ["etl:3", "etl:4"]


async def test_an_empty_list_is_an_empty_array(served: Served) -> None:
    served.view.jobs.clear()
    assert (await served.ask("GET", "/v1/jobs")).json == []
    assert (await served.ask("GET", "/v1/queue")).json == []


async def test_a_long_list_is_whole_and_lets_the_engine_work_meanwhile(served: Served) -> None:
    """Ten thousand jobs would block the loop for a second if they were encoded at once."""
    served.view.jobs[:] = [FakeJob(f"job-{n}") for n in range(2_000)]
    turns = 0

    async def engine() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(engine())
    jobs = (await served.ask("GET", "/v1/jobs")).json
    beside.cancel()
    assert [job["id"] for job in jobs] == [f"job-{n}" for n in range(2_000)]
    assert turns > 2_000 / 25


async def test_select_takes_ids_tags_and_outcomes_each_job_once(served: Served) -> None:
    served.view.job("load").last_outcome = Outcome.FAILED
    jobs = (await served.ask("GET", "/v1/jobs?select=status:failed&select=tag:nightly&select=denied")).json
    assert [job["id"] for job in jobs] == ["load", "etl", "denied"]


@pytest.mark.parametrize(
    "target", ["/v1/jobs/nope", "/v1/jobs/nope/why", "/v1/jobs?select=tag:nope", "/v1/runs?job=nope"]
)
async def test_an_unknown_id_is_404_unknown_id(served: Served, target: str) -> None:
    answer = await served.ask("GET", target)
    assert (answer.status, answer.json["error"]["code"]) == (404, "unknown_id")


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "%00", "a%0d%0aX:%20y", "%1b%5b2J", "x" * 4000])
async def test_path_tricks_in_ids_are_just_unknown_ids(served: Served, name: str) -> None:
    answer = await served.ask("GET", f"/v1/jobs/{name}")
    assert answer.status == 404
    assert set(answer.json["error"]) == {"code", "message", "remedy"}


async def test_the_effective_job_is_its_text(served: Served) -> None:
    assert (await served.ask("GET", "/v1/jobs/load/effective")).json == {"id": "load", "yaml": "jobs: {}\n"}
    assert (await served.ask("GET", "/v1/jobs/nope/effective")).status == 404


async def test_why_gives_the_reason_in_one_line_and_details(served: Served) -> None:
    assert (await served.ask("GET", "/v1/jobs/load/why")).json == {
        "id": "load",
        "status": "waiting",
        "reason": "next run in 1m",
        "details": ["nothing waits"],
        "holds": [],
        "bump_helps": False,
    }


async def test_runs_pass_their_filters_to_the_engine(served: Served) -> None:
    answer = await served.ask("GET", "/v1/runs?job=etl&outcome=failed&since=2h&limit=1")
    assert [run["run_id"] for run in answer.json] == ["etl:3"]
    assert served.view.asked == [("etl", Outcome.FAILED, NOW - 7200 * SECOND, 1)]


async def test_since_takes_a_time_with_offset(served: Served) -> None:
    await served.ask("GET", "/v1/runs?since=2026-09-21T12:53:20%2B00:00")
    assert served.view.asked[0][2] == 1_789_995_200 * SECOND


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=1000000", "outcome=ok", "since=yesterday", "since=2026-01-01T00:00:00"]
)
async def test_bad_filters_are_422_and_name_the_parameter(served: Served, query: str) -> None:
    answer = await served.ask("GET", f"/v1/runs?{query}")
    assert (answer.status, answer.json["error"]["code"]) == (422, "bad_input")
    assert answer.json["error"]["message"].startswith(query.partition("=")[0])


async def test_the_queue_shows_what_waits(served: Served) -> None:
    assert [run["run_id"] for run in (await served.ask("GET", "/v1/queue")).json] == ["etl:5"]


async def test_a_log_is_sent_as_its_bytes_with_its_place_in_the_headers(served: Served) -> None:
    answer = await served.ask("GET", "/v1/logs/etl:3?offset=4&limit=5")
    assert answer.body == b"two\x1b["
    assert {name: answer.headers[name] for name in ("Log-Run", "Log-Offset", "Log-Size", "Log-More")} == {
        "Log-Run": "etl:3",
        "Log-Offset": "4",
        "Log-Size": "20",
        "Log-More": "1",
    }
    assert answer.headers["Content-Security-Policy"] == "sandbox"


async def test_a_log_can_be_asked_for_by_the_jobs_id_and_from_its_end(served: Served) -> None:
    answer = await served.ask("GET", "/v1/logs/etl?offset=-6")
    assert (answer.body, answer.headers["Log-Run"], answer.headers["Log-More"]) == (b"three\n", "etl:3", "0")


async def test_a_log_can_be_asked_for_by_time_and_searched(served: Served) -> None:
    assert (await served.ask("GET", "/v1/logs/etl/since?since=5m")).json == {"offset": 4}
    times = (await served.ask("GET", "/v1/logs/etl:3/times?start=0&end=9")).json
    assert [(one["end"], one["attempt"], one["incomplete"]) for one in times] == [(9, 1, False)]
    found = (await served.ask("GET", "/v1/logs/etl:3/find?text=three&start=1")).json
    assert found == {"hits": [{"offset": 14, "line": "three"}], "reached": 20, "done": True}
    for query, status in (("since", 422), ("since?since=x", 422), ("find?text=(&regex=1", 422), ("find?most=0", 422)):
        assert (await served.ask("GET", f"/v1/logs/etl:3/{query}")).status == status
    assert (await served.ask("GET", "/v1/logs/etl:99/since?since=5m")).json["error"]["code"] == "unknown_id"


@pytest.mark.parametrize(
    ("run", "code"), [("nope", "unknown_id"), ("etl:99", "unknown_id"), ("etl:2", "no_log"), ("load", "no_log")]
)
async def test_a_log_that_is_not_there_is_404_and_says_which_kind_of_not(served: Served, run: str, code: str) -> None:
    answer = await served.ask("GET", f"/v1/logs/{run}")
    assert (answer.status, answer.json["error"]["code"]) == (404, code)


async def test_another_method_or_address_is_answered_in_words(served: Served) -> None:
    assert (await served.ask("DELETE", "/v1/jobs")).json["error"]["code"] == "method_not_allowed"
    assert (await served.ask("GET", "/v2/jobs")).json["error"]["code"] == "not_found"


async def test_another_major_version_is_refused_and_a_newer_minor_served(served: Served) -> None:
    refused = await served.ask("GET", "/v1/status", headers={"Jobqueue-Api": "2.0"})
    assert (refused.status, refused.json["error"]["code"]) == (400, "version")
    assert (await served.ask("GET", "/v1/status", headers={"Jobqueue-Api": "1.9"})).status == 200


async def test_a_body_over_one_mebibyte_is_413(served: Served) -> None:
    body = json.dumps({"ids": ["x" * (1 << 20)]}).encode()
    answer = await served.ask("POST", "/v1/verbs/trigger", body)
    assert (answer.status, answer.json["error"]["code"]) == (413, "too_large")
