"""The effective job: what is shown of a running job is a job file, and the job that it loads is the one that is in effect."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.jobfile import Loaded, load
from engine.jobfile.effective import CHANGED, effective_yaml, with_changes
from engine.jobfile.tree import TreeReader
from engine.spec.job import JobSpec, Shell

Load = Callable[..., Loaded]

SAMPLES = Path(__file__).parents[3] / "sample_jobs"


def jobs_of(loaded: Loaded) -> dict[str, JobSpec]:
    assert loaded.file is not None, loaded.text()
    return {spec.id: spec for spec in loaded.file.jobs}


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_each_job_of_the_samples_loads_again_as_itself(path: Path, tmp_path: Path) -> None:
    """What is shown of all jobs of a file, with its pools, calendars and notifiers but without its `defaults` and templates."""
    before = jobs_of(load(path, {"HOME": "/home/me"}))
    rest = yaml.safe_load(path.read_text())
    parts = {key: value for key, value in rest.items() if key not in {"jobs", "defaults"} and not key.startswith("x-")}
    shown = "".join(effective_yaml(spec).removeprefix("jobs:\n") for spec in before.values())
    (tmp_path / "again.yaml").write_text(f"{yaml.safe_dump(parts) if parts else ''}jobs:\n{shown}")
    after = jobs_of(load(tmp_path / "again.yaml", {"HOME": "/home/me"}))
    assert after == before


@given(st.text(st.sampled_from("ab \t\n#:|-'\"\\é\u2028\x07"), min_size=1).filter(str.strip))
def test_any_script_is_given_back_to_the_letter(text: str) -> None:
    """Scripts stand in several lines where YAML gives those back, in quotes elsewhere; control characters never as such."""
    shown = effective_yaml(JobSpec(id="a", command=Shell(text), working_dir="/"))
    assert all(line.replace("\t", "").isprintable() for line in shown.splitlines())
    told: list[str] = []
    node = TreeReader(lambda *found: told.append(str(found))).read(shown)
    assert node is not None, told
    job = node.pairs[0][1].pairs[0][1]  # type: ignore[union-attr] # a map of a map
    assert job.pairs[0][1].text == text  # type: ignore[union-attr] # a map with a scalar


def test_what_nobody_wrote_is_left_out(load_text: Load) -> None:
    """The folder apart: it depends on where the file lies."""
    shown = effective_yaml(jobs_of(load_text("defaults: {priority: 3}\njobs: {a: {command: x, timeout: 5m}}"))["a"])
    assert re.sub("working_dir: .*", "working_dir: DIR", shown) == (
        "jobs:\n  a:\n    command: x\n    working_dir: DIR\n    priority: 3\n    timeout:\n      run: 5m\n"
    )


def test_what_an_operator_changed_is_marked_with_what_the_file_says(load_text: Load) -> None:
    """Also where the value is the one that is built in; what is loaded from it is the job as it is in effect."""
    written = jobs_of(load_text("jobs: {a: {command: x, priority: 5, timeout: {run: 5m, warn: 1m}, enabled: false}}"))[
        "a"
    ]
    spec = with_changes(written, enabled=True, priority=0, timeout=None)
    shown = effective_yaml(spec, written=written)
    assert f"    enabled: true{CHANGED}false\n" in shown
    assert f"    priority: 0{CHANGED}5\n" in shown
    assert f"      run: none{CHANGED}5m\n" in shown
    assert shown.count(CHANGED) == 3
    assert jobs_of(load_text(shown))["a"] == spec


def test_environment_files_are_named_and_secrets_are_not_told(load_text: Load) -> None:
    """80-security: whoever may look sees names, not values."""
    text = (
        "jobs: {a: {command: [x, '${OWN}'], env_file: [e], env: {OWN: '1', BOTH: '2'}, secrets: {S: {file: /run/s}},"
        " params: {PW: {default: hunter2, secret: true}}}}"
    )
    loaded = load_text(text, {"e": "TOKEN=swordfish\nBOTH=trout"})
    spec = jobs_of(loaded)["a"]
    shown = effective_yaml(spec)
    assert not re.search("hunter2|swordfish|trout", shown)
    again = jobs_of(load_text(shown.replace('"***"', "hunter2")))["a"]
    assert again == spec
    assert again.env == {"TOKEN": "swordfish", "BOTH": "2", "OWN": "1"}
