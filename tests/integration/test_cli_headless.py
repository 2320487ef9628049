"""`jobqueue-tui --no-ui` on real processes: what it prints, how it ends, who may stand beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter

import pytest

from tests.integration.program import EXECUTABLE, PATIENCE, Home

SLEEPER = "jobs: {nap: {command: [sleep, '1000']}}"
IDLE = "jobs: {hand: {command: echo by hand, manual: only}}"


def test_a_campaign_that_succeeds_exits_0_and_tells_every_run(home: Home) -> None:
    home.write("jobs: {a: {command: 'true'}, b: {command: 'true', needs: [a]}}")
    ran = home.run("--no-ui", "--until-idle", "jobs.yaml", "--log-format", "json")
    assert ran.code == 0
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert all(set(line) == {"at", "type", "job", "run_id", "data"} for line in lines)
    ends = [(line["run_id"], line["data"]["outcome"]) for line in lines if line["type"] == "ended"]
    assert ends == [("a:1", "success"), ("b:1", "success")]


def test_a_campaign_with_a_failed_run_exits_1_and_names_the_reason(home: Home) -> None:
    home.write("jobs: {a: {command: exit 3}, b: {command: 'true', needs: [a]}}")
    ran = home.run("--no-ui", "--until-idle", "jobs.yaml")
    assert ran.code == 1
    assert " a:1 failed exit(3) " in ran.out
    assert " b:1 skipped upstream(a)" in ran.out


def test_every_one_of_many_short_runs_has_one_beginning_and_one_end(home: Home) -> None:
    """They come and go between two looks of the narrator."""
    home.write("engine: {max_running: 4}\njobs:\n" + "\n".join(f"  j{n}: {{command: ['true']}}" for n in range(150)))
    ran = home.run("--no-ui", "--until-idle", "jobs.yaml", "--log-format", "json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    told = Counter((line["type"], line["run_id"]) for line in lines if line["type"] in ("running", "ended"))
    assert told == {(kind, f"j{n}:1"): 1 for n in range(150) for kind in ("running", "ended")}


@pytest.mark.parametrize(
    ("number", "campaign", "code"),
    [
        (signal.SIGTERM, True, 143),
        (signal.SIGINT, True, 130),
        (signal.SIGTERM, False, 0),
        (signal.SIGINT, False, 130),
    ],
)
def test_a_signal_ends_the_engine_in_order_and_runs_that_take_too_long_are_stopped(
    home: Home, number: signal.Signals, campaign: bool, code: int
) -> None:
    home.write(f"engine: {{drain: 0s}}\n{SLEEPER}")
    with home.started("--no-ui", "jobs.yaml", *(["--until-idle"] if campaign else [])) as engine:
        engine.until("running pid")
        engine.signal(number)
        ran = engine.end()
    assert ran.code == code
    assert " nap:1 stopped shutdown" in ran.out
    assert "1 run did not end in time and was stopped" in ran.err


def test_a_second_term_stops_at_once_what_the_first_waits_for(home: Home) -> None:
    home.write(f"engine: {{drain: 1h}}\n{SLEEPER}")
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("running pid")
        engine.signal(signal.SIGTERM)
        # the first one has arrived when a verb is refused for it
        while "ending already" not in home.run("ctl", "shutdown").err:
            pass
        engine.signal(signal.SIGTERM)
        ran = engine.end()
    assert (ran.code, " nap:1 stopped shutdown" in ran.out) == (0, True)


def test_signals_without_a_meaning_yet_do_not_end_the_engine(home: Home) -> None:
    home.write(IDLE)
    with home.started("--no-ui", "jobs.yaml") as engine:
        while home.run("ctl", "status").code:
            pass
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU):
            engine.signal(number)
        assert home.run("ctl", "trigger", "hand").code == 0
        engine.until("hand:1 success")


def test_on_term_leave_lets_runs_go_on_and_the_next_engine_has_them(home: Home) -> None:
    home.write(f"engine: {{on_term: leave}}\n{SLEEPER}")
    with home.started("--no-ui", "jobs.yaml") as engine:
        pid = engine.until("running pid").split("running pid ")[1].split()[0]
        engine.signal(signal.SIGTERM)
        assert engine.end().code == 0
    os.kill(int(pid), 0)
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until(f"nap:1 running pid {pid}")
        assert home.run("ctl", "stop", "nap").out == "nap: stopping\n"
        engine.until("nap:1 stopped")


def test_what_waits_when_the_engine_ends_in_order_is_run_by_the_next_one(home: Home) -> None:
    """Also what the keeper had in line already: it gave that back and left, so that nobody can be asked about it."""
    jobs = ", ".join(f"j{number}: {{command: [sleep, '0.2']}}" for number in range(6))
    home.write(f"engine: {{max_running: 1}}\njobs: {{{jobs}}}")
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("running pid")
        engine.signal(signal.SIGTERM)
        assert engine.end().code == 0
    home.write(f"jobs: {{{jobs}}}")
    ran = home.run("--no-ui", "--until-idle", "jobs.yaml")
    assert (ran.code, " lost" in ran.out) == (0, False), ran.out
    history = [json.loads(line) for line in home.run("history", "--format", "jsonl").out.splitlines()]
    assert {run["outcome"] for run in history} == {"success"}


def test_an_engine_whose_keeper_cannot_start_says_so_and_the_next_one_runs_what_was_due(home: Home) -> None:
    """Jobs begin while the keeper starts; where it does not, nothing of them is lost and nothing runs twice."""
    home.write("jobs: {a: {command: echo hi}}")
    in_the_way = home.folder / "state" / "keeper.log"
    in_the_way.mkdir(parents=True)
    run = ("--no-ui", "--until-idle", "--state-dir", str(in_the_way.parent), "jobs.yaml")
    failed = home.run(*run)
    assert (failed.code, "Is a directory" in failed.err) == (1, True)
    in_the_way.rmdir()
    again = home.run(*run)
    assert (again.code, again.out.count(" success ")) == (0, 1)


def test_a_second_engine_on_the_same_state_is_refused_with_5(home: Home) -> None:
    home.write(IDLE)
    with home.started("--no-ui", "jobs.yaml") as engine:
        while home.run("ctl", "status").code:
            pass
        second = home.run("--no-ui", "jobs.yaml")
        assert second.code == 5
        assert f"(pid {engine.process.pid})" in second.err
        assert home.run("ctl", "status").code == 0


def test_ctl_works_beside_it_and_shutdown_ends_it(home: Home) -> None:
    home.write("jobs: {hand: {command: 'printf \"a\\033[31mb\\n\"', manual: only}, nap: {command: [sleep, '1000']}}")
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("nap:1 running")
        assert home.run("ctl", "trigger", "hand").out == "hand: triggered hand:1\n"
        assert home.run("ctl", "logs", "-f", "hand").out == "a\x1b[31mb\n"
        engine.until("hand:1 success")
        assert home.run("ctl", "pause", "nap").out == "nap: paused\n"
        engine.until("nap:1 paused")
        jobs = {job["id"]: job for job in json.loads(home.run("ctl", "list", "--format", "json").out)}
        assert (jobs["nap"]["status"], jobs["hand"]["success"]) == ("paused", 1)
        assert home.run("ctl", "priority", "nap", "-7").out == "nap: set -7\n"
        status = json.loads(home.run("ctl", "status", "--format", "json").out)
        assert status["socket"].startswith(str(home.folder / "runtime" / "jobqueue-tui"))
        assert home.run("ctl", "shutdown", "--drain", "0s").code == 0
        assert engine.end().code == 0
    assert home.run("ctl", "list").code == 3
    assert home.run("logs", "hand").out == "a\x1b[31mb\n"
    assert home.run("logs", "hand", "--safe").out == "ab\n"
    history = [json.loads(line) for line in home.run("history", "--format", "jsonl").out.splitlines()]
    assert [(run["run_id"], run["outcome"]) for run in history] == [("hand:1", "success"), ("nap:1", "stopped")]


def test_no_listen_opens_no_socket(home: Home) -> None:
    home.write(SLEEPER + "\nengine: {drain: 0s}")
    with home.started("--no-ui", "--no-listen", "jobs.yaml") as engine:
        engine.until("running")
        assert home.run("ctl", "list").code == 3


def test_read_only_answers_questions_and_refuses_verbs(home: Home) -> None:
    home.write(SLEEPER + "\nengine: {drain: 0s}")
    with home.started("--no-ui", "--read-only", "jobs.yaml") as engine:
        engine.until("running")
        assert home.run("ctl", "why", "nap").code == 0
        refused = home.run("ctl", "stop", "nap")
        assert (refused.code, "read-only" in refused.err) == (4, True)


def test_an_engine_whose_reader_has_gone_goes_on(home: Home) -> None:
    """`jobqueue-tui --no-ui … | head -1`."""
    home.write("jobs: {a: {command: 'true'}, b: {command: sleep 0.3, needs: [a]}, c: {command: exit 4, needs: [b]}}")
    with subprocess.Popen(
        [EXECUTABLE, "--no-ui", "--until-idle", "jobs.yaml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=home.folder,
        env=home.environ,
    ) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        engine.stdout.close()
        assert engine.wait(PATIENCE) == 1
        assert engine.stderr is not None
        errors = engine.stderr.read().decode()
    assert "Traceback" not in errors
    assert "c:1" in home.run("history", "--outcome", "failed").out


def test_state_dir_holds_state_and_ctl_finds_the_engine_by_it(home: Home) -> None:
    home.write(IDLE)
    with home.started("--no-ui", "jobs.yaml", "--state-dir", "here") as engine:
        while home.run("ctl", "--state-dir", "here", "status").code:
            pass
        assert (home.folder / "here" / "state.db").exists()
        assert home.run("ctl", "list", "--state-dir", "elsewhere").code == 3
        engine.signal(signal.SIGTERM)
        assert engine.end().code == 0


def test_engine_name_and_state_dir_of_the_file_are_followed(home: Home) -> None:
    home.write("engine: {name: prod}\njobs: {a: {command: 'true'}}", "one.yaml")
    home.write("engine: {state_dir: below/state}\njobs: {a: {command: 'true'}}", "two.yaml")
    for name in ("one.yaml", "two.yaml"):
        assert home.run("--no-ui", "--until-idle", name).code == 0
    assert (home.folder / ".local/state/jobqueue-tui/prod/state.db").exists()
    assert (home.folder / "below/state/state.db").exists()


def test_two_engines_of_one_user_are_listed_when_none_is_named(home: Home) -> None:
    home.write(IDLE, "one.yaml")
    home.write(IDLE, "two.yaml")
    with home.started("--no-ui", "one.yaml"), home.started("--no-ui", "two.yaml"):
        for name in ("one.yaml", "two.yaml"):
            while home.run("ctl", "--file", name, "status").code:
                pass
        ran = home.run("ctl", "list")
        assert (ran.code, "2 engines are running" in ran.err) == (2, True)
