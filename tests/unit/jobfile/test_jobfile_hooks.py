"""Hooks, preconditions, failover, outputs and the causes of a retry in a job file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.jobfile import Loaded
from engine.spec.command import Argv, Shell
from engine.spec.hooks import CommandHolds, FileExists, Hook, HookSlot, OnFalse, TextMatches, VariableMatches
from engine.spec.job import JobSpec, RetryCauses, Timeout

Load = Callable[..., Loaded]


def only(loaded: Loaded) -> JobSpec:
    assert loaded.file is not None, [str(one) for one in loaded.diagnostics]
    (job,) = loaded.file.jobs
    return job


def findings(loaded: Loaded) -> list[str]:
    return [str(one).rpartition("jobs.yaml:")[2].partition("\n")[0] for one in loaded.diagnostics]


def test_a_hook_is_a_command_or_a_map(load_job: Load) -> None:
    """Row 13: text for the shell, a list, or a map with timeout and ignore_error."""
    job = only(
        load_job(
            "command: x\nhooks:\n  start: {command: df, ignore_error: true, timeout: 10s}\n"
            "  error: ./alert.sh\n  finally: [rm, -f, '${HOME}/x']"
        )
    )
    assert job.hooks == {
        HookSlot.START: Hook(Shell("df"), 10.0, ignore_error=True),
        HookSlot.ERROR: Hook(Shell("./alert.sh")),
        HookSlot.FINALLY: Hook(Argv(("rm", "-f", "/home/me/x"))),
    }


def test_hooks_of_defaults_and_job_are_merged_by_slot(load_job: Load) -> None:
    job = only(load_job("command: x\nhooks: {error: mine}", "defaults: {hooks: {error: theirs, finally: last}}"))
    assert job.hooks == {HookSlot.ERROR: Hook(Shell("mine")), HookSlot.FINALLY: Hook(Shell("last"))}


def test_dagus_handlers_load_as_hooks(load_job: Load) -> None:
    job = only(load_job("command: x\nhandler_on: {init: a, success: b, failure: c, abort: d, exit: e}"))
    assert {slot.value: hook.command for slot, hook in job.hooks.items()} == {
        "start": Shell("a"),
        "success": Shell("b"),
        "error": Shell("c"),
        "stop": Shell("d"),
        "finally": Shell("e"),
    }


def test_preconditions_of_each_kind(load_job: Load) -> None:
    job = only(
        load_job(
            "command: x\nif:\n  - command: test -d /data\n  - {env: UPLOAD, matches: '^(1|yes)$'}\n"
            "  - file: ${HOME}/.ok\n  - {value: '${COLOUR}', matches: 'b.*e'}\non_false: {retry_every: 5m, for: 2h}"
        )
    )
    assert job.conditions == (
        CommandHolds(Shell("test -d /data")),
        VariableMatches("UPLOAD", "^(1|yes)$"),
        FileExists("/home/me/.ok"),
        TextMatches("blue", "b.*e"),
    )
    assert job.on_false == OnFalse(300.0, 7200.0)


def test_dagus_preconditions_load(load_job: Load) -> None:
    job = only(
        load_job(
            "command: x\npreconditions:\n  - condition: test -f /x\n"
            "  - {condition: '${COLOUR}', expected: blue}\n  - {condition: '${COLOUR}', expected: 're:^b'}"
        )
    )
    assert job.conditions == (
        CommandHolds(Shell("test -f /x")),
        TextMatches("blue", "^blue$"),
        TextMatches("blue", "^b"),
    )


def test_failover_outputs_total_timeout_and_causes(load_job: Load) -> None:
    """Rows 64, 65, 75."""
    job = only(
        load_job(
            "command: x\nfailover: [replica, '${COLOUR}']\noutputs: {rows: 'regex:^rows=(\\d+)', all: done}\n"
            "timeout: {run: 1m, total: 5m, idle: 30s}\n"
            'retry: {limit: unlimited, only: {exit_codes: ["1", 70-72], signals: true}, reset_on_success: false}'
        )
    )
    assert job.failover == Argv(("replica", "blue"))
    assert job.outputs == {"rows": r"^rows=(\d+)", "all": "done"}
    assert job.timeout == Timeout(60.0, 300.0, 30.0)
    assert job.retry.only == RetryCauses(frozenset({1, 70, 71, 72}), signals=True, timeout=False)
    assert not job.retry.reset_on_success


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("hooks: {begin: x}", '"begin" is not a key of `hooks`'),
        ("hooks: {start: {timeout: 1s}}", "jobs.a.hooks.start: has no command"),
        ("hooks: {start: {command: x, timeout: 0}}", "jobs.a.hooks.start.timeout"),
        ("if: 3", "expected a list of preconditions"),
        ("if: [{matches: x}]", "must ask one thing"),
        ("if: [{file: /x, env: Y}]", "must ask one thing"),
        ("if: [{command: x, matches: y}]", "`matches` goes with `env` or `value`"),
        ("if: [{value: x, matches: '('}]", "is not a pattern: missing )"),
        ("if: [{file: '${NOWHERE}'}]", "NOWHERE"),
        ("on_false: {retry_every: 5m}", "needs both `retry_every` and `for`"),
        ("outputs: {rows: 'regex:['}", "is not a pattern"),
        ("outputs: {a-b: x}", "a-b"),
        ("retry: {only: {exit_codes: [80-70]}}", "expected an exit code from 0 to 255"),
        ("retry: {only: {codes: [1]}}", '"codes" is not a key of `only`'),
    ],
)
def test_a_mistake_is_named_at_its_place(load_job: Load, lines: str, message: str) -> None:
    found = findings(load_job(f"command: x\n{lines}"))
    assert len(found) == 1, found
    assert found[0].startswith("4:")
    assert message in found[0]
