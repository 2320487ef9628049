"""When it will be over: the chain that takes longest, by what is usual and by what runs have taken already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.model.critical_path import NOTHING_TO_RUN, SLICE, Step, forecast, forecast_in_slices


def step(id: str, follows: str = "", *, usual: float | None = 10.0, **more: object) -> Step:
    return Step(id, tuple(follows.split()), usual=usual, **more)  # type: ignore[arg-type] # named by each test


def test_a_chain_ends_when_its_parts_have() -> None:
    """What runs has had some of its time."""
    found = forecast([step("a", due=True, ran=4.0), step("b", "a", usual=5.0), step("c", "b", usual=1.0)])
    assert dict(found.ends) == {"a": 6.0, "b": 11.0, "c": 12.0}
    assert found.path == ("a", "b", "c")
    assert not found.unsure


def test_of_a_diamond_the_longer_side_counts() -> None:
    """The join waits for both; the other side is to run as well and not on the path."""
    steps = [step("a", due=True), step("b", "a", usual=1.0), step("c", "a", usual=7.0), step("d", "b c")]
    found = forecast(steps)
    assert found.path == ("a", "c", "d")
    assert found.ends["d"] == 27.0
    assert found.ends["b"] == 11.0


def test_where_one_need_is_enough_the_first_to_end_counts() -> None:
    """`join: any`."""
    steps = [step("a", due=True, usual=3.0), step("b", due=True), step("c", "a b", any_of=True, usual=1.0)]
    assert forecast(steps).ends["c"] == 4.0


def test_unknown_durations_count_with_nothing_and_are_said_all_the_way_down() -> None:
    """An end that depends on one is "not before"; others are not touched by it."""
    steps = [step("a", due=True, usual=None), step("b", "a", usual=5.0), step("x", due=True, usual=3.0)]
    found = forecast(steps)
    assert dict(found.ends) == {"a": 0.0, "b": 5.0, "x": 3.0}
    assert found.unsure == {"a", "b"}
    assert found.path == ("a", "b")


def test_a_run_beyond_its_usual_time_may_end_any_moment() -> None:
    """Nothing is left of what is usual, and nobody knows how long it takes."""
    found = forecast([step("a", due=True, ran=12.0), step("b", "a")])
    assert dict(found.ends) == {"a": 0.0, "b": 10.0}
    assert found.unsure == {"a", "b"}


def test_what_is_not_under_way_is_no_part_of_it() -> None:
    """Needed jobs that are not to run count as ended; without anything under way there is no path."""
    assert forecast([step("a"), step("b", "a")]) == NOTHING_TO_RUN
    found = forecast([step("a"), step("b", "a gone", due=True), step("c", "b")])
    assert found.path == ("b", "c")
    assert set(found.ends) == {"b", "c"}


def test_a_run_that_waits_for_what_is_under_way_begins_after_it() -> None:
    """A scheduled job whose needs have not ended yet."""
    found = forecast([step("a", due=True, usual=60.0), step("b", "a", due=True, usual=2.0)])
    assert found.ends["b"] == 62.0
    assert found.path == ("a", "b")


def test_of_equal_ends_the_longer_chain_is_the_path() -> None:
    """Jobs that take no time are seen."""
    assert forecast([step("a", due=True, usual=0.0), step("b", "a", usual=0.0)]).path == ("a", "b")


def test_jobs_in_a_circle_are_left_out() -> None:
    """No job file has one; nothing may hang or fall over it."""
    found = forecast([step("a", "b", due=True), step("b", "a"), step("c", due=True)])
    assert found.path == ("c",)


@given(
    st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 9)), st.integers(0, 9), st.booleans()), max_size=10),
)
def test_every_end_is_that_of_its_latest_need_and_its_own_rest(
    made: list[tuple[bool, set[int], int, bool]],
) -> None:
    """In any graph; the path is a chain of needs that ends last."""
    steps = [
        Step(str(n), tuple(str(one) for one in sorted(needs) if one < n), due=due, usual=float(usual), any_of=any_of)
        for n, (due, needs, usual, any_of) in enumerate(made)
    ]
    found = forecast(steps)
    by_id = {step.id: step for step in steps}
    for job, end in found.ends.items():
        wants = [found.ends[one] for one in by_id[job].follows if one in found.ends]
        begin = (min if by_id[job].any_of else max)(wants, default=0.0)
        assert end == begin + (by_id[job].usual or 0.0)
        assert by_id[job].due or wants
    assert all(before in by_id[after].follows for before, after in zip(found.path, found.path[1:], strict=False))
    if found.ends:
        assert found.ends[found.path[-1]] == max(found.ends.values())


def test_a_tree_in_tens_gives_way_on_each_of_its_three_walks() -> None:
    """What a walk looks at grows by ten jobs at a time, which must not step over the moments at which it gives way."""
    jobs = 2_000
    steps = [step("0", due=True), *(step(str(number), str((number - 1) // 10)) for number in range(1, jobs))]
    assert sum(1 for _ in forecast_in_slices(steps)) == 3 * (jobs // SLICE)
