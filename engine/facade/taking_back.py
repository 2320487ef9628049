"""Giving the verb that an `Undo` names."""

from __future__ import annotations

from engine.api import EngineView
from engine.errors import Refused, RefusedCode
from engine.model.undo import Undo
from engine.model.verbs import VERBS, read_arguments


async def take_back(engine: EngineView, undo: Undo) -> None:
    """Refused as that verb is; `unknown_id` when its target is gone."""
    given = read_arguments(VERBS[undo.verb], undo.arguments)
    target = undo.target
    try:
        if target == "" or target.startswith("tag:"):
            await engine.release(tag=target.removeprefix("tag:") or None)
            return
        if undo.verb == "priority":
            subject = engine.run(target) if ":" in target else engine.job(target)
            await subject.set_priority(given.integer("priority"))
            return
        job = engine.job(target)
    except KeyError:
        raise Refused(RefusedCode.UNKNOWN_ID, f"{target} is not there any more") from None
    match undo.verb:
        case "pause":
            await job.pause()
        case "resume":
            await job.resume()
        case "release":
            await job.release()
        case "suspend":
            await job.suspend()
        case "unsuspend":
            await job.unsuspend()
        case "skip_next":
            await job.skip_next(undo=given.flag("undo"))
        case "enable":
            await job.enable()
        case "disable":
            await job.disable()
        case "postpone":
            await job.postpone(given.required_seconds("by"))
        case "set_timeout":
            await job.set_timeout(given.required_seconds("timeout"))
        case other:
            raise AssertionError(f"nothing is undone by {other}")
