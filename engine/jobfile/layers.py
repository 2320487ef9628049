"""Layers of a job: `defaults` < the templates it extends, outermost first < the job itself. Maps merge, the rest replaces.

Keys that exclude each other are replaced together: a job with `every` drops the `schedule` of its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.jobfile import keys
from engine.jobfile.draft import Draft, merge
from engine.jobfile.nodes import Node, Scalar
from engine.jobfile.reading import Report
from engine.jobfile.source import Source
from engine.values import lean, mutable

_SCHEDULES: Final = frozenset(key.name for key in keys.SCHEDULES)
_COMMANDS: Final = frozenset(key.name for key in keys.COMMANDS)
_DEEPEST: Final = 32
_ALTERNATIVES: Final = (_SCHEDULES, _COMMANDS)
_OWN: Final = frozenset({keys.EXTENDS.name, keys.ID.name, keys.WAS.name})
"""Keys of a layer that say something about the layer, not about the job."""


@lean(frozen=True, slots=True)
class Written:
    """A job or a template as one file has it."""

    id: str
    key: Scalar
    node: Node
    source: Source
    draft: Draft
    defaults: Draft
    """Of the file and of those that include it."""

    @property
    def path(self) -> str:
        """Its path in messages."""
        return f"jobs.{self.id}"


@lean(frozen=True, slots=True)
class Resolved:
    """A job with all its layers; not `complete` if a template that it extends was not to be had."""

    written: Written
    draft: Draft
    complete: bool
    layers: tuple[tuple[str, Draft], ...] = ()
    """Its layers by name, lowest first: `defaults`, `template .ID`, `job`."""


def merge_layers(lower: Draft, upper: Draft) -> Draft:
    """`upper` over `lower`, alternatives replaced together."""
    items = lower.items
    for group in _ALTERNATIVES:
        if group & upper.items.keys() and group & items.keys():
            gone = group | {keys.ALIGN.name} if keys.EVERY.name not in upper.items else group
            items = {name: item for name, item in items.items() if name not in gone}
    return merge(Draft(items, refused=lower.refused), upper)


@mutable(slots=True)
class Resolver:
    """Lays the layers of each job over each other. `templates` are those of all files."""

    templates: Mapping[str, Written]
    report: Report

    def resolve(self, job: Written) -> Resolved:
        """The job with its layers; an unknown template or a circle of them is on report."""
        layers, complete = self._chain(job)
        draft = job.defaults
        for _, layer in layers:
            draft = merge_layers(draft, layer)
        return Resolved(job, draft, complete, (("defaults", job.defaults), *layers))

    def _chain(self, job: Written) -> tuple[list[tuple[str, Draft]], bool]:
        """The layers from the outermost template to the job, and whether it is complete."""
        chain = [job]
        while (parent := chain[-1].draft.find(keys.EXTENDS)) is not None:
            item = chain[-1].draft.items[keys.EXTENDS.name]
            path = f"{chain[-1].path}.extends"
            if any(parent == one.id for one in chain):
                circle = " -> ".join([*(one.id for one in chain), parent])
                self.report.error(
                    item.source, item.node, path, f"the templates extend each other: {circle[:200]}", "break the circle"
                )
                return [("job", job.draft)], False
            if parent not in self.templates:
                near = self.report.guesser.did_you_mean(parent, self.templates, "template")
                self.report.error(item.source, item.node, path, f"there is no template `{parent}`", near)
                return [("job", job.draft)], False
            if len(chain) > _DEEPEST:
                self.report.error(
                    item.source, item.node, path, f"templates extend each other more than {_DEEPEST} deep"
                )
                return [("job", job.draft)], False
            chain.append(self.templates[parent])
        drafts = [(f"template {one.id}", _inherited(one.draft)) for one in reversed(chain[1:])]
        return [*drafts, ("job", job.draft)], True


def _inherited(draft: Draft) -> Draft:
    return Draft({name: item for name, item in draft.items.items() if name not in _OWN}, refused=draft.refused)
