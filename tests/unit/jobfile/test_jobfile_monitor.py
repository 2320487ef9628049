"""The key `monitor`: how often runs are looked at, and whether with their children."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.jobfile import Loaded
from engine.spec.job import JobSpec
from engine.spec.monitor import EACH_SECOND, Monitor

Load = Callable[..., Loaded]


def job(loaded: Loaded) -> JobSpec:
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", EACH_SECOND),
        ("monitor: true", EACH_SECOND),
        ("monitor: {}", EACH_SECOND),
        ("monitor: false", None),
        ("monitor: {every: 5s}", Monitor(5.0)),
        ("monitor: {children: false}", Monitor(1.0, children=False)),
    ],
)
def test_it_is_read(load_job: Load, written: str, expected: Monitor | None) -> None:
    assert job(load_job(f"command: x\n{written}")).monitor == expected


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ("false", "{every: 5s}", Monitor(5.0)),
        ("{every: 5s}", "false", None),
        ("{every: 5s}", "true", EACH_SECOND),
        ("{every: 5s}", "{children: false}", Monitor(5.0, children=False)),
    ],
)
def test_a_job_says_what_differs_from_the_defaults(
    load_text: Load, below: str, above: str, expected: Monitor | None
) -> None:
    text = f"defaults: {{monitor: {below}}}\njobs: {{a: {{command: x, monitor: {above}}}}}"
    assert job(load_text(text)).monitor == expected


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("monitor: 5s", "expected false, or a map such as {every: 5s}"),
        ("monitor: {every: 100ms}", "monitor.every: is 100ms"),
        ("monitor: {evry: 1s}", "did you mean `every`?"),
        ("monitor: {off: true}", '"off" is not a key of `monitor`'),
    ],
)
def test_what_is_wrong_is_named(load_job: Load, written: str, problem: str) -> None:
    loaded = load_job(f"command: x\n{written}")
    assert loaded.file is None
    assert problem in loaded.text()
