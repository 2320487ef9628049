"""Secrets of runs: read anew for each attempt, in the environment alone, a failed start when they cannot be had."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.runtime.secrets import SecretUnavailable, fetching, mark, read_now
from engine.spec.command import Argv, Shell
from engine.spec.job import JobSpec, Retry
from engine.spec.secret import FromCommand, FromFile, FromVariable, Secret
from engine.spec.stored import from_text, to_text
from engine.store.history import to_record
from engine.testing import Act
from tests.unit.engine.making import bench


def with_secrets(secrets: Mapping[str, Secret], **fields: object) -> JobSpec:
    return JobSpec(id="a", command=Argv(("use",)), secrets=secrets, **fields)  # type: ignore[arg-type] # of many types


def test_a_secret_is_in_the_environment_and_nowhere_on_record(tmp_path: Path) -> None:
    path = tmp_path / "pw"
    path.write_text("hunter2\n")
    spec = with_secrets({"PW": FromFile(str(path))})
    b = bench(spec)
    b.run_for(5)
    (launch,) = b.executor.launched
    assert launch.env["PW"] == "hunter2"
    assert launch.argv == ("use",)
    everything = [
        *map(str, b.store.runs.values()),
        *map(str, b.store.jobs.values()),
        str(b.store.facts),
        *b.store.lines,
    ]
    everything += [json.dumps(to_record(b.store.runs[1]).to_json()), to_text(spec)]
    assert not any("hunter2" in text for text in everything)


def test_it_is_read_anew_for_each_attempt(tmp_path: Path) -> None:
    path = tmp_path / "pw"
    path.write_text("old")
    b = bench(with_secrets({"PW": FromFile(str(path))}, retry=Retry(1, 60.0)), acts={"a": Act(1.0, 1)})
    b.run_for(30)
    path.write_text("new")
    b.run_for(60)
    assert [launch.env["PW"] for launch in b.executor.launched] == ["old", "new"]


def test_one_that_cannot_be_had_is_a_failed_start_with_its_reason_and_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "pw"
    b = bench(with_secrets({"PW": FromFile(str(path))}, retry=Retry(1, 60.0)))
    b.run_for(30)
    assert b.fates("a") == ["retrying"]
    assert b.job("a").active[0].past[0].reason == "secret(PW: cannot be read: no such file or directory)"
    path.write_text("late")
    b.run_for(60)
    assert b.fates("a") == ["success"]
    b.crash()
    assert b.job("a").tally.starts == 1


def test_the_failure_is_final_without_a_retry_and_gives_the_slot_back() -> None:
    b = bench(with_secrets({"PW": FromVariable("NOT_THERE")}), JobSpec(id="b", command=Argv(("x",))), max_running=1)
    b.run_for(5)
    assert b.fates("a") == ["failed secret(PW: NOT_THERE is not set)"]
    assert b.fates("b") == ["success"]
    assert b.state.taken == 0


def read(secret: Secret, environ: Mapping[str, str] | None = None) -> str:
    return read_now({"PW": secret}, environ or {})["PW"]


def refused(path: Path) -> str:
    with pytest.raises(SecretUnavailable) as caught:
        read(FromFile(str(path)))
    return str(caught.value)


def test_a_file_is_taken_only_if_nobody_else_could_have_written_it(tmp_path: Path) -> None:
    """80-security: regular, owner root or self, not writable by others, folders as well for root; opened once."""
    path = tmp_path / "pw"
    path.write_text("hunter2")
    path.chmod(0o640)
    assert read(FromFile(str(path))) == "hunter2"
    path.chmod(0o602)
    assert refused(path) == "PW: the file can be changed by others"
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, 12345, 0)
        assert refused(path) == "PW: the file belongs to user 12345, who could change it"
        os.chown(path, 0, 0)
        tmp_path.chmod(0o777)
        assert refused(path) == "PW: a folder above the file can be changed by others"
        tmp_path.chmod(0o700)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    assert refused(fifo) == "PW: is not a regular file"
    assert refused(tmp_path) == "PW: is not a regular file"
    path.write_text("x" * 70_000)
    assert refused(path) == "PW: is longer than 64 KiB"
    path.write_text("\n")
    assert refused(path) == "PW: is empty"


def test_a_variable_is_the_engines_own() -> None:
    assert read(FromVariable("TOKEN"), {"TOKEN": "x"}) == "x"


def test_a_command_is_run_by_the_attempt_itself_and_its_arguments_are_filled_in() -> None:
    secrets: dict[str, Secret] = {
        "A": FromCommand(Shell("pass a"), 5.0),
        "B": FromCommand(Argv(("vault", "get", "${JOB_ID}"))),
    }
    assert read_now(secrets, {}) == {}
    argv, env = fetching(secrets, ("/bin/sh", "-c"), {"JOB_ID": "j"}, ("prog", "-x"), ("/l/j/7.log", "j:7.1", None))
    assert argv[-4:] == ("/l/j/7.marks", "j:7.1", "prog", "-x")
    wanted = {"A": [["/bin/sh", "-c", "pass a"], 5.0], "B": [["vault", "get", "j"], 30.0]}
    assert json.loads(env["JOB_SECRETS"]) == [wanted, None]


def test_without_marks_there_is_no_start(tmp_path: Path) -> None:
    (tmp_path / "7.marks").mkdir()
    with pytest.raises(SecretUnavailable, match="marks: cannot be written"):
        mark(str(tmp_path / "7.log"), {"PW": "hunter2"})


def test_a_job_added_at_run_time_is_stored_with_where_its_secrets_come_from() -> None:
    secrets: dict[str, Secret] = {"A": FromFile("/run/a"), "B": FromVariable("B"), "C": FromCommand(Shell("x"), 2.0)}
    assert from_text(to_text(with_secrets(secrets))).secrets == secrets
