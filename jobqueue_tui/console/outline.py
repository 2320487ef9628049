"""The dependency graph written as an outline: what needs a job hangs below it. Pure: ids in, lines out.

A job with several needs hangs below each of them. Drawn in full each time, a ladder of diamonds would have 2^n lines;
so what hangs below a job is unfolded where the job appears first, and folded wherever it appears again. What is
folded is remembered by edge (what it hangs on, job), not by the whole path: a chain of 10,000 jobs needs 10,000 edges,
where paths would need 50 million ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from engine.values import lean

Edge: TypeAlias = tuple[str, str]
"""What it hangs on, and the job; the first is empty for a root."""

LONE: Final = ""
"""The id of the heading under which jobs without any dependency are gathered."""

_DEEPEST: Final = 40
"""Cells of branches that are drawn; deeper ones are told by an ellipsis."""


class Facing(StrEnum):
    """What an outline shows."""

    ALL = "all"
    DOWN = "what follows"
    UP = "what it needs"


@lean(frozen=True, slots=True)
class Line:
    """One line. `folded`: None when nothing hangs below; `again`: it is unfolded further up already."""

    edge: Edge
    branches: str
    folded: bool | None
    again: bool = False
    below: int = 0

    @property
    def job_id(self) -> str:
        """The job; `LONE` for the heading."""
        return self.edge[1]


@lean(frozen=True, slots=True)
class Graph:
    """Who needs whom, in file order; needs of jobs that do not exist are left out."""

    ids: tuple[str, ...]
    needs: Mapping[str, Sequence[str]]
    followers: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, jobs: Iterable[tuple[str, Sequence[str]]]) -> Graph:
        """The graph of (id, needs) pairs."""
        wanted = dict(jobs)
        needs = {job: [need for need in wants if need in wanted] for job, wants in wanted.items()}
        followers: dict[str, list[str]] = {job: [] for job in wanted}
        for job, wants in needs.items():
            for need in wants:
                followers[need].append(job)
        return cls(tuple(wanted), needs, followers)

    @property
    def roots(self) -> list[str]:
        """Jobs that need nothing and are needed."""
        return [job for job in self.ids if not self.needs[job] and self.followers[job]]

    @property
    def lone(self) -> list[str]:
        """Jobs without any dependency."""
        return [job for job in self.ids if not self.needs[job] and not self.followers[job]]


class Outline:
    """The outline of a graph: what faces which way, and what is folded."""

    def __init__(self) -> None:
        self.graph = Graph((), {}, {})
        self.facing = Facing.ALL
        self.centre: str | None = None
        self._turned: dict[Edge, bool] = {}
        self._fold_all = False

    def fold(self, edge: Edge, folded: bool) -> None:
        """Fold or unfold what hangs below an edge."""
        self._turned[edge] = folded

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold everything; jobs that appear again stay folded."""
        self._turned.clear()
        self._fold_all = folded
        self._turned[("", LONE)] = folded

    def face(self, facing: Facing, centre: str | None) -> None:
        """Show everything, or only one direction from one job."""
        self.facing, self.centre = facing, centre

    def lines(self) -> list[Line]:
        """All lines that are not folded away."""
        graph = self.graph
        match self.facing:
            case Facing.ALL:
                lines = self._walk(graph.roots, graph.followers)
                if lone := graph.lone:
                    lines += self._lone(lone, only=not lines)
                return lines
            case Facing.DOWN:
                below = graph.followers
            case Facing.UP:
                below = graph.needs
        centre = self.centre
        return self._walk([centre] if centre is not None and centre in below else [], below)

    def _lone(self, ids: Sequence[str], *, only: bool) -> list[Line]:
        if only:
            return [Line(("", job), "", None) for job in ids]
        edge = ("", LONE)
        folded = self._turned.get(edge, True)
        heading = Line(edge, "", folded, below=len(ids))
        if folded:
            return [heading]
        return [heading] + [
            Line((LONE, job), "└─" if job == ids[-1] else "├─", None) for job in ids
        ]  # fmt: skip

    def _walk(self, roots: Sequence[str], below: Mapping[str, Sequence[str]]) -> list[Line]:
        lines: list[Line] = []
        seen: set[str] = set()
        # what is still to be drawn: edge, its branches, and the branches of what hangs below it
        rest: list[tuple[Edge, str, str]] = [(("", root), "", "") for root in reversed(roots)]
        while rest:
            edge, branches, stem = rest.pop()
            job = edge[1]
            under = below[job]
            again = job in seen and bool(under)
            folded = self._turned.get(edge, self._fold_all or again) if under else None
            lines.append(Line(edge, branches, folded, again and folded is True, len(under)))
            if folded is not False:
                continue
            seen.add(job)
            # an unfolded repeat lets its own repeats stay folded, so the walk ends in a cyclic graph as well
            for number, other in enumerate(reversed(under)):
                last = number == 0
                rest.append(
                    ((job, other), _cut(stem + ("└─" if last else "├─")), _cut(stem + ("  " if last else "│ ")))
                )
        return lines


def _cut(branches: str) -> str:
    return branches if len(branches) <= _DEEPEST else "… " + branches[-(_DEEPEST - 2) :]
