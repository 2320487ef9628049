"""What an end means: reasons name what is known, and guess nothing."""

from __future__ import annotations

from signal import SIGKILL, SIGXCPU

import pytest

from engine.core.reports import judge
from engine.ports.executor import Cause, Ended
from engine.spec.job import JobSpec, Shell
from engine.spec.limits import Limits


def told(ended: Ended, limits: Limits) -> str:
    outcome, reason = judge(JobSpec(id="a", command=Shell(""), limits=limits), ended, None)
    return f"{outcome} {reason}"


@pytest.mark.parametrize(
    ("signal", "cpu", "limits", "verdict"),
    [
        (SIGXCPU, 2.95, Limits(cpu_time=3), "failed cpu_time"),
        (SIGXCPU, None, Limits(cpu_time=3), "failed cpu_time"),
        (SIGXCPU, 0.1, Limits(cpu_time=3), "failed signal(24)"),
        (SIGXCPU, 9.0, Limits(), "failed signal(24)"),
        (SIGKILL, 9.0, Limits(cpu_time=3, memory=1 << 30), "failed signal(9)"),
    ],
)
def test_cpu_time_is_named_where_it_was_used_up_and_its_signal_came(
    signal: int, cpu: float | None, limits: Limits, verdict: str
) -> None:
    assert told(Ended("a:1.1", 0, None, signal, cpu, None), limits) == verdict


def test_a_memory_limit_is_named_with_the_bytes_that_were_seen() -> None:
    ended = Ended("a:1.1", 0, None, SIGKILL, 1.0, None, Cause.MEMORY, exceeded=158715904)
    assert told(ended, Limits(memory=100 << 20)) == "failed memory_limit(158715904)"
