"""`watch:` in a job file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobfile import Loaded
from engine.spec.job import JobSpec
from engine.spec.watch import Watch

Load = Callable[..., Loaded]


def job_of(loaded: Loaded) -> JobSpec:
    assert loaded.file is not None, [str(one) for one in loaded.diagnostics]
    return loaded.file.jobs[0]


def test_paths_are_below_the_folder_of_the_file_or_working_dir(load_job: Load, tmp_path: Path) -> None:
    """Row 52: relative ones, `~` and `${NAME}`; a job that watches is no one-shot."""
    job = job_of(load_job('command: x\nwatch: [in/*.csv, "~/a", "/${COLOUR}/**", ./b/../c]'))
    assert job.watch == Watch((f"{tmp_path}/in/*.csv", "/home/me/a", "/blue/**", f"{tmp_path}/c"))
    assert not job.one_shot
    job = job_of(load_job("command: x\nworking_dir: ${COLOUR}\nwatch: {paths: [in], debounce: 2s}"))
    assert job.watch == Watch((f"{tmp_path}/blue/in",), 2.0)


def test_it_stands_beside_a_schedule_and_needs(load_job: Load) -> None:
    job = job_of(load_job("command: x\nevery: 1h\nwatch: [in]"))
    assert job.schedule is not None
    assert job.watch is not None


@pytest.mark.parametrize(
    ("written", "at", "message"),
    [
        ("watch: in", "3:12", "expected a list of paths, or a map {paths, debounce}"),
        ("watch: []", "3:12", "lists no path at all"),
        ("watch: {debounce: 1s}", "3:12", "has no `paths`"),
        ("watch: {paths: [in], debounce: 1ms}", "3:36", "must be at least 50ms"),
        ("watch: {paths: [in], every: 1s}", "3:26", "is not a key of `watch`"),
        ('watch: [""]', "3:13", "is empty"),
        ("watch: [in/**.csv]", "3:13", "** stands alone between two slashes"),
        ('watch: ["${NOPE}"]', "3:13", "${NOPE} is not set"),
        ('watch: ["${RUN_ID}"]', "3:13", "is known only when a run starts"),
        ("watch: [in]\nmanual: only", "4:5", "contradict each other"),
    ],
)
def test_what_cannot_be_watched_is_an_error_at_its_place(load_job: Load, written: str, at: str, message: str) -> None:
    loaded = load_job(f"{written}\ncommand: x")
    found = [one for one in loaded.diagnostics if message in one.message]
    assert [f"{one.line}:{one.column}" for one in found] == [at], [str(one) for one in loaded.diagnostics]
