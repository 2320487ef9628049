"""`jobqueue-tui FILE` on a real terminal with a real engine: beside it, and how it can end."""

from __future__ import annotations

import json
import signal

import pytest

from tests.integration.program import PATIENCE, Home
from tests.integration.terminal import on_terminal

NAP = "engine: {on_quit: %s, drain: 0s}\njobs: {nap: {command: [sleep, '1000']}}"


def runs(home: Home) -> list[tuple[str, str, str | None]]:
    """Run, state and outcome of everything on record."""
    lines = home.run("history", "--format", "jsonl").out.splitlines()
    return [(run["run_id"], run["state"], run["outcome"]) for run in map(json.loads, lines)]


def stop_what_was_left(home: Home) -> None:
    """The next engine takes the run over, and ends it."""
    with home.started("--no-ui", "jobs.yaml") as engine:
        engine.until("nap:1 running")
        engine.signal(signal.SIGTERM)
        engine.end()
    assert runs(home) == [("nap:1", "ended", "stopped")]


def test_the_console_shows_the_jobs_and_ctl_works_beside_it(home: Home) -> None:
    home.write(NAP % "stop")
    with on_terminal(home, "jobs.yaml") as (terminal, program):
        terminal.until("running")
        status = json.loads(home.run("ctl", "status", "--format", "json").out)
        assert (status["jobs"], status["pid"]) == (1, program.pid)
        assert home.run("ctl", "trigger", "nope").code == 4
        terminal.type("q")
        assert program.wait(PATIENCE) == 0
    assert runs(home) == [("nap:1", "ended", "stopped")]


def test_the_first_start_shows_the_tour_once_and_jobs_run_meanwhile(home: Home) -> None:
    """Esc leaves it for the table; the next start has none."""
    home.write(NAP % "leave")
    with on_terminal(home, "jobs.yaml", first_start=True) as (terminal, program):
        terminal.until("skip the tour")
        looks = (runs(home) for _ in range(100))
        assert any(found == [("nap:1", "running", None)] for found in looks), "it never ran"
        terminal.type("q")  # leaves the tour, not the program
        assert home.run("ctl", "shutdown", "--drain", "0s").code == 0
        assert program.wait(PATIENCE) == 0
    with on_terminal(home, "jobs.yaml", first_start=True) as (terminal, program):
        terminal.until("nap")
        assert home.run("ctl", "shutdown", "--drain", "0s").code == 0
        assert program.wait(PATIENCE) == 0
        assert b"skip the tour" not in terminal.drawn


def test_ctl_shutdown_ends_the_console_with_its_engine(home: Home) -> None:
    home.write(NAP % "leave")
    with on_terminal(home, "jobs.yaml") as (terminal, program):
        terminal.until("running")
        assert home.run("ctl", "shutdown", "--drain", "0s").code == 0
        assert program.wait(PATIENCE) == 0
    assert runs(home) == [("nap:1", "ended", "stopped")]


def test_on_quit_leave_leaves_the_runs_to_the_next_engine(home: Home) -> None:
    home.write(NAP % "leave")
    with on_terminal(home, "jobs.yaml") as (terminal, program):
        terminal.until("running")
        terminal.type("q")
        assert program.wait(PATIENCE) == 0
    assert runs(home) == [("nap:1", "running", None)]
    stop_what_was_left(home)


def test_term_ends_it_in_order_with_0(home: Home) -> None:
    home.write(NAP % "ask")
    with on_terminal(home, "jobs.yaml") as (terminal, program):
        terminal.until("running")
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE) == 0
        terminal.until("\x1b[?1049l")  # the screen that was there before is back
    assert runs(home) == [("nap:1", "ended", "stopped")]


@pytest.mark.parametrize("how", ["hangup", "closed"])
def test_a_terminal_that_goes_away_ends_it_with_129_and_ask_leaves_the_runs(home: Home, how: str) -> None:
    home.write(NAP % "ask")
    with on_terminal(home, "jobs.yaml") as (terminal, program):
        terminal.until("running")
        if how == "hangup":
            program.send_signal(signal.SIGHUP)
        else:
            terminal.close()
        assert program.wait(PATIENCE) == 129
    stop_what_was_left(home)


def test_without_a_terminal_or_with_a_dumb_one_it_is_exit_2_with_the_remedy_and_no_engine(home: Home) -> None:
    home.write(NAP % "ask")
    ran = home.run("jobs.yaml")
    assert (ran.code, "--no-ui" in ran.err) == (2, True)
    with on_terminal(home, "jobs.yaml", TERM="dumb") as (terminal, program):
        terminal.until("--no-ui")
        assert program.wait(PATIENCE) == 2
    assert not (home.folder / ".local").exists()
