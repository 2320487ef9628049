"""Who a job is and what its processes may use, from a job file to the processes and back to the record."""

from __future__ import annotations

import json
import os
import stat

import pytest

from tests.integration.program import Home

ASKING = """
engine: {max_running: 4}
jobs:
  kind:
    command: 'echo nice=$(nice) files=$(ulimit -n) cpus=$(nproc)'
    limits: {nice: 12, nofile: 99, affinity: [FIRST], ionice: idle}
  busy:
    command: [sh, -c, "while :; do :; done"]
    limits: {cpu_time: 1s}
  nowhere:
    command: 'true'
    limits: {affinity: [8000]}
"""

AS_ANOTHER = """
jobs:
  who:
    command: 'id -u; id -g; echo $HOME $USER; echo rows=7 >> $JOB_OUTPUT'
    user: nobody
    working_dir: /
    if: [{command: test "$(id -u)" = 65534}, {file: /etc/passwd}, {value: abc, matches: b}]
    hooks: {success: {command: 'test "$(id -u)" = 65534'}}
    outputs: {home: 'regex:^(/\\S*) nobody'}
  numbered: {command: id -u, user: "4321", working_dir: /}
  grouped: {command: 'id -u; id -g', group: "65534", working_dir: /}
  closed: {command: 'true', user: nobody}
  unknown: {command: 'true', user: nobody-of-that-name}
"""


def records(home: Home) -> dict[str, dict[str, object]]:
    return {run["job"]: run for run in json.loads(home.run("history", "--format", "json").out)}


def log(home: Home, job: str) -> str:
    return home.run("logs", job).out


def test_limits_of_a_job_file_hold_for_its_processes(home: Home) -> None:
    """Row 58: `affinity` names the processors that a job runs on."""
    first = min(os.sched_getaffinity(0))
    home.write(ASKING.replace("FIRST", str(first)))
    assert home.run("--no-ui", "--until-idle", "jobs.yaml").code == 1
    runs = records(home)
    assert runs["kind"]["outcome"] == "success"
    assert log(home, "kind") == "nice=12 files=99 cpus=1\n"
    assert (runs["busy"]["outcome"], runs["busy"]["reason"]) == ("failed", "cpu_time")
    assert (runs["nowhere"]["outcome"], runs["nowhere"]["reason"]) == ("failed", "spawn(affinity: EINVAL)")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run jobs as others")
def test_everything_of_a_job_runs_as_its_user(home: Home) -> None:
    """80-security: command, preconditions and hooks; what it hands on gets through the engine's closed folder."""
    home.folder.chmod(0o700)
    home.write(AS_ANOTHER)
    assert home.run("--no-ui", "--until-idle", "jobs.yaml").code == 1
    runs = records(home)
    assert (runs["who"]["outcome"], runs["who"]["hook_errors"]) == ("success", {}), runs["who"]
    assert log(home, "who").splitlines()[:2] == ["65534", "65534"]
    assert log(home, "who").splitlines()[2].endswith(" nobody")
    assert runs["who"]["outputs"] == {"rows": "7", "home": log(home, "who").split()[2]}
    assert log(home, "numbered") == "4321\n"
    assert log(home, "grouped") == "0\n65534\n"
    assert runs["closed"]["reason"] == "spawn(cwd: EACCES)", "the folder of the file is not its user's to enter"
    assert runs["unknown"]["reason"] == "spawn(user nobody-of-that-name: ENOENT)"
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may run jobs as others")
def test_without_root_another_user_is_warned_about_and_fails_with_its_reason(home: Home) -> None:
    home.write("jobs:\n  who: {command: 'true', user: root}\n")
    checked = home.run("check", "jobs.yaml")
    assert (checked.code, "needs an engine that root runs" in checked.err + checked.out) == (0, True)
    assert home.run("--no-ui", "--until-idle", "jobs.yaml").code == 1
    assert records(home)["who"]["reason"] == "spawn(user: EPERM)"
