"""The environment of a job and the texts that are filled in from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobfile import Loaded, load
from engine.jobfile.environment import parse_env_file
from engine.jobfile.source import SourceError
from engine.spec.job import Argv, JobSpec
from engine.spec.template import at_start

Load = Callable[..., Loaded]


def job(loaded: Loaded) -> JobSpec:
    """The one job of a file without errors."""
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0]


def only(loaded: Loaded) -> str:
    """The one finding, from its line on."""
    (found,) = loaded.diagnostics
    return str(found).rpartition("jobs.yaml:")[2]


def test_a_name_is_looked_up_in_env_then_env_files_then_the_engines_environment(load_text: Load) -> None:
    loaded = load_text(
        "jobs: {a: {command: [echo, '${A}', '${B}', '${COLOUR}', '${EMPTY:-e}'], env: {A: env}, env_file: [1.env, 2.env]}}",
        {"1.env": "A=1\nB=1", "2.env": "B=2\nCOLOUR=red"},
    )
    assert job(loaded).command == Argv(("echo", "env", "2", "red", "e"))
    assert job(loaded).env == {"A": "env", "B": "2", "COLOUR": "red"}


def test_values_of_env_refer_to_each_other_in_any_order_and_to_the_outer_value_of_their_own_name(
    load_job: Load,
) -> None:
    spec = job(load_job('command: x\nenv: {A: "${B}/a", B: "${HOME}/b", COLOUR: "dark ${COLOUR}"}'))
    assert spec.env == {"A": "/home/me/b/a", "B": "/home/me/b", "COLOUR": "dark blue"}


def test_what_belongs_to_a_run_stays_for_the_run_also_by_way_of_env(load_job: Load) -> None:
    spec = job(load_job('command: [x, "${DIR}"]\nenv: {DIR: "/out/${JOB_ID}"}\nworking_dir: ${DIR}/${SCHEDULED_DATE}'))
    facts = {"JOB_ID": "a", "SCHEDULED_DATE": "2026-11-24"}
    assert isinstance(spec.command, Argv)
    assert [at_start(arg, facts) for arg in spec.command.args] == ["x", "/out/a"]
    assert at_start(spec.working_dir, facts) == "/out/a/2026-11-24"


def test_values_of_an_environment_file_are_data(load_text: Load) -> None:
    loaded = load_text("jobs: {a: {command: [x, '${P}'], env_file: [e]}}", {"e": "P=${JOB_ID}$"})
    spec = job(loaded)
    assert at_start(spec.env["P"], {"JOB_ID": "no"}) == "${JOB_ID}$"
    assert isinstance(spec.command, Argv)
    assert at_start(spec.command.args[1], {"JOB_ID": "no"}) == "${JOB_ID}$"


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("", ""),
        ("working_dir: sub", "sub"),
        ("working_dir: ./sub/../x", "sub/../x"),
        ("working_dir: .", ""),
    ],
)
def test_a_folder_is_below_that_of_the_file_which_is_the_default(
    load_job: Load, tmp_path: Path, written: str, folder: str
) -> None:
    assert job(load_job(f"command: x\n{written}")).working_dir == str(tmp_path / folder)


@pytest.mark.parametrize(
    ("written", "folder"), [("~", "/home/me"), ("~/x", "/home/me/x"), ("/srv", "/srv"), ("${HOME}", "/home/me")]
)
def test_a_folder_may_be_absolute_or_below_home(load_job: Load, written: str, folder: str) -> None:
    assert job(load_job(f'command: x\nworking_dir: "{written}"')).working_dir == folder


def test_a_folder_with_a_template_in_its_own_name_is_no_template(tmp_path: Path) -> None:
    folder = tmp_path / "${JOB_ID}"
    folder.mkdir()
    (folder / "jobs.yaml").write_text("jobs: {a: {command: x}}")
    spec = job(load(folder / "jobs.yaml", {}))
    assert at_start(spec.working_dir, {"JOB_ID": "no"}) == str(folder)


def test_the_folder_is_that_of_the_file_as_named_so_that_linked_deployments_keep_it(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/jobs.yaml").write_text("jobs: {a: {command: x}}")
    (tmp_path / "current").symlink_to("v1")
    assert job(load(tmp_path / "current/jobs.yaml", {})).working_dir == str(tmp_path / "current")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('command: [x, "${NONE}"]', "3:18: error: jobs.a.command[1]: ${NONE} is not set"),
        ('command: x\nenv: {A: "${NONE}"}', "4:14: error: jobs.a.env.A: ${NONE} is not set"),
        ("command: x\nworking_dir: ${NONE}", "4:18: error: jobs.a.working_dir: ${NONE} is not set"),
        ("command: x\nstdin: ${NONE}", "4:12: error: jobs.a.stdin: ${NONE} is not set"),
        ('command: x\nshell: ["${NONE}", -c]', "4:13: error: jobs.a.shell[0]: ${NONE} is not set"),
        ('command: x\nshell: ["${JOB_ID}", -c]', "is known only when a run starts"),
        ("command: x\nenv_file: ${NONE}.env", "jobs.a.env_file: ${NONE} is not set"),
        ("command: x\nenv_file: ${RUN_ID}.env", "jobs.a.env_file: ${RUN_ID} is known only when a run starts"),
        ('command: [x, "${matrix.item}"]', "the job's matrix has no `item`; declare it under `matrix`"),
        ('command: [x, "${A"]', "has no closing brace"),
    ],
)
def test_a_name_without_value_is_an_error_at_its_place(load_job: Load, written: str, message: str) -> None:
    assert message in only(load_job(written))


def test_variables_that_refer_to_each_other_in_a_circle_are_refused(load_job: Load) -> None:
    loaded = load_job('command: x\nenv: {A: "${B}", B: "${C}", C: "${A}"}')
    assert all("in a circle" in found.message for found in loaded.diagnostics)
    assert loaded.diagnostics[0].message.endswith("A -> B -> C -> A")


def test_variables_that_double_each_other_end_before_memory_does(load_job: Load) -> None:
    lines = ["  V0: 0123456789abcdef", *(f'  V{n}: "${{V{n - 1}}}${{V{n - 1}}}"' for n in range(1, 45))]
    loaded = load_job("command: x\nenv:\n" + "\n".join(lines))
    assert any("1 MiB" in found.message for found in loaded.diagnostics)


def test_a_long_chain_of_variables_is_refused_without_recursing(load_job: Load) -> None:
    lines = [f'  V{n}: "${{V{n + 1}}}"' for n in range(2000)]
    loaded = load_job("command: x\nenv:\n" + "\n".join([*lines, "  V2000: x"]))
    assert any("more than 50 deep" in found.message for found in loaded.diagnostics)


def test_an_argument_that_grows_too_long_by_filling_in_is_refused(load_job: Load) -> None:
    loaded = load_job(f'command: [x, "{"${A}" * 20}"]\nenv: {{A: {"x" * 10_000}}}')
    assert "when filled in" in only(loaded)


@pytest.mark.parametrize("name", ["none.env", "folder", "/nonexistent/x.env"])
def test_an_environment_file_that_cannot_be_read_is_an_error(load_text: Load, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    found = only(load_text(f"jobs:\n  a:\n    command: x\n    env_file: [{name}]\n"))
    assert found.startswith("4:16: error: jobs.a.env_file: the environment file /")


def test_no_line_of_an_environment_file_is_shown(load_text: Load) -> None:
    loaded = load_text("jobs: {a: {command: x, env_file: e}}", {"e": "A=1\nhunter2 is my password\n"})
    assert "e line 2 is not NAME=value" in only(loaded)
    assert "hunter2" not in loaded.text() + loaded.json()


def test_the_lines_of_an_environment_file_are_read_as_people_write_them() -> None:
    text = """\
# comment
PLAIN=a b # comment
  export SPACED = no
"""
    with pytest.raises(SourceError, match="line 3 is not NAME=value"):
        parse_env_file(text)
    text = r"""
A=
B=x#y
C="a \"b\" \n \$c \\ #"   # comment
D='${X} \n' # comment
export E=  spaced
F=a=b
"""
    assert parse_env_file(text) == {
        "A": "",
        "B": "x#y",
        "C": 'a "b" \n $c \\ #',
        "D": "${X} \\n",
        "E": "spaced",
        "F": "a=b",
    }


@pytest.mark.parametrize("line", ["A", "=x", "A B=x", "1A=x", 'A="x', "A='x' y", "A-B=x", "export", "{"])
def test_other_lines_of_an_environment_file_are_refused_by_number(line: str) -> None:
    with pytest.raises(SourceError, match="line 2 "):
        parse_env_file(f"OK=1\n{line}\n")
