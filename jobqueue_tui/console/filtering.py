"""The filter line: `etl`, `^db-.*dump$`, `!backup`, `-f dbdmp`, `tag:night`, `status:failed`, `kind:manual`. Terms are joined by "and".

A pattern runs in the engine's loop and `re` cannot be interrupted, so only patterns are taken whose cost is bounded:
no repeated groups, no back references, at most three repeats and eight alternatives in a term, names cut to 120
characters. Without the first two nothing is exponential in the name, and the rest bounds the polynomial.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeAlias

from engine.api import JobView, RunView
from engine.model.record import RunRecord
from engine.model.states import JobStatus, RunPhase
from engine.values import lean
from jobqueue_tui.console.signs import OF_OUTCOME, OF_STATUS, sign_of
from jobqueue_tui.terminal import one_line

LONGEST_NAME: Final = 120
MOST_REPEATS: Final = 3
MOST_ALTERNATIVES: Final = 8
_STATUSES: Final = frozenset(
    {*JobStatus, *RunPhase, *OF_OUTCOME, *(sign.word for sign in (*OF_STATUS.values(), *OF_OUTCOME.values()))}
    | {"queued", "starting", "stopping", "retrying", "disabled"}
)


class Facet(Protocol):
    """What a filter looks at: a job, or a run."""

    @property
    def text(self) -> str:
        """What patterns are sought in."""

    @property
    def tags(self) -> Sequence[str]:
        """Tags of the job."""

    @property
    def states(self) -> Sequence[str]:
        """Words that `status:` may mean."""

    @property
    def kind(self) -> str:
        """What a run came from; empty for a job."""


@lean(frozen=True, slots=True)
class JobFacet:
    """A job as a filter sees it; looked at only where a term asks."""

    job: JobView

    @property
    def text(self) -> str:
        """Id and title."""
        job = self.job
        return (job.id if job.title == job.id else f"{job.id} {job.title}")[:LONGEST_NAME]

    @property
    def tags(self) -> Sequence[str]:
        """As written."""
        return self.job.tags

    @property
    def states(self) -> Sequence[str]:
        """Its status, the word of its sign, its last outcome."""
        return (self.job.status, sign_of(self.job).word, self.job.last_outcome or "")

    @property
    def kind(self) -> str:
        """A job has none."""
        return ""


@lean(frozen=True, slots=True)
class RunFacet:
    """A run as a filter sees it."""

    run: RunRecord
    tags: Sequence[str] = ()

    @property
    def text(self) -> str:
        """Its id, which begins with the job's, and its reason."""
        return f"{self.run.run_id} {self.run.reason or ''}"[:LONGEST_NAME]

    @property
    def states(self) -> Sequence[str]:
        """Its state and its outcome."""
        outcome = self.run.outcome
        return (self.run.state, *(() if outcome is None else (outcome, OF_OUTCOME[outcome].word)))

    @property
    def kind(self) -> str:
        """As on record."""
        return self.run.kind


@lean(frozen=True, slots=True)
class WaitingFacet:
    """A run that waits as a filter sees it: with its job, where that is still there."""

    run: RunView
    job: JobView | None

    @property
    def text(self) -> str:
        """Its id, which begins with the job's, and the job's title."""
        title = "" if self.job is None or self.job.title == self.job.id else f" {self.job.title}"
        return f"{self.run.run_id}{title}"[:LONGEST_NAME]

    @property
    def tags(self) -> Sequence[str]:
        """Tags of the job."""
        return () if self.job is None else self.job.tags

    @property
    def states(self) -> Sequence[str]:
        """Its own, and those of the job."""
        return (self.run.phase, *(() if self.job is None else JobFacet(self.job).states))

    @property
    def kind(self) -> str:
        """What it came from."""
        return self.run.kind


@lean(frozen=True, slots=True)
class LineFacet:
    """A line of a list: what it says, and nothing else."""

    says: str
    tags: Sequence[str] = ()
    states: Sequence[str] = ()
    kind: str = ""

    @property
    def text(self) -> str:
        """As far as a pattern may look."""
        return self.says[:LONGEST_NAME]


Test: TypeAlias = Callable[[Facet], bool]


class FilterError(Exception):
    """A filter that cannot be used; the text says why, short enough for the line."""


@lean(frozen=True, slots=True)
class Filter:
    """A filter that was understood. `text` is what was typed."""

    text: str = ""
    tests: tuple[Test, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tests)

    def passes(self, facet: Facet) -> bool:
        """Whether every term lets it through."""
        return all(test(facet) for test in self.tests)


def passing_runs(wanted: Filter, runs: Iterable[RunRecord], jobs: Iterable[JobView]) -> list[RunRecord]:
    """The runs that pass, with the tags of their jobs."""
    if not wanted:
        return list(runs)
    tags = {job.id: job.tags for job in jobs}
    return [run for run in runs if wanted.passes(RunFacet(run, tags.get(run.job, ())))]


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
        return lambda facet: any(wanted in tag.casefold() for tag in facet.tags)
    if colon and key == "kind":
        return lambda facet: facet.kind.startswith(value.casefold())
    if colon and key == "status":
        return _status(value.casefold())
    return _pattern(term)


def _not(test: Test) -> Test:
    return lambda facet: not test(facet)


def _status(value: str) -> Test:
    if not any(status.startswith(value) for status in _STATUSES):
        raise FilterError(f"no such status: {value}")

    return lambda facet: any(state.startswith(value) for state in facet.states)


def _fuzzy(letters: str) -> Test:
    wanted = letters.casefold()

    def test(facet: Facet) -> bool:
        rest = iter(facet.text.casefold())
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
    return lambda facet: found(facet.text) is not None


_DANGEROUS: Final = re.compile(r"(?<!\\)(?:\\\\)*\)[*+{]|\\[1-9]|\(\?P=|\(\?\(")
_OPEN_REPEAT: Final = re.compile(r"(?<![\\(*+?}])[*+?{]")
