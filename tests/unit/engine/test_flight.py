"""What travels in one commit: a run never without the row of its job."""

from __future__ import annotations

from engine.core.state import Attempt
from engine.runtime.flight import Flight
from engine.spec.job import EverySchedule
from tests.unit.engine.making import bench, spec


def test_a_new_run_that_gets_its_claim_before_it_is_written_takes_its_jobs_row_along() -> None:
    """Else the schedule on record stood before an occurrence that has its run, which would be made again after a crash."""
    b = bench(spec("first"), spec("a", schedule=EverySchedule(60.0)), max_running=1)
    (run,) = b.job("a").queue
    run.stored, run.attempt = False, None
    waiting = Flight()
    waiting.add({run.no: run}, {"a": run.job}, ())
    assert list(waiting.herd) == ["a"]
    attempt = run.attempt = Attempt("a:1.1", 1, 7, "boot")
    waiting.add({}, {}, [(run, attempt)])
    waiting.take_herd()
    assert (list(waiting.runs), list(waiting.jobs)) == ([run.no], ["a"])
