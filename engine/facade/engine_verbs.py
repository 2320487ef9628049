"""The verbs that act on an engine as a whole, or on what is on record of it, as `engine.api.EngineView` has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.clock import Instant
from engine.core.holds import EVERYTHING
from engine.core.turn import Turn
from engine.core.verbs.ack import ack
from engine.core.verbs.hold import hold, release
from engine.core.verbs.rerun import rerun
from engine.errors import Refused, RefusedCode, typed
from engine.facade.parts import Parts
from engine.facade.taking_back import take_back
from engine.model.events import FactsAttached
from engine.model.undo import Undo
from engine.spec.context import DATA_LIMIT
from engine.spec.matrix import job_of

MOST_ACKS: Final = 100_000
"""Runs that one `ack` of a job acknowledges."""


class EngineVerbs(Parts):
    """What can be done with all jobs, with those of a tag, with runs that are over, and with the state."""

    async def attach(self, run_id: str, facts: Mapping[str, object]) -> None:
        """Put facts on the record of a run, under way or over; a later value of a name wins, None removes it once it is over.

        KeyError: no such run. TypeError, ValueError: no JSON, or more than `DATA_LIMIT` bytes of it.
        """
        text = json.dumps(dict(facts), allow_nan=False)
        if len(text) > DATA_LIMIT:
            raise ValueError(f"the facts of a run may have {DATA_LIMIT} bytes as JSON")
        copied = json.loads(text)
        state = self._loop.turn.state
        lingering = {run.run_id: run for run in state.lingering.values()}
        if run_id not in state.runs and run_id not in lingering and await self._store.find(run_id) is None:
            raise KeyError(run_id)

        def act(turn: Turn) -> None:
            run = turn.state.runs.get(run_id) or lingering.get(run_id)
            if run is None:
                turn.fx.attached.append((run_id, text))
            else:
                run.facts = {**run.facts, **copied}
                turn.fx.save(run)

        self._loop.tell(FactsAttached, job=job_of(run_id), run_id=run_id, facts=copied)
        await self._box.change(act)

    async def hold(self, reason: str = "", for_seconds: float | None = None, *, tag: str | None = None) -> Undo:
        """See `engine.api`."""
        target = "" if tag is None else f"tag:{tag}"
        deed = self._deed("hold", target, {"for": for_seconds}, reason)
        scope = EVERYTHING if tag is None else tag
        held = await self._box.change(lambda turn: hold(turn, scope, for_seconds, by=deed.who, reason=reason), deed)
        return Undo("release", target, left={"hold": held.since})

    async def release(self, *, tag: str | None = None) -> None:
        """See `engine.api`."""
        await self._release(tag, None)

    async def _release(self, tag: str | None, since: Instant | None) -> None:
        """`since`: only the hold that began then."""
        scope = EVERYTHING if tag is None else tag

        def act(turn: Turn) -> None:
            known = turn.state.holds.get(scope)
            if since is not None and known is not None and known.since != since:
                raise Refused(RefusedCode.CHANGED, f"{known.of} held by {known.by} since", "that is another hold")
            release(turn, scope)

        await self._box.change(act, self._deed("release", "" if tag is None else f"tag:{tag}"))

    async def rerun(self, target: str) -> str:
        """See `engine.api`."""
        run_id = target if ":" in target else self._newest_run(target)
        record = await self._records.known(run_id)
        deed = self._deed("rerun", run_id, state=record.outcome or record.state)
        given = await self._store.given(run_id)
        return await self._box.change(
            lambda turn: rerun(turn, run_id, record.job, record.planned_at, given).run_id, deed
        )

    async def ack(self, target: str, reason: str = "", *, until: Instant | None = None) -> int:
        """See `engine.api`."""
        found = (
            [await self._records.known(target)]
            if ":" in target
            else await self._records.inbox(job=target, limit=MOST_ACKS)
        )
        if until is not None and ":" not in target:
            found = [run for run in found if run.ended_at is None or run.ended_at <= until]
        deed = self._deed("ack", target, {}, reason)
        return await self._box.change(lambda turn: ack(turn, target, found, by=deed.who, reason=reason), deed)

    async def backup(self, path: Path) -> int:
        """See `engine.api`."""
        if not path.is_absolute():
            raise ValueError(f"{path} is not an absolute path")
        deed = self._deed("backup", "", {"path": str(path)})
        try:
            size = await self._store.backup(path, self._clock.now())
        except FileExistsError:
            raise Refused(RefusedCode.STATE, f"{path} exists already", "name a file that does not") from None
        except OSError as error:
            raise Refused(RefusedCode.STATE, f"no copy was made: {error}") from None
        await self._box.change(lambda _: None, deed)
        return size

    async def undo(self, undo: Undo) -> None:
        """See `engine.api`."""
        if undo.verb == "release" and (undo.target == "" or undo.target.startswith("tag:")):
            await self._release(undo.target.removeprefix("tag:") or None, undo.left.get("hold"))
        else:
            await take_back(self._box, undo)

    def _newest_run(self, job_id: str) -> str:
        if job_id not in self._members.by_id:
            raise Refused(RefusedCode.UNKNOWN_ID, f"no job {job_id!r}", f"{typed('list')} shows the ids")
        newest = self._members.by_id[job_id].last_run_id
        if newest is None:
            raise Refused(RefusedCode.STATE, f"{job_id} has not run yet", f"{typed('trigger', job_id)} starts it")
        return newest
