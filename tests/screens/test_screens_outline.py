"""Folding one line of a large outline takes over the others, and gives what writing all anew would give."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jobqueue_tui.console.outline import LONE, Facing, Graph, Line, Outline


def outline(needs: list[set[int]], facing: Facing, centre: int) -> Outline:
    """Job n needs those of its set that come before it."""
    found = Outline()
    found.graph = Graph.of((str(n), [str(one) for one in sorted(wants) if one < n]) for n, wants in enumerate(needs))
    found.face(facing, str(centre % len(needs)) if needs and facing is not Facing.ALL else None)
    return found


@given(
    st.lists(st.sets(st.integers(0, 11), max_size=2), max_size=12),
    st.sampled_from(Facing),
    st.integers(0, 11),
    st.lists(st.integers(0, 40), max_size=12),
)
def test_one_fold_after_the_other_is_as_if_all_were_written_anew(
    needs: list[set[int]], facing: Facing, centre: int, rows: list[int]
) -> None:
    """In any graph, in each direction; what is taken over from before is never old."""
    one, other = outline(needs, facing, centre), outline(needs, facing, centre)
    lines = one.lines()
    for row in rows:
        if row >= len(lines) or lines[row].folded is None or lines[row].job_id == LONE:
            continue
        other.fold(lines[row].edge, folded=not lines[row].folded)
        lines = one.turn(lines, row)
        assert lines == fresh(other)


def fresh(outline: Outline) -> list[Line]:
    """Its lines, with nothing kept from before."""
    outline._bundled_for = None
    return outline.lines()


def test_jobs_that_appear_once_are_known() -> None:
    """Below one job each, up to the first; below a shared one nothing is alone."""
    graph = Graph.of([("a", ()), ("b", ("a",)), ("c", ("a",)), ("d", ("b", "c")), ("e", ("d",)), ("f", ("b",))])
    assert graph.alone == {"a", "b", "c", "f"}
    assert graph.first == {"a"}
    assert graph.leaves == {"e", "f"}
