"""Giving the verb that an `Undo` names to a job or one of its runs."""

from __future__ import annotations

from engine.core.state import Run
from engine.core.turn import Turn
from engine.core.verbs.undo import take_back as change
from engine.errors import Refused, RefusedCode
from engine.facade.mailbox import Mailbox
from engine.model.actor import actor
from engine.model.audit import Deed
from engine.model.undo import Undo
from engine.model.verbs import VERBS, read_arguments
from engine.spec.matrix import job_of


async def take_back(box: Mailbox, undo: Undo) -> None:
    """Refused `changed` when that is not what its verb left any more, else as that verb is; `unknown_id` when it is gone."""
    given = read_arguments(VERBS[undo.verb], undo.arguments)
    run_id = undo.target if ":" in undo.target else next((name for name in undo.left if ":" in name), None)
    deed = Deed(who=actor(), verb=undo.verb, target=undo.target, arguments=undo.arguments, run_id=run_id)

    def act(turn: Turn) -> list[Run]:
        job = turn.state.jobs.get(job_of(undo.target))
        if job is None:
            raise Refused(RefusedCode.UNKNOWN_ID, f"{undo.target} is not there any more")
        return change(turn, job, undo, given, by=deed.who)

    await box.change_process(act, deed)
