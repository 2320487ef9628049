"""What operators have turned off, as one text: it stands in a second small file beside the database.

Should the database be lost or damaged, nothing starts that somebody had stopped: holds, stopped, suspended and disabled
jobs are read from there.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from engine.core.state import Job, State
from engine.core.turn import Turn
from engine.core.verbs.hold import restore_holds

VERSION: Final = 1


def offs_text(state: State) -> str:
    """The text of the file; JSON."""
    jobs = {job.id: facts for job in state.jobs.values() if job.listed and (facts := _facts(job))}
    holds = [asdict(hold) for hold in state.holds.values()]
    return json.dumps({"version": VERSION, "holds": holds, "jobs": jobs}, indent=1) + "\n"


def restore_offs(turn: Turn, text: str) -> None:
    """Turn off again what the text says. ValueError, KeyError, TypeError for a text that was not made by `offs_text`."""
    known = json.loads(text)
    restore_holds(turn, json.dumps(known["holds"]))
    for job_id, facts in known["jobs"].items():
        job = turn.state.jobs.get(job_id)
        if job is None:
            continue
        if "held" in facts:
            job.held_since, job.hold_until, job.hold_by, job.hold_reason = facts["held"]
        job.stopped = bool(facts.get("stopped", False))
        job.suspended = bool(facts.get("suspended", False))
        job.enabled_set = facts.get("enabled")
        turn.fx.save_job(job)


def _facts(job: Job) -> dict[str, object]:
    facts: dict[str, object] = {}
    if job.held_since is not None:
        facts["held"] = [job.held_since, job.hold_until, job.hold_by, job.hold_reason]
    if job.stopped:
        facts["stopped"] = True
    if job.suspended:
        facts["suspended"] = True
    if job.enabled_set is not None:
        facts["enabled"] = job.enabled_set
    return facts
