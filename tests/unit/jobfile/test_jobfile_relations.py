"""Jobs among each other: needs, cycles, pools."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.jobfile import Loaded
from engine.jobfile.crosscheck import find_cycles
from engine.spec.job import Join, Need, Required, Reserve

Load = Callable[..., Loaded]


def findings(loaded: Loaded) -> list[str]:
    """The findings from their line on."""
    return [str(found).rpartition("jobs.yaml:")[2] for found in loaded.diagnostics]


def test_needs_are_a_list_or_a_map(load_text: Load) -> None:
    loaded = load_text(
        "jobs:\n  a: {command: x}\n  b: {command: x}\n"
        "  c: {command: x, needs: [a, b], join: any}\n  d: {command: x, needs: {a: {is: failure}, b: {}}}\n"
    )
    assert loaded.file is not None
    assert loaded.file.jobs[2].needs == (Need("a"), Need("b"))
    assert loaded.file.jobs[2].join is Join.ANY
    assert loaded.file.jobs[3].needs == (Need("a", Required.FAILURE), Need("b", Required.SUCCESS))


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ("[extrac]", "there is no job `extrac`; did you mean `extract`?"),
        ("[nobody-knows]", "there is no job `nobody-knows`"),
        ("{extrac: {is: done}}", "there is no job `extrac`; did you mean `extract`?"),
        ("extract", 'expected a list of job ids, or a map id: {is: success}, not "extract"; write [extract]'),
        ("[extract, extract]", 'needs[1]: "extract" stands here twice'),
        ("[{extract: {is: done}}]", "needs[0]: expected a text, not a map"),
        ("{extract: done}", "needs.extract: expected a map such as {is: success}"),
        ("{extract: {is: good}}", "needs.extract.is: expected one of success, failure, done, skipped"),
        ("{extract: {condition: service_healthy}}", "a job has no health"),
        ("[load]", "the jobs need each other in a circle: load -> load"),
    ],
)
def test_needs_that_cannot_be_fulfilled_are_refused(load_text: Load, needs: str, message: str) -> None:
    (found,) = findings(load_text(f"jobs:\n  extract: {{command: x}}\n  load:\n    command: x\n    needs: {needs}\n"))
    assert found.startswith("5:")
    assert message in found


def test_a_job_with_a_fault_is_still_known_to_those_that_need_it(load_text: Load) -> None:
    (found,) = findings(load_text("jobs:\n  a: {command: x, priority: 500}\n  b: {command: x, needs: [a]}\n"))
    assert "is 500" in found


def test_a_cycle_is_printed_at_the_need_that_closes_it(load_text: Load) -> None:
    jobs = "  a: {command: x, needs: [c]}\n  b: {command: x, needs: [a]}\n  c: {command: x, needs: [b]}\n  d: {command: x, needs: [c]}\n"
    assert findings(load_text(f"jobs:\n{jobs}")) == [
        "4:27: error: jobs.c.needs: the jobs need each other in a circle: c -> b -> a -> c; break the circle"
    ]


def test_a_long_cycle_is_printed_in_part(load_text: Load) -> None:
    jobs = "".join(f"  j{n}: {{command: x, needs: [j{(n + 1) % 1000}]}}\n" for n in range(1000))
    (found,) = findings(load_text(f"jobs:\n{jobs}"))
    assert "… 989 more …" in found
    assert len(found) < 300


def test_cycles_are_found_in_every_group_and_nowhere_else() -> None:
    needs = {"a": ["b"], "b": ["a", "d"], "c": ["a"], "d": [], "e": ["e", "nobody"], "f": ["d", "c"]}
    assert sorted(sorted(cycle) for cycle in find_cycles(needs)) == [["a", "b"], ["e"]]


def test_a_chain_of_100_000_is_no_cycle_and_no_recursion() -> None:
    assert find_cycles({str(n): [str(n + 1)] for n in range(100_000)}) == []


@pytest.mark.parametrize(
    ("pools", "message"),
    [
        ("[dbb]", "there is no pool `dbb`; did you mean `db`?"),
        ("[zzz]", "there is no pool `zzz`; define it under `pools`"),
        ("{db: 3}", "takes 3 slots of `db`, which has 2 (line 1): it could never start"),
        ("{db: 0}", "pools.db: is 0, outside 1"),
        ("[db, db]", '"db" stands here twice'),
        ("db", 'expected a list of pools, or a map pool: slots, not "db"; write [db]'),
    ],
)
def test_pools_that_could_never_be_had_are_refused(load_text: Load, pools: str, message: str) -> None:
    (found,) = findings(load_text(f"pools: {{db: 2}}\njobs:\n  a:\n    command: x\n    pools: {pools}\n"))
    assert message in found


def test_a_pool_with_a_fault_is_not_blamed_on_its_users(load_text: Load) -> None:
    (found,) = findings(load_text("pools: {db: many}\njobs: {a: {command: x, pools: {db: 3}}}\n"))
    assert "pools.db: expected a whole number" in found


def test_reserve_and_within_are_read(load_text: Callable[..., Loaded]) -> None:
    """Rows 58, 69: sizes and durations in the file's own units."""
    loaded = load_text(
        "engine: {min_ready_memory: 512M}\n"
        "jobs:\n  a: {command: x, reserve: {cpu: 1.5, memory: 1GiB}}\n"
        "  b: {command: x, needs: {a: {is: done, within: 24h}}}\n"
    )
    assert loaded.file is not None
    a, b = loaded.file.jobs
    assert a.reserve == Reserve(1.5, 1 << 30)
    assert b.needs == (Need("a", Required.DONE, 86_400.0),)
    assert loaded.file.engine.min_ready_memory == 512 << 20
