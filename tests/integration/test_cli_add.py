"""`ctl add` and `ctl remove` on a running engine, and after its restart."""

from __future__ import annotations

import json
import signal

from tests.integration.program import Home

FILE = "engine: {drain: 0s}\njobs: {nap: {command: [sleep, '1000']}, hand: {command: 'true', manual: only}}"


def ids(home: Home) -> list[str]:
    return [job["id"] for job in json.loads(home.run("ctl", "list", "--format", "json").out)]


def test_a_file_that_is_added_names_no_user_that_the_engines_own_does_not(home: Home) -> None:
    """80-security: who may speak to the engine must not become anybody by it."""
    home.write("jobs: {own: {command: 'true', manual: only, user: nobody}}")
    home.write("jobs: {more: {command: 'true', manual: only, user: daemon}}", "more.yaml")
    home.write("jobs: {same: {command: 'true', manual: only, user: nobody}}", "same.yaml")
    with home.started("--no-ui", "jobs.yaml") as engine:
        while home.run("ctl", "status").code == 3:
            assert engine.process.poll() is None
        refused = home.run("ctl", "add", "more.yaml")
        assert refused.code == 2
        assert "jobs.more.user: only who jobs of the engine's own file run as" in refused.err
        assert home.run("ctl", "add", "same.yaml").code == 0
        assert ids(home) == ["own", "same"]
        engine.signal(signal.SIGTERM)
        engine.end()


def test_jobs_join_and_leave_over_restarts_and_a_bad_file_is_2_with_every_problem(home: Home) -> None:
    """Rows 25, 26, 50."""
    home.write(FILE)
    home.write("jobs: {more: {command: 'true', manual: only}}", "more.yaml")
    home.write("jobs:\n  x: {comand: 'true'}\n  y: {command: 'true', every: 0s}\n", "bad.yaml")
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("nap:1 running")
        added = home.run("ctl", "add", "more.yaml")
        assert (added.code, added.out) == (0, "more: added\n")
        bad = home.run("ctl", "add", "bad.yaml")
        assert bad.code == 2
        assert "bad.yaml:2:7: error: jobs.x.comand" in bad.err
        assert "bad.yaml:3:31: error: jobs.y.every" in bad.err
        assert "Traceback" not in bad.err
        assert home.run("ctl", "add", "none.yaml").code == 2
        assert ids(home) == ["nap", "hand", "more"]
        assert home.run("ctl", "remove", "nope").code == 4
        removed = home.run("ctl", "remove", "hand", "nap", "--stop")
        assert (removed.code, removed.out) == (0, "hand: removed\nnap: removed\n")
        engine.until("nap:1 stopped removed")
        engine.signal(signal.SIGTERM)
        assert engine.end().code == 0
    (run,) = json.loads(home.run("history", "--format", "json").out)
    assert (run["outcome"], run["reason"]) == ("stopped", "removed")
    with home.started("--no-ui", "jobs.yaml") as engine:
        while (status := home.run("ctl", "status", "--format", "json")).code == 3:
            assert engine.process.poll() is None
        assert ids(home) == ["more"]
        assert [text.split()[0] for text in json.loads(status.out)["warnings"]] == ["hand", "nap"]
        assert home.run("ctl", "add", "jobs.yaml").code == 0
        assert ids(home) == ["more", "nap", "hand"]
