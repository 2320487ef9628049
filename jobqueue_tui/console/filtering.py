"""The filter line: `etl`, `^db-.*dump$`, `!backup`, `-f dbdmp`, `tag:night`, `status:failed`. Terms are joined by "and".

A pattern runs in the engine's loop and `re` cannot be interrupted, so only patterns are taken whose cost is bounded:
no repeated groups, no back references, at most three repeats and eight alternatives in a term, names cut to 120
characters. Without the first two nothing is exponential in the name, and the rest bounds the polynomial.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from engine.api import JobView
from engine.model.states import JobStatus
from engine.values import lean
from jobqueue_tui.console.signs import OF_OUTCOME, OF_STATUS, sign_of
from jobqueue_tui.terminal import one_line

Test: TypeAlias = Callable[[JobView], bool]

LONGEST_NAME: Final = 120
MOST_REPEATS: Final = 3
MOST_ALTERNATIVES: Final = 8
_STATUSES: Final = frozenset(
    {*JobStatus, *OF_OUTCOME, *(sign.word for sign in (*OF_STATUS.values(), *OF_OUTCOME.values()))}
    | {"queued", "starting", "stopping", "retrying", "disabled"}
)


class FilterError(Exception):
    """A filter that cannot be used; the text says why, short enough for the line."""


@lean(frozen=True, slots=True)
class Filter:
    """A filter that was understood. `text` is what was typed."""

    text: str = ""
    tests: tuple[Test, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tests)

    def passes(self, job: JobView) -> bool:
        """Whether every term lets `job` through."""
        return all(test(job) for test in self.tests)


def parse(text: str) -> Filter:
    """The filter that `text` says; FilterError for a bad pattern or an unknown status."""
    tests: list[Test] = []
    terms = text.split()
    while terms:
        term = terms.pop(0)
        if term == "-f":
            if terms:
                tests.append(_fuzzy(terms.pop(0)))
            continue
        negative = term.startswith("!")
        term = term.removeprefix("!")
        if not term:
            continue
        test = _term(term)
        tests.append(_not(test) if negative else test)
    return Filter(text, tuple(tests))


def _term(term: str) -> Test:
    key, colon, value = term.partition(":")
    if colon and key == "tag":
        wanted = value.casefold()
        return lambda job: any(wanted in tag.casefold() for tag in job.tags)
    if colon and key == "status":
        return _status(value.casefold())
    return _pattern(term)


def _not(test: Test) -> Test:
    return lambda job: not test(job)


def _status(value: str) -> Test:
    if not any(status.startswith(value) for status in _STATUSES):
        raise FilterError(f"no such status: {value}")

    def test(job: JobView) -> bool:
        outcome = job.last_outcome
        return (
            job.status.startswith(value)
            or sign_of(job).word.startswith(value)
            or (outcome is not None and outcome.startswith(value))
        )

    return test


def _haystack(job: JobView) -> str:
    text = job.id if job.title == job.id else f"{job.id} {job.title}"
    return text[:LONGEST_NAME]


def _fuzzy(letters: str) -> Test:
    wanted = letters.casefold()

    def test(job: JobView) -> bool:
        rest = iter(_haystack(job).casefold())
        return all(letter in rest for letter in wanted)

    return test


def _pattern(term: str) -> Test:
    # smart case, as in less and ripgrep: an upper-case letter makes it exact
    flags = 0 if any(letter.isupper() for letter in term) else re.IGNORECASE
    if _DANGEROUS.search(term):
        raise FilterError("repeated groups and back references are not taken")
    if len(_OPEN_REPEAT.findall(term)) > MOST_REPEATS:
        raise FilterError(f"more than {MOST_REPEATS} of * + ? {{}} in one term")
    if term.count("|") > MOST_ALTERNATIVES:
        raise FilterError(f"more than {MOST_ALTERNATIVES} of | in one term")
    try:
        found = re.compile(term, flags).search
    except (re.error, OverflowError) as error:
        raise FilterError(f"bad pattern: {one_line(str(error))}") from error
    return lambda job: found(_haystack(job)) is not None


_DANGEROUS: Final = re.compile(r"(?<!\\)(?:\\\\)*\)[*+{]|\\[1-9]|\(\?P=|\(\?\(")
_OPEN_REPEAT: Final = re.compile(r"(?<![\\(*+?}])[*+?{]")
