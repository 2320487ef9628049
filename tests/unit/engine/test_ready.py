"""The ready queue under many runs of one job."""

from __future__ import annotations

from engine.spec.job import Overlap
from tests.unit.engine.making import bench, spec


def test_a_start_moves_one_place_however_many_runs_of_its_job_wait() -> None:
    """A thousand shards: a place for each when they come, and one more for each that starts, not a thousand."""
    values = tuple(str(number) for number in range(1000))
    b = bench(spec("a", matrix={"n": values}, overlap=Overlap.ALLOW), max_running=2)
    assert len(b.loop.turn.ready) > 900
    before = b.loop.turn.ready.places_made
    b.run_for(200.0)
    started = b.job("a").tally.starts
    assert started >= 400
    assert b.loop.turn.ready.places_made - before <= 3 * started


def test_of_two_jobs_that_are_even_the_one_served_less_recently_is_next() -> None:
    """Also when the other one has hundreds of runs that came at the same instant."""
    values = tuple(str(number) for number in range(10))
    b = bench(spec("a", matrix={"n": values}), spec("b", matrix={"n": values}), max_running=1)
    b.run_for(7.5)
    assert [launch.attempt[0] for launch in b.executor.launched][:8] == ["a", "b"] * 4
