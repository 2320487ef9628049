"""A job file that is written anew while its engine runs: `ctl reload`, HUP, and what the next start makes of it."""

from __future__ import annotations

import json
import signal

from tests.integration.program import PATIENCE, Home
from tests.integration.terminal import on_terminal

OLD = "engine: {drain: 0s, max_running: 2}\njobs: {nap: {command: echo old; sleep 1000}, hand: {command: 'true', manual: only}}"
NEW = """
engine: {drain: 0s, max_running: 3}
jobs:
  once: {command: 'true'}
  nap: {command: echo new; sleep 1000, description: more words}
"""


def ids(home: Home) -> list[str]:
    return [job["id"] for job in json.loads(home.run("ctl", "list", "--format", "json").out)]


def test_a_reload_that_takes_jobs_away_asks_and_then_does_what_it_has_shown(home: Home) -> None:
    """Without --yes: the difference, exit code 4, nothing changed. What runs goes on by its old text."""
    home.write(OLD)
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("nap:1 running")
        same = home.run("ctl", "reload")
        assert (same.code, same.out) == (0, "engine: reloaded: nothing has changed\n")
        home.write(NEW)
        asked = home.run("ctl", "reload")
        assert asked.code == 4
        assert asked.err.splitlines()[:6] == [
            "+ once  (runs at once)",
            "- hand",
            "~ nap",
            '    command: "echo old; sleep 1000" -> "echo new; sleep 1000"',
            "    description: (none) -> more words",
            "~ engine.max_running: 2 -> 3",
        ]
        assert "`jobqueue-tui ctl reload --yes` does it" in asked.err
        assert ids(home) == ["nap", "hand"]
        done = home.run("ctl", "reload", "--yes")
        assert (done.code, done.out) == (0, "engine: reloaded: 1 job added, 1 removed, 1 changed, 1 setting changed\n")
        engine.until("once:1 success")
        assert ids(home) == ["once", "nap"]
        assert json.loads(home.run("ctl", "status", "--format", "json").out)["max_running"] == 3
        assert json.loads(home.run("ctl", "show", "nap", "--format", "json").out)["description"] == "more words"
        assert home.run("ctl", "stop", "nap").code == 0
        engine.until("nap:1 stopped")
        assert home.run("ctl", "trigger", "nap").code == 0
        engine.until("nap:2 running")
        while "new" not in home.run("logs", "nap:2").out:
            assert engine.process.poll() is None
        assert home.run("logs", "nap:1").out == "old\n"
        engine.signal(signal.SIGTERM)
        assert engine.end().code == 0
    with home.started("--no-ui", "jobs.yaml") as engine:
        while home.run("ctl", "status").code == 3:
            assert engine.process.poll() is None
        assert ids(home) == ["once", "nap"]
        assert [
            run["run_id"] for run in json.loads(home.run("ctl", "history", "--job", "once", "--format", "json").out)
        ] == ["once:1"]


def test_hup_reloads_and_a_bad_file_changes_nothing_and_is_shown(home: Home) -> None:
    """Whoever sends the signal has decided; what is wrong stands in the log, with its place."""
    home.write(OLD)
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("nap:1 running")
        home.write("jobs:\n  nap: {comand: 'true'}\n")
        bad = home.run("ctl", "reload", "--yes")
        assert bad.code == 2
        assert "jobs.yaml:2:9: error: jobs.nap.comand" in bad.err
        engine.signal(signal.SIGHUP)
        assert engine.process.stderr is not None
        assert any(b"jobs.nap.comand" in line for line in engine.process.stderr)  # waits for it
        assert ids(home) == ["nap", "hand"]
        home.write(NEW)
        engine.signal(signal.SIGHUP)
        engine.until("once:1 success")
        assert ids(home) == ["once", "nap"]
        audit = json.loads(home.run("ctl", "audit", "--format", "json").out)
        assert [(deed["who"], deed["verb"]) for deed in audit] == [("signal", "reload")]
        engine.signal(signal.SIGTERM)
        assert engine.end().code == 0


def test_with_watch_a_headless_engine_takes_what_is_written_and_holds_what_asks(home: Home) -> None:
    """`engine.reload: watch`; what came of it stands in the log and in `ctl status`."""
    watching = OLD.replace("{drain", "{reload: watch, drain", 1)
    home.write(watching)
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("nap:1 running")
        home.write(watching.replace("max_running: 2", "max_running: 3"))
        assert engine.process.stderr is not None
        assert any(b"reloaded: 1 setting changed" in line for line in engine.process.stderr)
        assert json.loads(home.run("ctl", "status", "--format", "json").out)["max_running"] == 3
        home.write(watching.replace(", hand: {command: 'true', manual: only}", ""))
        assert any(b"1 job removed" in line for line in engine.process.stderr)
        assert ids(home) == ["nap", "hand"]
        status = json.loads(home.run("ctl", "status", "--format", "json").out)
        assert (status["job_file_followed"], status["job_file_news"]["waits"]) == (True, True)
        engine.signal(signal.SIGTERM)
        assert engine.end().code == 0


def test_a_console_follows_its_file_unless_that_says_otherwise(home: Home) -> None:
    """Nobody has to remember a key after an edit in another terminal."""
    home.write(OLD)
    with on_terminal(home, "jobs.yaml") as (terminal, program):
        terminal.until("running")
        home.write(OLD.replace("hand:", "byhand: {command: 'true', manual: only}, hand:"))
        terminal.until("file taken: 1 job added")
        assert ids(home) == ["nap", "byhand", "hand"]
        home.write(OLD)
        terminal.until("file changed: Ctrl-r")
        assert ids(home) == ["nap", "byhand", "hand"]
        assert home.run("ctl", "shutdown", "--drain", "0s").code == 0
        assert program.wait(PATIENCE) == 0
    home.write(OLD.replace("{drain", "{reload: signal, drain", 1))
    with on_terminal(home, "jobs.yaml") as (terminal, program):
        terminal.until("hand")
        assert not json.loads(home.run("ctl", "status", "--format", "json").out)["job_file_followed"]
        assert home.run("ctl", "shutdown", "--drain", "0s").code == 0
        assert program.wait(PATIENCE) == 0
