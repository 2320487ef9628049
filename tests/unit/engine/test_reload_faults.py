"""Reloads of what is in the middle of something."""

from __future__ import annotations

from engine.spec.config import PoolSpec
from engine.spec.job import EverySchedule
from engine.testing.executor import Act
from tests.unit.engine.making import spec
from tests.unit.engine.test_reload import Files

FAILS = Act(1.0, exit_code=1)
HOURLY = EverySchedule(3600.0, align=True)


def test_what_was_claimed_waits_for_a_pool_that_the_new_spec_names() -> None:
    others = [spec("holder", pools={"gpu": 1}), *(spec(f"o{number}") for number in range(3))]
    names = ["w0", "w1", "w2"]
    acts = {"holder": Act(100.0), **{f"o{number}": Act(10.0) for number in range(3)}}
    f = Files(*others, *map(spec, names), acts=acts, pools={"gpu": PoolSpec(1)})
    f.reload(*others, *(spec(name, pools={"gpu": 1}) for name in names))
    most = 0
    for _ in range(40):
        f.bench.run_for(0.5)
        most = max(most, f.bench.state.pool_taken["gpu"])
    assert most == 1
    f.bench.run_for(300)
    assert [f.bench.fates(name) for name in names] == [["success"]] * 3
