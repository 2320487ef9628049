"""The dependency graph written as an outline: what needs a job hangs below it. Pure: ids in, lines out.

A job with several needs hangs below each of them. Drawn in full each time, a ladder of diamonds would have 2^n lines;
so what hangs below a job is unfolded where the job appears first, and folded wherever it appears again. What is
folded is remembered by edge (what it hangs on, job), not by the whole path: a chain of 10,000 jobs needs 10,000 edges,
where paths would need 50 million ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
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
    depth: int = 0

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
    first: frozenset[str]
    """Jobs that need nothing."""
    leaves: frozenset[str]
    """Jobs that nothing needs."""
    alone: frozenset[str]
    """Jobs that hang below one job, which is such itself, or below none: they appear once, whatever is folded elsewhere."""

    @classmethod
    def of(cls, jobs: Iterable[tuple[str, Sequence[str]]]) -> Graph:
        """The graph of (id, needs) pairs."""
        wanted = dict(jobs)
        needs = {job: [need for need in wants if need in wanted] for job, wants in wanted.items()}
        followers: dict[str, list[str]] = {job: [] for job in wanted}
        for job, wants in needs.items():
            for need in wants:
                followers[need].append(job)
        once = [job for job, wants in needs.items() if not wants]
        for job in once:  # grows while it is walked
            once.extend(other for other in followers[job] if len(needs[other]) == 1)
        first = frozenset(job for job, wants in needs.items() if not wants)
        leaves = frozenset(job for job, others in followers.items() if not others)
        return cls(tuple(wanted), needs, followers, first, leaves, frozenset(once))

    @property
    def roots(self) -> list[str]:
        """Jobs that need nothing and are needed."""
        return [job for job in self.ids if not self.needs[job] and self.followers[job]]

    @property
    def lone(self) -> list[str]:
        """Jobs without any dependency."""
        return [job for job in self.ids if not self.needs[job] and not self.followers[job]]


def narrowed(graph: Graph, wanted: Iterable[str], facing: Facing) -> Graph:
    """The graph of these jobs and of those on the way to them from where an outline begins."""
    above = graph.followers if facing is Facing.UP else graph.needs
    kept = dict.fromkeys(job for job in wanted if job in above)
    for job in (todo := list(kept)):  # grows while it is walked
        new = [one for one in above[job] if one not in kept]
        kept.update(dict.fromkeys(new))
        todo += new
    return Graph.of((job, graph.needs[job]) for job in graph.ids if job in kept)


class Outline:
    """The outline of a graph: what faces which way, and what is folded.

    `narrowed`: the graph is a part of one, and a job that stands alone in it need not be without dependencies.
    """

    def __init__(self, *, narrowed: bool = False) -> None:
        self._is_narrowed = narrowed
        self.graph = Graph.of(())
        self.facing = Facing.ALL
        self.centre: str | None = None
        self._turned: dict[Edge, bool] = {}
        self._fold_all = False
        self._bundles: dict[tuple[str, str, int], list[Line]] = {}
        self._bundled_for: Mapping[str, Sequence[str]] | None = None
        """The graph, in the direction, that the bundles are of: lines of jobs with nothing below, by what they hang on and branches."""
        self._away: dict[Edge, list[Line]] = {}
        """What was folded away below an edge since all lines were written last: it comes back as it was, since nothing in it can be
        turned meanwhile."""

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
        self._away.clear()
        graph = self.graph
        if self.facing is Facing.ALL:
            lines = self._walk(graph.roots, self._below)
            if lone := graph.lone:
                lines += self._lone(lone, only=not lines or self._is_narrowed)
            return lines
        centre, below = self.centre, self._below
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
            Line((LONE, job), "└─" if job == ids[-1] else "├─", None, depth=1) for job in ids
        ]  # fmt: skip

    def turn(self, lines: Sequence[Line], row: int) -> list[Line]:
        """All lines after folding or unfolding that of `row`, given those before.

        Where what is folded away or comes appears nowhere else, the other lines are taken over: with 30,000 of them writing all
        anew takes longer than a key may.
        """
        line = lines[row]
        folded = not line.folded
        self.fold(line.edge, folded)
        alone = self.graph.alone
        if self.facing is Facing.UP or line.job_id not in alone:
            return self.lines()
        end = row + 1
        while end < len(lines) and lines[end].depth > line.depth:
            end += 1
        everything = row == 0 and end == len(lines)
        if folded and not everything and not alone.issuperset([one.edge[1] for one in lines[row + 1 : end]]):
            return self.lines()
        if folded:
            self._away[line.edge] = list(lines[row + 1 : end])
        elif (back := self._away.pop(line.edge, None)) is not None:
            return [*lines[:row], replace(line, folded=False), *back, *lines[end:]]
        here = self._walk_from([(line.edge, line.branches, _stem(line.branches), line.depth)], self._below)
        if everything:
            return here  # nothing of it can have been drawn elsewhere
        if not folded and not alone.issuperset([one.edge[1] for one in here]):
            return self.lines()
        return [*lines[:row], *here, *lines[end:]]

    @property
    def _below(self) -> Mapping[str, Sequence[str]]:
        return self.graph.needs if self.facing is Facing.UP else self.graph.followers

    def _walk(self, roots: Sequence[str], below: Mapping[str, Sequence[str]]) -> list[Line]:
        return self._walk_from([(("", root), "", "", 0) for root in reversed(roots)], below)

    def _walk_from(self, rest: list[tuple[Edge, str, str, int]], below: Mapping[str, Sequence[str]]) -> list[Line]:
        """`rest` is what is still to be drawn, the first one last: edge, its branches, those of what hangs below it, its depth."""
        lines: list[Line] = []
        seen: set[str] = set()
        add, turned, fold_all = lines.append, self._turned.get, self._fold_all
        leaves = self.graph.first if self.facing is Facing.UP else self.graph.leaves
        if self._bundled_for is not below:
            self._bundled_for, self._bundles = below, {}
        bundles = self._bundles
        while rest:
            edge, branches, stem, depth = rest.pop()
            job = edge[1]
            under = below[job]
            if not under:
                add(Line(edge, branches, None, False, 0, depth))
                continue
            again = job in seen
            folded = turned(edge, fold_all or again)
            add(Line(edge, branches, folded, again and folded, len(under), depth))
            if folded:
                continue
            seen.add(job)
            # an unfolded repeat lets its own repeats stay folded, so the walk ends in a cyclic graph as well
            depth += 1
            between, last = _cut(stem + "├─"), _cut(stem + "└─")
            if leaves.issuperset(under):  # most lines of a large tree, and they look the same the next time
                kept = bundles.get((job, stem, depth))
                if kept is None:
                    kept = [Line((job, other), between, None, False, 0, depth) for other in under[:-1]]
                    kept.append(Line((job, under[-1]), last, None, False, 0, depth))
                    bundles[job, stem, depth] = kept
                lines += kept
            else:
                on = _cut(stem + "│ ")
                rest.append(((job, under[-1]), last, _cut(stem + "  "), depth))
                rest += [((job, other), between, on, depth) for other in under[-2::-1]]
        return lines


def _stem(branches: str) -> str:
    """The branches of what hangs below a line."""
    return branches and branches[:-2] + ("  " if branches.endswith("└─") else "│ ")


def _cut(branches: str) -> str:
    return branches if len(branches) <= _DEEPEST else "… " + branches[-(_DEEPEST - 2) :]
