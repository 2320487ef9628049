"""`python:` and `pause_timeout:` in a job file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.jobfile import Loaded
from engine.spec.job import PythonFunction


def test_python_names_a_function(load_job: Callable[..., Loaded]) -> None:
    """Row 3: `python: module:function` is a way to say what a job runs."""
    loaded = load_job("python: reports.daily:Main.run\npause_timeout: 5s")
    assert loaded.file is not None
    (job,) = loaded.file.jobs
    assert job.command == PythonFunction("reports.daily", "Main.run")
    assert job.pause_timeout == 5.0


@pytest.mark.parametrize(
    "text",
    [
        "reports",
        "reports:",
        ":main",
        "a b:c",
        "a:b()",
        "a..b:c",
        "a:lambda",
        "[a, b]",
        "a:b:c",
        "import os:x",
    ],
)
def test_anything_else_is_refused_at_its_place(load_job: Callable[..., Loaded], text: str) -> None:
    """What is not `module:function` is said at its line and column, with an example."""
    loaded = load_job(f"python: '{text}'" if ":" in text and text[0] != "[" else f"python: {text}")
    assert loaded.file is None
    (problem,) = loaded.diagnostics
    assert (problem.line, problem.path) == (3, "jobs.a.python")


@pytest.mark.parametrize("other", ["command: 'true'", "script: 'true'"])
def test_python_stands_alone(load_job: Callable[..., Loaded], other: str) -> None:
    """`python` beside `command` or `script` is a contradiction, at the later one."""
    loaded = load_job(f"python: a:b\n{other}")
    assert loaded.file is None
    assert [problem.line for problem in loaded.diagnostics] == [4]
    assert "cannot stand together" in loaded.diagnostics[0].message


def test_a_pause_needs_some_time(load_job: Callable[..., Loaded]) -> None:
    """`pause_timeout: 0` would refuse every pause."""
    assert load_job("python: a:b\npause_timeout: 0").file is None
