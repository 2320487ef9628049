"""What was sampled of a run is on its record; what a job used over hours is kept in little."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from engine.core.rollup import LONG, ROLLED, Rollup
from engine.model.usage import Usage
from engine.ports.executor import Sampled
from engine.runtime.records import run_record
from engine.testing.executor import Act
from tests.unit.engine.making import bench, spec


@given(st.lists(st.tuples(st.floats(0, 6400), st.integers(0, 1 << 40), st.integers(1, 500)), min_size=1, max_size=30))
def test_least_mean_and_most_are_those_of_all_samples(samples: list[tuple[float, int, int]]) -> None:
    usage = Usage()
    for cpu, rss, processes in samples:
        usage.add(cpu, rss, processes)
    found = usage.to_json()
    cpus, rsss = [one[0] for one in samples], [one[1] for one in samples]
    assert found["samples"] == len(samples)
    assert found["cpu_percent_min"] == round(min(cpus), 1)
    assert found["cpu_percent_max"] == round(max(cpus), 1)
    assert abs(found["cpu_percent_average"] - sum(cpus) / len(cpus)) <= 0.051
    assert (found["rss_bytes_min"], found["rss_bytes_max"]) == (min(rsss), max(rsss))
    assert found["rss_bytes_average"] == sum(rsss) // len(rsss)
    assert found["processes_max"] == max(one[2] for one in samples)
    again = Usage.from_text(usage.to_text()).to_json()
    assert {k: v for k, v in again.items() if "average" not in k} == {
        k: v for k, v in found.items() if "average" not in k
    }


def test_the_record_of_a_run_has_what_was_sampled_of_it() -> None:
    b = bench(spec("a"), acts={"a": Act(None)})
    b.run_for(1)
    for cpu, rss, processes in ((50.0, 100, 1), (150.0, 300, 4)):
        b.loop.report([Sampled("a:1.1", b.now, cpu, rss, processes, rss)])
        b.settle()
    (run,) = b.active("a")
    assert run_record(run, b.now, "here").usage == {
        "samples": 2,
        "cpu_percent_min": 50.0,
        "cpu_percent_average": 100.0,
        "cpu_percent_max": 150.0,
        "rss_bytes_min": 100,
        "rss_bytes_average": 200,
        "rss_bytes_max": 300,
        "processes_max": 4,
    }


def test_six_hours_are_kept_ten_seconds_a_point_in_little_memory() -> None:
    """Mean of CPU, most of memory; the oldest points go."""
    rollup = Rollup()
    for second in range(ROLLED * (LONG + 2000)):
        rollup.add(float(second % ROLLED), second)
    assert LONG <= len(rollup.cpu) <= LONG * 9 // 8
    assert set(rollup.cpu) == {4.5}
    assert rollup.rss[-1] == ROLLED * (LONG + 2000) - 1
    assert sys.getsizeof(rollup.cpu) + sys.getsizeof(rollup.rss) < 24 << 10
