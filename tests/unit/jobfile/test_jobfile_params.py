"""`params:` in a job file, and `${params.NAME}` in its texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobfile import Loaded, load
from engine.spec.job import Argv, JobSpec
from engine.spec.params import Param, ParamType
from engine.spec.template import at_start
from tests.unit.jobfile.conftest import ENVIRON

Load = Callable[..., Loaded]


def job(loaded: Loaded) -> JobSpec:
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0]


def only(loaded: Loaded) -> str:
    (found,) = loaded.diagnostics
    return str(found).rpartition("jobs.yaml:")[2]


def test_a_parameter_is_what_the_file_says(load_job: Load) -> None:
    spec = job(
        load_job(
            "command: x\nparams:\n  DB: {default: main, type: string, enum: [main, audit], description: which}\n"
            "  N: {default: 007, type: int}\n  PW: {secret: true}\n  FULL: {type: bool, default: false}"
        )
    )
    assert spec.params == {
        "DB": Param("main", ParamType.STRING, ("main", "audit"), "which"),
        "N": Param("7", ParamType.INT),
        "PW": Param(secret=True),
        "FULL": Param("false", ParamType.BOOL),
    }


def test_layers_of_one_parameter_merge(load_text: Load) -> None:
    loaded = load_text(
        "defaults: {params: {DB: {default: main, description: which}}}\n"
        "jobs: {a: {command: x, params: {DB: {default: audit}}}}"
    )
    assert job(loaded).params == {"DB": Param("audit", description="which")}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{PATH: {}}", 'error: jobs.a.params.PATH: "PATH" is reserved'),
        ("{LD_PRELOAD: {}}", "is reserved"),
        ("{BASH_ENV: {default: x}}", "is reserved"),
        ("{JOB_ID: {}}", "is reserved"),
        ("{a-b: {}}", "is not the name of a variable"),
        ("{N: {type: int, default: x}}", 'jobs.a.params.N.default: "x" is not a whole number; its type is int'),
        ("{N: {type: int, enum: [1, x]}}", 'jobs.a.params.N.enum: "x" is not a whole number'),
        ("{N: {enum: []}}", "allows no value"),
        ("{N: {enum: [a], default: b}}", 'jobs.a.params.N.default: "b" is not one of its `enum`'),
        ("{N: {secret: true, type: int, default: hunter2}}", "the value is not a whole number"),
        ("{N: {default: a, required: true}}", "jobs.a.params.N.required: has a default as well; keep one of them"),
        ("{N: {required: true}}", "jobs.a.params.N: is required, and nobody is asked when the job starts by itself"),
        ("{N: {typ: int}}", "did you mean `type`"),
        ("{N: {type: integer}}", "expected one of string, int, number, bool, path"),
        ("[N]", "expected a map of parameters"),
    ],
)
def test_what_cannot_be_meant_is_an_error_at_its_place(load_job: Load, written: str, message: str) -> None:
    found = only(load_job(f"command: x\nparams: {written}"))
    assert message in found
    assert "hunter2" not in found


def test_a_required_one_without_a_value_is_fine_where_a_person_is_asked(load_job: Load) -> None:
    assert job(load_job("command: x\nmanual: only\nparams: {N: {required: true}}")).params["N"].required


def test_a_parameter_waits_for_the_run_in_lists_and_plain_fields(load_job: Load) -> None:
    spec = job(
        load_job(
            'command: [x, "${DB}", "${params.DB}-${JOB_ID}", "${N:-none}"]\nworking_dir: /data/${DB}\nenv: {U: "x/${DB}"}\n'
            "params: {DB: {}, N: {}}"
        )
    )
    facts = {"JOB_ID": "a", "params.DB": "${JOB_ID}"}
    assert isinstance(spec.command, Argv)
    assert [at_start(arg, facts) for arg in spec.command.args] == ["x", "${JOB_ID}", "${JOB_ID}-a", "none"]
    assert at_start(spec.working_dir, facts) == "/data/${JOB_ID}"
    assert at_start(spec.env["U"], facts) == "x/${JOB_ID}"
    assert [at_start(arg, {**facts, "params.N": "7"}) for arg in spec.command.args][3] == "7"


def test_a_parameter_goes_before_env_and_environment_files(load_text: Load) -> None:
    loaded = load_text(
        "jobs: {a: {command: [x, '${DB}'], env: {DB: no, X: y}, env_file: [e], params: {DB: {}}}}", {"e": "DB=no\nF=1"}
    )
    spec = job(loaded)
    assert spec.env == {"X": "y", "F": "1"}
    assert isinstance(spec.command, Argv)
    assert at_start(spec.command.args[1], {"params.DB": "yes"}) == "yes"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('command: [x, "${params.DC}"]', "jobs.a.command[1]: the job has no parameter `DC`; declare it under `params`"),
        ("command: x\nshell: [sh, '${DB}']", "${params.DB} is known only when a run starts"),
        ("command: x\nenv_file: ['${params.DB}']", "${params.DB} is known only when a run starts"),
        ('command: [x, "${PW}"]', "PW is a secret, which stays out of arguments, urls and fields"),
        ('command: [x, "${params.PW}"]', "PW is a secret"),
        ("command: x\nworking_dir: /x/${PW}", "PW is a secret"),
        ("command: x\nenv: {URL: 'pg://u:${PW}@h'}", 'take "$PW" from its environment'),
        ("command: x\nif: [{value: '${PW}'}]", "PW is a secret"),
        ("command: x\nhooks: {error: [mail, '${PW}']}", "PW is a secret"),
        ("command: x\nstdin: '${PW}'", "PW is a secret"),
    ],
)
def test_a_name_that_may_not_stand_there_is_an_error(load_job: Load, written: str, message: str) -> None:
    """80-security: secrets are refused in argv and urls."""
    assert message in only(load_job(f"{written}\nparams: {{DB: {{}}, PW: {{secret: true}}}}"))


def test_values_for_a_whole_file_take_the_place_of_defaults(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(
        "jobs:\n  a: {command: x, params: {DB: {required: true}, N: {type: int, default: 1}}}\n"
        "  b: {command: x, params: {DB: {default: main}}}\n  c: {command: x}"
    )
    loaded = load(path, ENVIRON, given={"DB": "audit"})
    assert loaded.file is not None, loaded.text()
    assert [spec.params.get("DB") and spec.params["DB"].default for spec in loaded.file.jobs] == [
        "audit",
        "audit",
        None,
    ]
    bad = only(load(path, ENVIRON, given={"DB": "x", "N": "hunter2"}))
    assert "jobs.a.params.N: the value given by --set is not a whole number; it is declared as int" in bad
    assert "hunter2" not in bad


def test_a_matrix_is_names_with_values_and_its_item_waits_for_the_run(load_job: Load) -> None:
    spec = job(load_job('command: [x, "${matrix.item}", "${matrix.v:-0}"]\nmatrix: {item: [a, 1.10], v: [true]}'))
    assert spec.matrix == {"item": ("a", "1.10"), "v": ("true",)}
    assert isinstance(spec.command, Argv)
    assert [at_start(arg, {"matrix.item": "a", "matrix.v": "true"}) for arg in spec.command.args] == ["x", "a", "true"]


def test_a_matrix_replaces_that_of_its_defaults(load_text: Load) -> None:
    loaded = load_text("defaults: {matrix: {a: [1]}}\njobs: {a: {command: x, matrix: {b: [2]}}}")
    assert job(loaded).matrix == {"b": ("2",)}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{item: []}", "jobs.a.matrix.item: has no values"),
        ("{item: [a, b, a]}", 'names "a" twice'),
        ("{item: a}", "expected a list of values"),
        ("{a-b: [1]}", "is not the name of a variable"),
        ("{item: [1], ITEM: [2]}", "`ITEM` and `item` are the same variable; rename one of them"),
        ("[a]", "expected a map NAME: [value, …]"),
    ],
)
def test_a_matrix_that_cannot_be_meant_is_an_error(load_job: Load, written: str, message: str) -> None:
    assert message in only(load_job(f"command: x\nmatrix: {written}"))


def test_a_matrix_of_a_million_is_refused(load_job: Load) -> None:
    """80-security: matrix 100^3."""
    values = ", ".join(map(str, range(100)))
    found = only(load_job(f"command: x\nmatrix: {{a: [{values}], b: [{values}], c: [{values}]}}"))
    assert "makes 1,000,000 runs of each occurrence, more than 1,000" in found


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        (
            "{a: {command: x}, b: {command: x, was: a}}",
            "jobs.b.was: `a` is a job of its own; remove `was`, or that job",
        ),
        ("{a: {command: x, was: c}, b: {command: x, was: c}}", "jobs.b.was: `a` was `c` as well"),
        ("{a: {command: x, was: a/b}}", "expected the id that the job had before"),
    ],
)
def test_an_old_id_belongs_to_one_job_now(load_text: Load, jobs: str, message: str) -> None:
    assert message in only(load_text(f"jobs: {jobs}"))


def test_an_old_id_is_of_one_job_and_not_of_defaults(load_text: Load) -> None:
    assert "`was` belongs to one job" in only(load_text("defaults: {was: a}\njobs: {b: {command: x}}"))
