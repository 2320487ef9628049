"""Verbs performed on an engine: each id is acted on and reported by itself, whatever becomes of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeAlias

from engine.api import EngineView, JobView, RunView
from engine.errors import Refused, RefusedCode, typed
from engine.model.record import Json
from engine.model.undo import TAKES_BACK, PrioritySet, Undo, read_marks
from engine.model.verbs import VERBS, Arguments, BadArguments, Target, Verb, read_arguments
from engine.values import lean
from jobqueue_tui.server.faults import bad_input, status_of
from jobqueue_tui.server.selection import SELECTORS, select
from jobqueue_tui.wire.fault import Fault


@lean(frozen=True, slots=True)
class Call:
    """One request to act, checked: `ids` as written, `run` a run id or its number within its job."""

    verb: Verb
    ids: tuple[str, ...]
    run: str | None
    arguments: Arguments


@lean(frozen=True, slots=True)
class Report:
    """What became of one id."""

    id: str
    status: int
    facts: Mapping[str, Json]
    fault: Fault | None = None

    def to_json(self) -> dict[str, Json]:
        """`{"id", "ok", …facts}` or `{"id", "ok", "error"}`."""
        report: dict[str, Json] = {"id": self.id, "ok": self.fault is None, **self.facts}
        if self.fault is not None:
            report["error"] = self.fault.to_json()
        return report


def read_call(verb: Verb, body: Json) -> Call:
    """The call in the body `{"ids": [...], "run": null, …arguments}`; `Failed` 422 for anything else."""
    if not isinstance(body, dict):
        raise bad_input("the body is not an object", 'send {"ids": [...]} and the arguments by name')
    given = dict(body)
    ids, run = given.pop("ids", None) or [], given.pop("run", None)
    if not isinstance(ids, list) or not all(isinstance(text, str) for text in ids):
        raise bad_input("ids is not a list of strings")
    if run is not None and not isinstance(run, str):
        raise bad_input("run is not a string", "send a run id such as etl:5")
    try:
        arguments = read_arguments(verb, given)
    except BadArguments as fault:
        raise bad_input(str(fault)) from fault
    if verb.on == {Target.ENGINE}:
        if ids or run:
            raise bad_input(f"{verb.name} takes no ids", "it acts on the engine")
    elif Target.ENGINE in verb.on and arguments.flag("all"):
        if ids or run:
            raise bad_input("ids and `all` exclude each other", "say one of them")
    elif not ids:
        raise bad_input("ids is empty", f"say what to {verb.name}: ids, tag:T or status:S")
    if run is not None:
        if Target.RUN not in verb.on:
            raise bad_input(f"{verb.name} acts on jobs, not on single runs", "leave out the run")
        if len(ids) != 1:
            raise bad_input("a run is named for several ids", "name the one job it belongs to")
        if verb.name == "stop" and arguments.flag("job"):
            raise bad_input("a run and `job` exclude each other", "stopping the job stops all of its runs")
    return Call(verb, tuple(str(text) for text in ids), run, arguments)


async def perform(view: EngineView, call: Call) -> list[Report]:
    """Act on everything that the ids mean, all at once, and report each in the order asked for."""
    return list(await asyncio.gather(*(_report(name, act) for name, act in _acts(view, call))))


Act: TypeAlias = Callable[[], Awaitable[dict[str, Json]]]


def _acts(view: EngineView, call: Call) -> list[tuple[str, Act]]:
    """What is to be done, each under the name by which it is reported."""
    if call.verb.on >= {Target.ENGINE, Target.TAG} and call.arguments.flag("all"):
        return [("all", partial(_on_scope, view, call, None))]
    if call.run is not None and call.ids[0].partition(":")[0] not in SELECTORS:
        # by its id alone: its job may have left the list before it
        return [(call.ids[0], partial(_on_named_run, view, call, call.ids[0], call.run))]
    acts: list[tuple[str, Act]] = []
    jobs: list[str] = []
    for text in dict.fromkeys(call.ids):
        kind, colon, value = text.partition(":")
        if Target.TAG in call.verb.on and kind == "tag" and colon:
            acts.append((text, partial(_on_scope, view, call, value)))
        elif Target.RECORD in call.verb.on and colon and kind not in SELECTORS:
            acts.append((text, partial(_on_record, view, call, text)))
        else:
            jobs.append(text)
    selected = select(view, jobs, runs=Target.RUN in call.verb.on)
    return acts + [(name, partial(_on_one, view, call, job)) for name, job in selected]


async def _report(name: str, act: Act) -> Report:
    try:
        return Report(name, 200, await act())
    except Refused as refused:
        return Report(name, status_of(refused.code), {}, Fault.of(refused))


async def _on_one(view: EngineView, call: Call, job: JobView | Refused) -> dict[str, Json]:
    if isinstance(job, Refused):
        raise job
    if Target.RECORD in call.verb.on:
        return await _on_record(view, call, job.id)
    if call.verb.name == "remove":
        await view.remove(job.id, "stop" if call.arguments.flag("stop") else "drain", wait=False)
        return {}
    return await (_on_job(job, call) if call.run is None else _on_named_run(view, call, job.id, call.run))


async def _on_named_run(view: EngineView, call: Call, job_id: str, run: str) -> dict[str, Json]:
    return await _on_run(_run_of(view, job_id, run), call)


async def _on_scope(view: EngineView, call: Call, tag: str | None) -> dict[str, Json]:
    given = call.arguments
    match call.verb.name:
        case "hold":
            return _undo(await view.hold(given.text("reason"), given.seconds("for"), tag=tag))
        case "release":
            await view.release(tag=tag)
        case other:
            raise AssertionError(f"{other} does not act on tags")
    return {}


async def _on_record(view: EngineView, call: Call, target: str) -> dict[str, Json]:
    match call.verb.name:
        case "rerun":
            return {"run_id": await view.rerun(target)}
        case "ack":
            return {"runs": await view.ack(target, call.arguments.text("reason"))}
        case other:
            raise AssertionError(f"{other} does not act on records")


async def _on_job(job: JobView, call: Call) -> dict[str, Json]:
    given = call.arguments
    undo: Undo | None = None
    match call.verb.name:
        case "trigger":
            run = await job.trigger(
                params=given.by_name("params"),
                bypass=given.flag("bypass"),
                downstream=given.flag("downstream"),
                confirmed=given.flag("yes"),
            )
            return {"run_id": run.run_id}
        case "pause":
            undo = await job.pause(given.seconds("for"))
        case "resume":
            undo = await job.resume()
        case "stop":
            undo = await job.stop(job=given.flag("job"), grace=given.seconds("grace"))
        case "kill":
            await job.kill()
        case "signal":
            await job.signal(given.integer("signal"))
        case "suspend":
            undo = await job.suspend()
        case "unsuspend":
            undo = await job.unsuspend()
        case "skip_next":
            undo = await job.skip_next(at=given.time("at"), undo=given.flag("undo"))
        case "postpone":
            undo = await job.postpone(given.required_seconds("by"), at=given.time("at"))
        case "hold":
            undo = await job.hold(given.text("reason"), given.seconds("for"))
        case "release":
            await job.release()
        case "enable":
            undo = await job.enable()
        case "disable":
            undo = await job.disable()
        case "set_timeout":
            undo = await job.set_timeout(given.required_seconds("timeout"))
        case "backfill":
            parallel = given.integer("parallel") if given.values["parallel"] is not None else 1
            return {"runs": await job.backfill(given.integer("from"), given.integer("to"), parallel=parallel)}
        case "bump":
            return _priority(await job.bump(given.integer("by")))
        case "priority":
            return _priority(await job.set_priority(given.integer("priority")))
        case other:
            raise AssertionError(f"{other} does not act on jobs")
    return _undo(undo)


async def _on_run(run: RunView, call: Call) -> dict[str, Json]:
    given = call.arguments
    facts: dict[str, Json] = {"run_id": run.run_id}
    match call.verb.name:
        case "pause":
            await run.pause(given.seconds("for"))
        case "resume":
            await run.resume()
        case "stop":
            await run.stop(given.seconds("grace"))
        case "kill":
            await run.kill()
        case "signal":
            await run.signal(given.integer("signal"))
        case "bump":
            facts |= _priority(await run.bump(given.integer("by")))
        case "priority":
            facts |= _priority(await run.set_priority(given.integer("priority")))
        case other:
            raise AssertionError(f"{other} does not act on runs")
    return facts


def _priority(done: PrioritySet) -> dict[str, Json]:
    return {"priority": done.priority, "undo": done.undo.to_json()}


def _undo(undo: Undo | None) -> dict[str, Json]:
    return {} if undo is None else {"undo": undo.to_json()}


def _run_of(view: EngineView, job_id: str, name: str) -> RunView:
    run_id = name if ":" in name else f"{job_id}:{name}"
    try:
        run = view.run(run_id)
    except KeyError:
        for _, job in select(view, [job_id]):
            if isinstance(job, Refused):
                raise job from None
        raise Refused(
            RefusedCode.UNKNOWN_ID,
            f"{job_id} has no active or waiting run {run_id!r}",
            f"see {typed('history', '--job', job_id)}",
        ) from None
    if run.job_id != job_id:
        raise Refused(RefusedCode.UNKNOWN_ID, f"run {run_id} belongs to {run.job_id}, not to {job_id}")
    return run


def read_undo(body: Json) -> Undo:
    """The `undo` of an answer; `Failed` 422 for anything else."""
    if not isinstance(body, dict) or not isinstance(target := body.get("target"), str):
        raise bad_input("the body is not an undo", "send the `undo` of an answer as it is")
    verb = VERBS.get(str(body.get("verb")))
    arguments, left, found = (body.get(key) or {} for key in ("arguments", "left", "found"))
    if verb is None or verb.name not in TAKES_BACK or not isinstance(arguments, dict):
        raise bad_input("nothing is undone by that verb", f"there are {', '.join(TAKES_BACK)}")
    try:
        read_arguments(verb, arguments)
        return Undo(verb.name, target, arguments, read_marks(left), read_marks(found))
    except ValueError as fault:
        raise bad_input(str(fault)) from fault
