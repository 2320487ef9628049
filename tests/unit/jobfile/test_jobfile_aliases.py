"""Spellings of the neighbours load as ours, and `strict` says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.jobfile import Loaded
from engine.spec.job import JobSpec, Need, Required, Retry, StopPolicy, Timeout
from engine.spec.limits import Limits

Load = Callable[..., Loaded]


def last(loaded: Loaded) -> JobSpec:
    """The last job of a file without errors."""
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[-1]


def with_needed(job: str) -> str:
    """A file with the jobs `one`, `two` and this one."""
    lines = "".join(f"    {line}\n" for line in job.splitlines())
    return f"jobs:\n  one: {{command: x}}\n  two: {{command: x}}\n  last:\n{lines}"


COMPOSE = """\
command: x
depends_on: {one: {condition: service_completed_successfully}}
environment: [A=1, B=x=y, C=]
stop_signal: SIGINT
stop_grace_period: 1m"""

DAGU = """\
command: x
depends: [one, two]
timeout_sec: 90
retry_policy: {limit: 3, interval_sec: 5, backoff: true, max_interval_sec: 60}"""

SEED = """\
Id: last
Name: Seed
Command: x
Description: d
Priority: 7
Exclusive: true
Concurrency: 1
Timeout: 30s
Retries: 2
RetryDelay: 5s
Dependencies: [one]
Tags: [a]
Metadata: {k: v}"""


def test_compose_spellings_load(load_text: Load) -> None:
    spec = last(load_text(with_needed(COMPOSE)))
    assert spec.needs == (Need("one", Required.SUCCESS),)
    assert spec.env == {"A": "1", "B": "x=y", "C": ""}
    assert spec.stop == StopPolicy(StopPolicy().signal.__class__(2), 60)


def test_dagu_spellings_load(load_text: Load) -> None:
    spec = last(load_text(with_needed(DAGU)))
    assert spec.needs == (Need("one"), Need("two"))
    assert (spec.timeout, spec.retry) == (Timeout(90), Retry(3, 5, 2.0, 60))


def test_the_words_of_job_queues_and_orbit_load(load_text: Load) -> None:
    spec = last(load_text(with_needed(SEED)))
    assert (spec.name, spec.description, spec.priority, spec.exclusive) == ("Seed", "d", 7, True)
    assert (spec.concurrency, spec.timeout, spec.retry) == (1, Timeout(30), Retry(2, 5))
    assert (spec.needs, spec.tags, spec.metadata) == ((Need("one"),), ("a",), {"k": "v"})


@pytest.mark.parametrize(
    "words", ["ResourceLimits: {CPULimit: %s, MemoryLimit: %s}", "limits: {cpu_limit: %s, memory_limit: %s}"]
)
def test_the_limits_of_the_seeds_load_and_0_is_none(load_text: Load, words: str) -> None:
    """Rows 67 and 68: cores, and bytes with or without a suffix."""

    def limits(cpu: str, memory: str) -> Limits:
        return last(load_text(with_needed("command: x\n" + words % (cpu, memory)))).limits

    assert limits("0.5", "1048576") == Limits(0.5, 1 << 20)
    assert limits("2", "512M") == Limits(2, 512 << 20)
    assert limits("0", "0") == limits("0.0", "0") == Limits()


def test_the_words_of_the_seeds_load_in_snake_case(load_text: Load) -> None:
    spec = last(load_text(with_needed("id: last\ncommand: x\nretries: 2\nretry_delay: 5s\ndependencies: [two]")))
    assert (spec.retry, spec.needs) == (Retry(2, 5), (Need("two"),))


@pytest.mark.parametrize(("text", "count"), [(COMPOSE, 5), (DAGU, 5), (SEED, 13)])
def test_strict_warns_at_each_use(load_text: Load, text: str, count: int) -> None:
    loaded = load_text(with_needed(text), strict=True)
    assert [found.severity for found in loaded.diagnostics] == ["warning"] * count
    assert all("is another spelling of" in found.message for found in loaded.diagnostics)
    assert load_text(with_needed(text)).diagnostics == ()


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("depends: [one]\nneeds: [two]", "6:5: error: jobs.last.needs: `needs` says the same as `depends` in line 5"),
        (
            "needs: [one]\ndepends_on: [two]",
            "6:5: error: jobs.last.depends_on: `depends_on` says the same as `needs` in line 5",
        ),
        ("retries: 2\nretry: {limit: 3}", "`retry` says the same as `retries`"),
        ("Id: other", '5:9: error: jobs.last.Id: the id is "other" here and "last" as key; make them one'),
        ("ResourceLimits: {CPULimit: x}", 'expected a number, not "x"'),
        ("ResourceLimits: {sustain: 5}", '"sustain" is not a key of `limits`'),
        ("handler_on: {done: x}", '"done" is not a key of `hooks`'),
        ("preconditions: [{condition: '`date +%u`', expected: '1'}]", "compares what a command prints"),
        ("retry_policy: {exit_code: [300]}", "expected an exit code from 0 to 255"),
        ("depends_on: {one: {condition: service_started}}", "expected service_completed_successfully"),
    ],
)
def test_other_spellings_obey_the_rules_of_ours(load_text: Load, job: str, message: str) -> None:
    text = with_needed(job + "\ncommand: x")
    (found,) = load_text(text).diagnostics
    assert message in str(found).rpartition("jobs.yaml:")[2]


def test_parts_of_a_retry_may_come_from_both_spellings(load_text: Load) -> None:
    assert last(load_text(with_needed("command: x\nretry_delay: 5s\nretry: {limit: 3}"))).retry == Retry(3, 5)
