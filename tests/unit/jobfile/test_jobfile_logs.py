"""The key `log`: how large a log may become and which logs are kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.jobfile import Loaded
from engine.spec.log import DEFAULT_LOG, LogFormat, LogKeep, LogPolicy

Load = Callable[..., Loaded]


def policy(loaded: Loaded) -> LogPolicy:
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0].log


def test_what_is_not_written_is_as_the_reference_says(load_job: Load) -> None:
    assert policy(load_job("command: x")) == DEFAULT_LOG == LogPolicy(10 << 20, LogKeep(20, 20, 14.0, 2 << 30))


def test_all_of_it_is_read(load_job: Load) -> None:
    written = "log: {max_size: 1G, keep: {runs: 3, failed: 0, days: 0.5, total: 64M}, compress: false, format: json}"
    assert policy(load_job(f"command: x\n{written}")) == LogPolicy(
        1 << 30, LogKeep(3, 0, 0.5, 64 << 20), compress=False, format=LogFormat.JSON
    )


def test_a_job_says_what_differs_from_the_defaults_of_its_file(load_text: Load) -> None:
    """`log` and `keep` are maps that layers merge."""
    loaded = load_text(
        "defaults: {log: {max_size: 20M, keep: {runs: 5, days: 7}}}\n"
        "jobs: {a: {command: x, log: {compress: false, keep: {days: 1}}}}"
    )
    assert policy(loaded) == LogPolicy(20 << 20, LogKeep(runs=5, days=1), compress=False)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("log: 10M", '4:10: error: jobs.a.log: expected a map such as {max_size: 20M}, not "10M"'),
        ("log: {max_size: 100K}", "log.max_size: is 100K, a log must be allowed at least 256K"),
        ("log: {max_size: -1}", "log.max_size: "),
        ("log: {maxsize: 1M}", '"maxsize" is not a key of `log`; did you mean `max_size`?'),
        ("log: {keep: 5}", "log.keep: expected a map"),
        ("log: {keep: {runs: 0}}", "log.keep.runs: is 0, outside 1 to 100000"),
        ("log: {keep: {run: 1}}", '"run" is not a key of `keep`; did you mean `runs`?'),
        ("log: {format: xml}", "log.format: "),
        ("log: {compress: maybe}", "log.compress: "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(load_job: Load, written: str, problem: str) -> None:
    loaded = load_job(f"command: x\n{written}")
    assert loaded.file is None
    (found,) = loaded.diagnostics
    assert problem in str(found)
