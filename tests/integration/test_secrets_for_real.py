"""Secrets with real processes and real readers of logs."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.integration.program import Home

JOBS = r"""
jobs:
  a:
    command: 'echo "$PW $TOKEN $KEY"; echo "$JOB_SECRETS"; trap; yes | head -1; ps -o args= -p $$ >&2'
    secrets:
      PW: {file: pw}
      TOKEN: {env: ENGINE_TOKEN}
      KEY: {command: 'echo asked by $USER >&2; printf "line-number-1\nline-number-2\n"'}
    hooks: {success: 'echo "hook $KEY $LAST_LINES" > {out}; test "$KEY" = "$(printf "line-number-1\nline-number-2")"'}
  fails: {command: touch {out}-never, secrets: {PW: {command: 'echo x; exit 3'}}, retry: 1}
  late: {command: touch {out}-never, secrets: {PW: {command: 'sleep 1000', timeout: 200ms}}}
  gone: {command: touch {out}-never, secrets: {PW: {file: nowhere}}}
  lists: {command: [no-such-program], secrets: {PW: {command: echo something}}}
"""


def test_secrets_reach_the_job_and_no_reader_shows_them(home: Home, tmp_path: Path) -> None:
    """80-security: read anew, by the attempt itself, in the environment only, hidden by every reader, never stored."""
    out = tmp_path / "out"
    home.write(JOBS.replace("{out}", str(out)))
    (home.folder / "pw").write_text("hunter2-pw\n")
    (home.folder / "pw").chmod(0o600)
    ran = home.run("--no-ui", "--until-idle", "--state-dir", "state", "jobs.yaml", ENGINE_TOKEN="token-of-the-engine")
    assert ran.code == 1
    history = home.run("history", "--state-dir", "state", "--format", "json").out
    runs = {run["run_id"]: run for run in json.loads(history)}
    assert {name: run["reason"] for name, run in runs.items()} == {
        "a:1": "exit(0)",
        "fails:1": "secret(PW: its command ended with exit(3))",
        "late:1": "secret(PW: took longer than 0.2s)",
        "gone:1": "secret(PW: cannot be read: no such file or directory)",
        "lists:1": "spawn(exec: ENOENT)",
    }
    assert [one["reason"] for one in runs["fails:1"]["attempts"]] == ["secret(PW: its command ended with exit(3))"] * 2
    assert not Path(f"{out}-never").exists()
    assert "asked by" in Path(runs["a:1"]["log_path"]).read_text(), "what the command says is in the log"
    shown = home.run("logs", "a", "--state-dir", "state").out
    assert "********** ******************* *************\n*************\n" in shown
    hidden = ("hunter2-pw", "token-of-the-engine", "line-number-1", "line-number-2")
    for secret in hidden:
        assert secret not in shown
        assert secret in Path(runs["a:1"]["log_path"]).read_text(), "the log itself holds what the job printed"
    hook = out.read_text()
    assert "hook line-number-1" in hook
    assert "hunter2-pw" not in hook, "LAST_LINES is read of the log"
    for path in (home.folder / "state").rglob("*"):
        if path.is_file() and path.suffix != ".log":
            raw = path.read_bytes()
            assert not any(secret.encode() in raw for secret in hidden), path


def test_what_only_looks_at_a_job_file_reads_no_secret(home: Home) -> None:
    """80-security: `check`, `show`, `simulate` never execute, import or read secrets."""
    home.write(
        "jobs: {a: {command: 'true', schedule: '0 * * * *',"
        " secrets: {F: {file: fifo}, C: {command: touch executed}, V: {env: NOT_SET}}}}"
    )
    os.mkfifo(home.folder / "fifo")  # who opened it would hang or fail
    for args in (("check", "jobs.yaml"), ("next", "jobs.yaml"), ("show", "jobs.yaml", "a", "--env")):
        assert home.run(*args).code == 0
    simulated = home.run("simulate", "--for", "1d", "--format", "json", "jobs.yaml")
    assert simulated.code == 0, simulated.err
    assert sum(line["event"] == "ended" for line in json.loads(simulated.out)) >= 23
    assert not (home.folder / "executed").exists()


def test_a_secret_that_changes_is_hidden_in_both_forms_and_ctl_hides_as_well(home: Home) -> None:
    """80-security: masked by every reader of logs, also after the value was changed."""
    home.write(
        "jobs: {a: {command: 'echo $PW; printf second-value > pw; test $ATTEMPT = 2', secrets: {PW: {file: pw}}, retry: 1},"
        " stay: {command: sleep 1000}}"
    )
    (home.folder / "pw").write_text("first-value")
    (home.folder / "pw").chmod(0o600)
    with home.started("--no-ui", "--state-dir", "state", "jobs.yaml") as engine:
        engine.until("a:1 success")
        shown = (
            home.run("ctl", "--state-dir", "state", "logs", "a").out
            or home.run("ctl", "logs", "a", "--state-dir", "state").out
        )
    assert shown == "***********\n************\n"
