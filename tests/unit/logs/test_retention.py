"""Which logs go: by number, by age, by size; and which never do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.logs.retention import DAY, KeptLog, to_prune
from engine.spec.log import LogKeep

NOW = 1_000 * DAY


def log(number: int, success: bool | None = True, *, size: int = 10, days: float = 0, inbox: bool = False) -> KeptLog:
    return KeptLog(str(number), number, size, NOW - int(days * DAY), success, inbox)


def pruned(logs: list[KeptLog], keep: LogKeep) -> list[int]:
    return [one.number for one in to_prune(logs, keep, NOW)]


def test_the_newest_runs_stay_and_beside_them_the_newest_failures() -> None:
    logs = [log(number, success=number % 5 != 0) for number in range(1, 31)]
    assert pruned(logs, LogKeep(runs=3, failed=2)) == [n for n in range(1, 28) if n != 25]


def test_age_takes_what_numbers_would_keep_but_not_the_last_of_its_kind() -> None:
    """The newest failure and the newest success stay, whatever their age."""
    logs = [log(1, success=False, days=30), log(2, days=30), log(3, days=20), log(4, success=None, days=20)]
    assert pruned(logs, LogKeep(days=14)) == [2, 4]
    assert pruned(logs, LogKeep(days=0)) == []


def test_size_takes_the_oldest_first_until_the_rest_has_room() -> None:
    logs = [log(number, size=100) for number in range(1, 11)]
    assert pruned(logs, LogKeep(total=450)) == [1, 2, 3, 4, 5, 6]
    assert pruned(logs, LogKeep(total=0)) == list(range(1, 10))


def test_what_waits_in_the_inbox_stays_until_it_is_acknowledged() -> None:
    logs = [log(1, success=False, days=99, inbox=True), *(log(number) for number in range(2, 9))]
    assert pruned(logs, LogKeep(runs=1, failed=0, total=0)) == list(range(2, 8))


def test_a_log_of_which_nothing_is_on_record_goes_by_age_alone() -> None:
    """The state may have been lost: nothing that a user had goes for that."""
    unknown = [KeptLog(str(n), n, 10, NOW - n * DAY, on_record=False) for n in range(1, 40)]
    assert pruned(unknown, LogKeep(runs=1, failed=0)) == list(range(15, 40))


@given(
    st.lists(st.tuples(st.sampled_from([True, False, None]), st.integers(0, 50), st.floats(0, 40), st.booleans())),
    st.builds(LogKeep, st.integers(1, 9), st.integers(0, 9), st.floats(0, 30), st.integers(0, 300)),
)
def test_whatever_is_there_the_rules_hold(raw: list[tuple[bool | None, int, float, bool]], keep: LogKeep) -> None:
    logs = [
        log(number, success, size=size, days=days, inbox=inbox and success is False)
        for number, (success, size, days, inbox) in enumerate(raw)
    ]
    gone = {one.stem for one in to_prune(logs, keep, NOW)}
    stay = [one for one in logs if one.stem not in gone]
    for how in (True, False):
        newest = [one for one in logs if one.success is how][-1:]
        assert all(one in stay for one in newest)
    assert all(one in stay for one in logs if one.in_inbox)
    free = [one for one in stay if not one.in_inbox]
    assert len(free) <= keep.runs + keep.failed + 2
    if sum(one.size for one in stay) > keep.total:
        assert len(free) <= 2
