"""Hooks, preconditions, failover and outputs with real processes: what they are given and what they leave."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.program import Home

JOBS = r"""
jobs:
  dump:
    command: "echo one; echo rows=12; echo 'place=/data/x y' >> \"$JOB_OUTPUT\"; echo $JOB_OUTPUT > {out}/path; exit 3"
    outputs: {rows: 'regex:^rows=(\d+)'}
    retry: 1
    hooks:
      start: 'echo start >> {out}/order'
      retry: 'echo "retry $ATTEMPT $EXIT_CODE" >> {out}/order'
      error: 'printf "%s|" "$JOB_ID" "$RUN_ID" "$EXIT_CODE" "$RUN_STATUS" "$ERROR" "$LOG_FILE" "$LAST_LINES" > {out}/error'
      finally: {command: 'echo out of the hook; exit 4', ignore_error: true}
  after:
    command: 'echo "$JOB_NEEDS_DUMP_ROWS:$JOB_NEEDS_DUMP_PLACE" > {out}/after'
    needs: {dump: {is: failure}}
    if:
      - {value: '${needs.dump.outputs.rows}', matches: '^1'}
      - {env: JOB_NEEDS_DUMP_PLACE, matches: data}
      - file: {out}/order
      - command: test -s {out}/order
  argv:
    command: [cp, /dev/null, '{out}/made-${needs.dump.outputs.rows}']
    needs: {dump: {is: done}}
  never:
    command: touch {out}/never
    if: [{file: {out}/nowhere}]
    hooks: {start: touch {out}/never, finally: touch {out}/never}
  saved:
    command: 'false'
    failover: 'echo failover'
"""


def test_steps_run_in_order_with_their_facts_and_hand_on_what_they_found(home: Home, tmp_path: Path) -> None:
    """Rows 13, 68, 75 and 10-job-file: substitution of outputs, as environment and in lists, never as shell text."""
    out = tmp_path / "out"
    out.mkdir()
    home.write(JOBS.replace("{out}", str(out)))
    ran = home.run("--no-ui", "--until-idle", "jobs.yaml")
    assert ran.code == 1
    history = home.run("history", "--format", "json")
    runs = {run["run_id"]: run for run in json.loads(history.out)}
    assert {name: (run["outcome"], run["reason"]) for name, run in runs.items()} == {
        "dump:1": ("failed", "exit(3)"),
        "after:1": ("success", "exit(0)"),
        "argv:1": ("success", "exit(0)"),
        "never:1": ("skipped", "precondition(exit(1))"),
        "saved:1": ("success", "exit(0)"),
    }
    dump = runs["dump:1"]
    assert dump["outputs"] == {"rows": "12", "place": "/data/x y"}
    assert dump["hook_errors"] == {"finally": ["exit(4)"]}
    assert (out / "order").read_text() == "start\nretry 1 3\n"
    facts = (out / "error").read_text().split("|")
    assert facts[:5] == ["dump", "dump:1", "3", "failed", "exit(3)"]
    assert facts[5] == dump["log_path"]
    assert facts[6].endswith("one\nrows=12")
    assert Path(dump["log_path"].removesuffix(".log") + ".hooks.log").read_text() == "out of the hook\n"
    assert not Path((out / "path").read_text().strip()).exists(), "the file of outputs is taken away"
    assert (out / "after").read_text() == "12:/data/x y\n"
    assert (out / "made-12").exists()
    assert not (out / "never").exists()
    assert runs["saved:1"]["recovered"]


def test_a_hook_that_never_ends_is_killed_at_its_timeout(home: Home) -> None:
    """Row 13 and 70-quality, faults: the run goes on without it."""
    home.write(
        "jobs: {a: {command: 'true', hooks: {success: {command: sleep 1000, timeout: 300ms, ignore_error: true}}}}"
    )
    ran = home.run("--no-ui", "--until-idle", "jobs.yaml")
    assert ran.code == 0
    assert "a:1 success" in ran.out


def test_a_file_of_outputs_that_is_something_else_is_refused(home: Home) -> None:
    """80-security: links, FIFOs and directories in its place are never followed or waited for."""
    home.write(
        "jobs:\n"
        "  link: {command: 'ln -s /etc/passwd \"$JOB_OUTPUT\"'}\n"
        "  fifo: {command: 'mkfifo \"$JOB_OUTPUT\"'}\n"
        "  huge: {command: 'yes a=b | head -c 100000 > \"$JOB_OUTPUT\"'}\n"
        "  junk: {command: 'echo 1=2 > \"$JOB_OUTPUT\"'}\n"
    )
    ran = home.run("--no-ui", "--until-idle", "jobs.yaml")
    assert ran.code == 0
    history = home.run("history", "--format", "json")
    found = {run["job"]: (run["outputs"], len(run["hook_errors"]["outputs"])) for run in json.loads(history.out)}
    assert found == {name: ({}, 1) for name in ("link", "fifo", "huge", "junk")}
