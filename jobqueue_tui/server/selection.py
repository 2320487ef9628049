"""Which jobs a list of ids means: ids, `tag:T`, `status:S` (a job status or a last outcome)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from engine.api import EngineView, JobView
from engine.errors import Refused, RefusedCode, typed

SELECTORS: Final = frozenset({"tag", "status"})
"""What may stand before the colon."""


def select(view: EngineView, wanted: Iterable[str], *, runs: bool = False) -> list[tuple[str, JobView | Refused]]:
    """The jobs meant, each once with its id, in the order asked for.

    In the place of a text that means nothing stands that text with the refusal that says so.

    Ids hold no colon, so a selector can never hide a job. `runs`: a run could be meant as well, which may outlive its job.
    """
    found: dict[str, JobView | Refused] = {}
    for text in wanted:
        for job in _meant(view, text, runs=runs):
            found.setdefault(text if isinstance(job, Refused) else job.id, job)
    return list(found.items())


def _meant(view: EngineView, text: str, *, runs: bool) -> list[JobView] | list[Refused]:
    kind, colon, value = text.partition(":")
    if not colon:
        try:
            return [view.job(text)]
        except KeyError:
            remedy = f"{typed('list')} shows the ids"
            return [
                _unknown(f"no job {text!r}", remedy + "; what runs of a job that has left is named by --run" * runs)
            ]
    match kind:
        case "tag":
            return _those(view, lambda job: value in job.tags) or [_unknown(f"no job is tagged {value!r}", "")]
        case "status":
            return _those(view, lambda job: value in (job.status, job.last_outcome)) or [
                _unknown(f"no job is {value!r}", "a status or last outcome is meant, such as status:failed")
            ]
        case _:
            return [_unknown(f"no job {text!r}", "a run is named beside its job's id: ID --run RUN")]


def _those(view: EngineView, wanted: Callable[[JobView], bool]) -> list[JobView]:
    return [job for job in view.jobs if wanted(job)]


def _unknown(message: str, remedy: str) -> Refused:
    return Refused(RefusedCode.UNKNOWN_ID, message, remedy)
