"""`secrets:` in a job file: where they come from, and where they may not go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobfile import Loaded
from engine.spec.command import Argv, Shell
from engine.spec.job import JobSpec
from engine.spec.secret import FromCommand, FromFile, FromVariable

Load = Callable[..., Loaded]


def job(loaded: Loaded) -> JobSpec:
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0]


def only(loaded: Loaded) -> str:
    (found,) = loaded.diagnostics
    return str(found).rpartition("jobs.yaml:")[2]


def test_a_secret_is_where_it_comes_from_and_is_not_read(load_job: Load, tmp_path: Path) -> None:
    spec = job(
        load_job(
            "command: x\nsecrets:\n  A: {file: /run/secrets/none}\n  B: {file: 'sub/${COLOUR}'}\n  C: {env: PGPASSWORD}\n"
            "  D: {command: pass show d}\n  E: {command: [vault, '${JOB_ID}'], timeout: 5s}"
        )
    )
    assert spec.secrets == {
        "A": FromFile("/run/secrets/none"),
        "B": FromFile(str(tmp_path / "sub/blue")),
        "C": FromVariable("PGPASSWORD"),
        "D": FromCommand(Shell("pass show d"), 30.0),
        "E": FromCommand(Argv(("vault", "${JOB_ID}")), 5.0),
    }


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{PW: hunter2}", "jobs.a.secrets.PW: expected a map"),
        ("{PW: {}}", "must have one of `file`, `env`, `command`; say where it comes from, never what it is"),
        ("{PW: {file: a, env: B}}", "must have one of"),
        ("{PW: {file: a, timeout: 5s}}", "`timeout` goes with `command`"),
        ("{PW: {value: x}}", '"value" is not a key of a secret'),
        ("{PW: {env: a-b}}", "expected the name of a variable"),
        ("{LD_PRELOAD: {env: B}}", '"LD_PRELOAD" is reserved'),
        ("{PW: {file: '${JOB_ID}'}}", "is known only when a run starts"),
        ("{PW: {file: '${OTHER}'}, OTHER: {env: B}}", "OTHER is a secret"),
        ("{PW: {command: [x, '${OTHER}']}, OTHER: {env: B}}", "OTHER is a secret"),
        ("{PW: {env: B}}\nparams: {PW: {}}", "jobs.a.secrets.PW: `PW` is a parameter as well"),
    ],
)
def test_what_cannot_be_meant_is_an_error_at_its_place(load_job: Load, written: str, message: str) -> None:
    assert message in only(load_job(f"command: x\nsecrets: {written}"))


@pytest.mark.parametrize(
    "written",
    [
        'command: [x, "${PW}"]',
        'command: [x, "--password=${PW:-none}"]',
        "command: x\nworking_dir: /x/${PW}",
        "command: x\nstdin: '${PW}'",
        "command: x\nenv: {URL: 'pg://u:${PW}@h'}",
        "command: x\nif: [{value: '${PW}'}]",
        "command: x\nif: [{file: '${PW}'}]",
        "command: x\nif: [{command: [test, '${PW}']}]",
        "command: x\nhooks: {error: [mail, '${PW}']}",
        "command: x\nfailover: [y, '${PW}']",
        "command: x\nshell: [sh, '${PW}']",
        "command: x\nenv_file: ['${PW}']",
    ],
)
def test_a_secret_stays_out_of_everything_but_the_environment(load_job: Load, written: str) -> None:
    """80-security: secrets refused in argv and urls; the message names the variable to use."""
    found = only(load_job(f"{written}\nsecrets: {{PW: {{env: B}}}}"))
    assert "PW is a secret, which stays out of arguments, urls and fields" in found
    assert 'take "$PW" from its environment' in found


def test_a_secret_goes_before_env_of_the_same_name(load_job: Load) -> None:
    assert job(load_job("command: x\nenv: {PW: no, X: y}\nsecrets: {PW: {env: B}}")).env == {"X": "y"}
