"""A job file that is written anew while its engine runs: `ctl reload`, HUP, and what the next start makes of it."""

from __future__ import annotations

import json
import signal

from tests.integration.program import Home

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
        assert "`reload --yes` does it" in asked.err
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
