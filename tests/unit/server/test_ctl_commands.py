"""`jobqueue-tui ctl …` as a user runs it: the installed program against a served engine."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import pty
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.model.outcome import Outcome
from engine.model.verbs import VERBS
from jobqueue_tui.server.wish import Shutdown
from tests.unit.server.served import Served

PROGRAM = str(Path(sys.executable).with_name("jobqueue-tui"))


@dataclass(frozen=True)
class Ran:
    """What a call of the program left."""

    code: int
    out: str
    err: str


async def ctl(served: Served, *args: str, **environ: str) -> Ran:
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "ctl",
        *args,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"JOBQUEUE_SOCKET": str(served.path), "TZ": "UTC"} | environ,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


async def test_list_prints_a_table_without_colour_into_a_pipe(served: Served) -> None:
    ran = await ctl(served, "list")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].split()[:3] == ["ID", "STATUS", "PRIORITY"]
    assert [line.split()[0] for line in lines[1:]] == ["etl", "load", "denied"]
    assert "\x1b" not in ran.out


async def test_every_list_has_the_four_forms_and_chosen_columns(served: Served) -> None:
    as_json = json.loads((await ctl(served, "list", "--format", "json")).out)
    assert [job["id"] for job in as_json] == ["etl", "load", "denied"]
    lines = (await ctl(served, "list", "--format", "jsonl", "--columns", "id,tags")).out.splitlines()
    assert json.loads(lines[1]) == {"id": "load", "tags": ["nightly", "db"]}
    rows = list(
        csv.reader((await ctl(served, "list", "--format", "csv", "--columns", "id,queued,enabled")).out.splitlines())
    )
    assert rows[:2] == [["id", "queued", "enabled"], ["etl", "1", "true"]]


async def test_an_unknown_column_is_bad_usage_and_names_those_there_are(served: Served) -> None:
    ran = await ctl(served, "list", "--columns", "id,mood")
    assert (ran.code, ran.out) == (2, "")
    assert "no column 'mood'; there are id, name," in ran.err


async def test_columns_are_checked_though_the_list_is_empty(served: Served) -> None:
    served.view.jobs.clear()
    assert (await ctl(served, "list", "--columns", "mood")).code == 2
    assert (await ctl(served, "list", "--format", "json")).out == "[]\n"


async def test_hostile_texts_reach_no_terminal_and_no_spreadsheet(served: Served) -> None:
    job = served.view.job("etl")
    job.description = "=cmd|' /C calc'!A0\x1b]52;c;AAAA\x07\nsecond line\u202e"
    columns = ("--columns", "id,description,priority")
    table = (await ctl(served, "list", *columns)).out
    sheet = (await ctl(served, "list", "--format", "csv", *columns)).out
    for text in (table, sheet):
        assert len(text.splitlines()) == 4
        assert text.isprintable() or {c for c in text if not c.isprintable()} == {"\n"}
    assert list(csv.reader(sheet.splitlines()))[1][1].startswith("'=cmd")


async def test_show_gives_the_effective_job_as_a_job_file(served: Served) -> None:
    assert (await ctl(served, "show", "load", "--effective")).out == "jobs: {}\n"


async def test_status_why_and_history_answer(served: Served) -> None:
    assert "max_running 8" in " ".join((await ctl(served, "status")).out.split())
    assert json.loads((await ctl(served, "status", "--format", "json")).out)["socket"] == str(served.path)
    assert (await ctl(served, "why", "load")).out == "load is waiting: next run in 1m\n  nothing waits\n"
    history = await ctl(served, "history", "--job", "etl", "--outcome", "failed", "--since", "2h", "--limit", "5")
    assert [line.split()[0] for line in history.out.splitlines()[1:]] == ["etl:3", "etl:2"]
    assert served.view.asked[-1][1] is Outcome.FAILED


@pytest.mark.parametrize(
    ("args", "done"),
    [
        (("trigger", "load", "--bypass"), ["trigger bypass"]),
        (("trigger", "load", "--set", "DB=a=b", "--set", "N="), ["trigger DB=a=b N="]),
        (("pause", "load", "--for", "10m"), ["pause 600.0"]),
        (("resume", "load"), ["resume"]),
        (("stop", "load", "--job", "--grace", "5s"), ["stop True 5.0"]),
        (("kill", "load"), ["kill"]),
        (("signal", "load", "HUP"), ["signal 1"]),
        (("suspend", "load"), ["suspend"]),
        (("unsuspend", "load"), ["unsuspend"]),
        (("skip-next", "load", "--undo"), ["skip_next True"]),
        (("hold", "load", "--for", "1h", "--reason", "disk swap"), ["hold 'disk swap' 3600.0"]),
        (("release", "load"), ["release"]),
        (("enable", "load"), ["enable"]),
        (("disable", "load"), ["disable"]),
        (("postpone", "load", "30m"), ["postpone 1800.0"]),
        (("set-timeout", "load", "30m"), ["set_timeout 1800.0"]),
        (("backfill", "load", "--from", "2026-01-01", "--to", "2026-01-02", "--parallel", "2"), ["backfill 86400 2"]),
    ],
)
async def test_a_verb_is_done_on_its_job(served: Served, args: tuple[str, ...], done: list[str]) -> None:
    ran = await ctl(served, *args)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"load: {VERBS[args[0].replace('-', '_')].done}")
    assert served.view.job("load").done == done


@pytest.mark.parametrize(
    ("args", "priority"),
    [
        (("bump", "load", "--by", "-3"), -3),
        (("bump", "load", "etl", "--by=4"), 4),
        (("priority", "load", "-5"), -5),
        (("priority", "etl", "load", "--", "-5"), -5),
        (("priority", "load", "50"), 50),
    ],
)
async def test_priorities_may_be_negative(served: Served, args: tuple[str, ...], priority: int) -> None:
    ran = await ctl(served, *args)
    assert (ran.code, ran.err) == (0, "")
    assert served.view.job("load").priority == priority


async def test_one_of_several_runs_is_meant_by_its_number(served: Served) -> None:
    assert (await ctl(served, "stop", "etl", "--run", "4")).out == "etl: stopping etl:4\n"
    assert [run.done for run in served.view.job("etl").active] == [[], ["stop None"]]


async def test_everything_and_tags_can_be_held(served: Served) -> None:
    assert (await ctl(served, "hold", "--all", "--reason", "freeze")).out == "all: held\n"
    assert (await ctl(served, "release", "tag:db")).out == "tag:db: released\n"
    assert served.view.done == [f"hold None 'freeze' None by uid {os.geteuid()}", "release db"]


async def test_runs_on_record_are_rerun_and_acknowledged(served: Served) -> None:
    assert (
        await ctl(served, "rerun", "etl:2", "load")
    ).out == "etl:2: started again etl:9\nload: started again load:9\n"
    assert (await ctl(served, "ack", "etl:2", "--reason", "known")).out == "etl:2: acknowledged 2\n"


async def test_show_queue_tree_inbox_and_audit_answer(served: Served) -> None:
    served.view.jobs[1].needs = ("etl",)
    assert json.loads((await ctl(served, "show", "load", "--format", "json")).out)["needs"] == ["etl"]
    assert (await ctl(served, "queue")).out.splitlines()[1].startswith("etl:5")
    assert (await ctl(served, "tree")).out == "etl  waiting\n└─ load  waiting\ndenied  waiting\n"
    assert [job["id"] for job in json.loads((await ctl(served, "tree", "load", "--format", "json")).out)] == ["load"]
    assert len((await ctl(served, "inbox", "--job", "etl")).out.splitlines()) == 3
    assert (await ctl(served, "audit", "--format", "jsonl")).out == ""
    assert (await ctl(served, "audit", "--job", "nope")).code == 4


@pytest.mark.parametrize(("outcome", "reason", "code"), [
    (Outcome.SUCCESS, "exit(0)", 0),
    (Outcome.FAILED, "exit(3)", 1),
    (Outcome.SKIPPED, "skip_code(75)", 0),
    (Outcome.SKIPPED, "upstream(etl)", 1),
])  # fmt: skip
async def test_wait_ends_with_how_the_last_run_ended(served: Served, outcome: Outcome, reason: str, code: int) -> None:
    job = served.view.job("load")
    job.last_outcome, job.last_reason = outcome, reason
    for goal in ("idle", "ended"):
        assert (await ctl(served, "wait", "load", "--for", goal)).code == code


async def test_wait_lasts_until_nothing_of_the_job_runs_or_waits(served: Served) -> None:
    job = served.view.job("etl")
    job.last_outcome = Outcome.SUCCESS
    waiting = asyncio.create_task(ctl(served, "wait", "etl", "--for", "success", "--timeout", "20"))
    done, _ = await asyncio.wait([waiting], timeout=1.0)
    assert not done
    job.active.clear()
    job.queued.clear()
    assert (await waiting).code == 0


async def test_each_id_is_reported_and_a_refusal_gives_the_exit_code(served: Served) -> None:
    ran = await ctl(served, "trigger", "tag:db", "denied", "nope")
    assert ran.code == 4
    assert ran.out == "load: triggered load:7\n"
    assert ran.err.splitlines() == [
        "error: denied: denied may not be started by hand; change `manual`",
        "error: nope: no job 'nope'; `jobqueue-tui ctl list` shows the ids",
    ]


async def test_results_of_a_verb_can_be_json(served: Served) -> None:
    ran = await ctl(served, "trigger", "load", "nope", "--format", "json")
    assert ran.code == 4
    assert [result["ok"] for result in json.loads(ran.out)] == [True, False]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("why", "nope"), 4),
        (("list", "nope"), 4),
        (("logs", "nope"), 4),
        (("logs", "load"), 4),
        (("stop", "load"), 4),
        (("pause", "etl", "--for", "soon"), 2),
        (("bump", "etl"), 2),
        (("bump", "etl", "--by", "1000"), 2),
        (("priority", "etl", "101"), 2),
        (("trigger",), 2),
        (("hold",), 2),
        (("hold", "etl", "--all"), 2),
        (("signal", "etl", "NOPE"), 2),
        (("backfill", "etl", "--from", "2026-01-01"), 2),
        (("rerun", "nope"), 4),
        (("show", "nope"), 4),
        (("wait", "nope"), 4),
        (("wait", "denied"), 4),
        (("wait", "etl", "--timeout", "soon"), 2),
        (("wait", "etl", "--timeout", "0"), 124),
        (("explode",), 2),
        (("history", "--since", "yesterday"), 2),
    ],
)
async def test_errors_are_one_line_on_stderr_with_the_exit_code(
    served: Served, args: tuple[str, ...], code: int
) -> None:
    ran = await ctl(served, *args)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err


async def test_shutdown_passes_its_wish_on(served: Served) -> None:
    ran = await ctl(served, "shutdown", "--drain", "5s", "--leave")
    assert (ran.code, ran.out) == (0, "engine: shutting down\n")
    assert served.wishes == [Shutdown(5.0, leave=True)]


async def test_no_engine_is_exit_3(served: Served) -> None:
    ran = await ctl(served, "list", JOBQUEUE_SOCKET=f"{served.path}.gone")
    assert ran.code == 3
    assert "no engine answers" in ran.err


async def test_the_engine_may_be_named_before_the_verb_or_after_it(served: Served) -> None:
    nowhere = f"{served.path}.gone"
    for args in (("--socket", str(served.path), "why", "load"), ("why", "load", "--socket", str(served.path))):
        assert (await ctl(served, *args, JOBQUEUE_SOCKET=nowhere)).code == 0


async def test_logs_are_raw_bytes_in_a_pipe_and_harmless_on_demand(served: Served) -> None:
    raw = await asyncio.create_subprocess_exec(
        PROGRAM, "ctl", "logs", "etl", "--socket", str(served.path), stdout=asyncio.subprocess.PIPE
    )
    assert (await raw.communicate())[0] == served.view.logs["etl:3"]
    assert (await ctl(served, "logs", "etl", "--safe")).out == "one\ntwo\ufffd\nthree\n"
    assert (await ctl(served, "logs", "etl", "--safe", "--tail", "1")).out == "three\n"
    assert (await ctl(served, "logs", "etl:3", "--tail", "0")).out == ""


async def on_terminal(served: Served, *args: str, columns: int, **environ: str) -> str:
    """The program on a pseudo-terminal of that width; what it drew."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "ctl",
        *args,
        stdout=slave,
        env=os.environ
        | {"JOBQUEUE_SOCKET": str(served.path), "TERM": "xterm", "COLUMNS": str(columns), "NO_COLOR": ""}
        | environ,
    )
    os.close(slave)
    drawn = b""
    loop = asyncio.get_running_loop()
    while True:
        try:
            drawn += await loop.run_in_executor(None, os.read, master, 65536)
        except OSError:  # EIO: the program has closed its end
            break
    os.close(master)
    assert await process.wait() == 0
    return drawn.decode()


async def test_on_a_terminal_a_table_fits_and_has_colour_unless_no_color(served: Served) -> None:
    served.view.job("etl").last_reason = "x" * 200
    served.view.job("etl").last_outcome = Outcome.FAILED
    columns = ("--columns", "id,last_outcome,last_reason,schedule")
    painted = await on_terminal(served, "list", *columns, columns=50)
    assert "\x1b[31mfailed" in painted
    plain = await on_terminal(served, "list", *columns, columns=50, NO_COLOR="1")
    assert "\x1b" not in plain
    assert max(len(line) for line in plain.splitlines()) <= 50
    assert "…" in plain


async def test_a_log_on_a_terminal_is_harmless(served: Served) -> None:
    assert "\x1b" not in await on_terminal(served, "logs", "etl", columns=80)
