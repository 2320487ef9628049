"""What a job's runs took, in a copy that is made once for each change."""

from __future__ import annotations

from engine.core.stats import RECENT, Tracker


def test_the_copy_for_the_outside_is_made_anew_when_a_run_has_ended() -> None:
    """Screens ask for it with every row that they paint."""
    tracker = Tracker()
    assert tracker.frozen() is tracker.frozen()
    tracker.add("success", 2_000, 500, 0.25, 100)
    first = tracker.frozen()
    assert first is tracker.frozen()
    assert (first.seconds.p50, first.waits.p50, first.cpu_seconds, first.peak_rss_bytes) == (2.0, 0.5, 0.25, 100)
    tracker.add("failed", None, 1_500, 0.5, 50)
    second = tracker.frozen()
    assert (second.seconds.p50, second.waits.p50, second.cpu_seconds, second.peak_rss_bytes) == (2.0, 1.0, 0.75, 100)
    assert (first.cpu_seconds, list(first.outcomes)) == (0.25, ["success"])


def test_only_the_newest_runs_are_kept_one_by_one() -> None:
    """A job that has run a million times costs no more than one that has run a few times."""
    tracker = Tracker()
    for number in range(RECENT + 5):
        tracker.add("success", number, None, 1.0, number)
    assert tracker.took == list(range(5, RECENT + 5))
    assert tracker.frozen().cpu_seconds == RECENT + 5


def test_what_is_kept_is_written_anew_when_a_run_has_ended() -> None:
    """And gives the same back: a job is stored three times for each run, and stays the same twice."""
    tracker = Tracker()
    tracker.add("success", 2_000, 500, 0.25, 100)
    first = tracker.to_text()
    assert tracker.to_text() is first
    assert Tracker.from_text(first) == tracker
    tracker.add("failed", None, 1_500, 0.5, 50)
    assert Tracker.from_text(tracker.to_text()) == tracker
    assert Tracker.from_text(first) != tracker


def test_what_an_engine_before_this_one_kept_is_understood() -> None:
    """It wrote seconds."""
    tracker = Tracker.from_text('[[2.0,0.034],[0.5],["success","failed"],0.25,100]')
    assert (tracker.took, tracker.waited, tracker.peak_rss) == ([2_000, 34], [500], 100)
    assert Tracker.from_text(tracker.to_text()) == tracker
