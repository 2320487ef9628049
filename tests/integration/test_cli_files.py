"""Which file is meant, what is said of bad ones, and the commands that need no engine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from jobqueue_tui.entry import VERSION
from tests.integration.program import EXECUTABLE, PATIENCE, Home

GOOD = "jobs: {a: {command: 'true'}}"
BAD = "jobs:\n  a: {comand: 'true'}\n  b: {command: 'true', timeout: soon}\n"


def test_version_is_printed_by_word_and_by_option(home: Home) -> None:
    assert home.run("version").out == home.run("--version").out == f"jobqueue-tui {VERSION}\n"


def test_a_command_wins_over_a_file_of_its_name_which_a_path_or_two_hyphens_reach(home: Home) -> None:
    home.write(GOOD, "check")
    assert "Missing argument" in home.run("check").err
    for words in (["./check"], ["--", "check"]):
        assert home.run("--no-ui", "--until-idle", *words).code == 0
        # as the first word, too: without a terminal the console is refused, but the file was taken
        assert "no terminal here" in home.run(*words).err


@pytest.mark.parametrize("name", ["jobs.yaml", "jobqueue.yaml"])
def test_without_a_name_the_job_file_of_this_folder_is_run(home: Home, name: str) -> None:
    home.write(GOOD, name)
    ran = home.run("--no-ui", "--until-idle")
    assert (ran.code, "a:1 success" in ran.out) == (0, True)


def test_without_any_file_the_sample_tour_is_shown_and_said_so(home: Home) -> None:
    ran = home.run()
    assert "showing the sample tour" in ran.err
    assert (ran.code, "no terminal here" in ran.err) == (2, True)


def test_a_missing_file_is_exit_2_and_the_commands_are_named(home: Home) -> None:
    ran = home.run("job.yaml")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "no such job file: job.yaml" in ran.err


def test_a_bad_job_file_does_not_start_an_engine(home: Home) -> None:
    home.write(BAD)
    ran = home.run("--no-ui", "jobs.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert "jobs.yaml:2:7: error: jobs.a" in ran.err
    assert not (home.folder / ".local").exists()


def test_check_shows_every_problem_of_every_file_and_exits_2(home: Home) -> None:
    home.write(BAD, "bad.yaml")
    home.write(GOOD, "good.yaml")
    ran = home.run("check", "bad.yaml", "good.yaml")
    assert (ran.code, ran.err) == (2, "")
    assert "bad.yaml:2:7: error: " in ran.out
    assert "bad.yaml:3:33: error: " in ran.out
    assert "good.yaml: ok, 1 job\n" in ran.out
    assert home.run("check", "good.yaml").code == 0


def test_check_as_json_has_stable_keys(home: Home) -> None:
    home.write(BAD, "bad.yaml")
    ran = home.run("check", "--format", "json", "bad.yaml")
    report = json.loads(ran.out)
    assert (ran.code, report["ok"]) == (2, False)
    assert {tuple(found) for found in report["diagnostics"]} == {
        ("file", "line", "column", "severity", "path", "message", "suggestion")
    }


def test_check_strict_warns_of_other_spellings_and_still_succeeds(home: Home) -> None:
    home.write("jobs: {a: {command: 'true'}, b: {command: 'true', depends_on: [a]}}")
    assert "warning" not in home.run("check", "jobs.yaml").out
    strict = home.run("check", "--strict", "jobs.yaml")
    assert (strict.code, "warning" in strict.out) == (0, True)


def test_next_tells_what_the_change_of_the_clock_does(home: Home) -> None:
    ran = home.run(
        "next",
        "--cron",
        "30 2 * * *",
        "--tz",
        "Europe/Berlin",
        "--from",
        "2026-03-28T12:00",
        "-n",
        "2",
        "--format",
        "json",
    )
    first, second = json.loads(ran.out)
    assert first["at"] == "2026-03-29T03:00:00+02:00"
    assert "does not exist" in first["note"]
    assert (second["at"], second["note"], second["zone"]) == ("2026-03-30T02:30:00+02:00", None, "Europe/Berlin")


def test_next_of_a_file_goes_through_its_jobs_and_their_kinds_of_schedule(home: Home) -> None:
    home.write(
        """
engine: {timezone: Europe/Berlin}
jobs:
  cron: {command: 'true', schedule: "0 6 * * *"}
  every: {command: 'true', every: 1h}
  delay: {command: 'true', delay: 90s}
  at: {command: 'true', at: ["2026-05-01 12:00"]}
  once: {command: 'true'}
"""
    )
    ran = home.run(
        "next", "jobs.yaml", "-n", "2", "--from", "2026-04-01T00:00:00+02:00", "--tz", "UTC", "--format", "json"
    )
    assert [(row["job"], row["at"]) for row in json.loads(ran.out)] == [
        ("cron", "2026-04-01T04:00:00+00:00"),
        ("cron", "2026-04-02T04:00:00+00:00"),
        ("every", "2026-03-31T23:00:00+00:00"),
        ("every", "2026-04-01T00:00:00+00:00"),
        ("delay", "2026-03-31T22:00:00+00:00"),
        ("at", "2026-05-01T10:00:00+00:00"),
    ]


@pytest.mark.parametrize(
    "args",
    [
        ("next",),
        ("next", "--cron", "61 * * * *"),
        ("next", "--cron", "0 0 30 2 *"),
        ("next", "--cron", "0 * * * *", "--tz", "Mars/Olympus"),
        ("next", "--cron", "0 * * * *", "--from", "tomorrow"),
        ("next", "nowhere.yaml"),
        ("history",),
        ("logs", "a"),
        ("--until-idle", "jobs.yaml"),
        ("--nope",),
        ("check",),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(home: Home, args: tuple[str, ...]) -> None:
    ran = home.run(*args)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in ran.err


def test_history_and_logs_of_unknown_things_are_exit_4(home: Home) -> None:
    home.write(GOOD)
    assert home.run("history").code == 4, "no engine has run here"
    home.run("--no-ui", "--until-idle")
    for name in ("nope", "a:99", "nope:1"):
        assert home.run("logs", name).code == 4
    assert home.run("logs", "a", "--run", "1").code == 0


def test_a_reader_that_goes_away_is_no_fault(home: Home) -> None:
    """`jobqueue-tui next … | head -1`."""
    with subprocess.Popen(
        [EXECUTABLE, "next", "--cron", "* * * * *", "-n", "10000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=home.environ,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        assert program.wait(PATIENCE) == 141
        assert program.stderr.read() == b""


def test_help_lists_every_command(home: Home) -> None:
    for args in (("--help",), ("-h",), ("jobs.yaml", "--help")):
        ran = home.run(*args)
        assert ran.code == 0
        assert all(f"\n  {name} " in ran.out for name in ("ctl", "check", "next", "history", "logs", "version"))


def test_a_traceback_is_shown_with_debug_only(home: Home) -> None:
    (home.folder / "state.db").mkdir()
    args = ("history", "--state-dir", str(Path(home.folder)))
    quiet = home.run(*args)
    assert (quiet.code, quiet.err.count("\n")) == (1, 1)
    assert "Traceback" in home.run("--debug", *args).err


def test_show_prints_the_job_in_effect_and_its_environment_without_running_or_reading_anything(home: Home) -> None:
    """10-job-file, Layers; 80-security: `show` never executes and reads no secrets."""
    home.write(
        "defaults: {timeout: 1h}\n"
        "jobs:\n  a:\n    command: touch executed\n    params: {DB: {default: main}}\n"
        "    secrets: {PW: {command: touch executed}, T: {file: nowhere}}\n"
    )
    plain = home.run("show", "jobs.yaml", "a")
    assert plain.code == 0, plain.err
    assert "    command: touch executed\n" in plain.out
    assert "built-in" not in plain.out
    resolved = home.run("show", "jobs.yaml", "a", "--resolved", "--set", "DB=audit")
    assert "# defaults, jobs.yaml:1" in resolved.out
    assert "default: audit" in resolved.out
    assert "# --set" in resolved.out
    environment = home.run("show", "jobs.yaml", "a", "--env").out
    assert "# secret, printed by its command" in environment
    assert "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" in environment
    assert not (home.folder / "executed").exists()
    assert home.run("show", "jobs.yaml", "nope").code == 4
    assert home.run("show", "jobs.yaml", "a", "--set", "DB").code == 2
