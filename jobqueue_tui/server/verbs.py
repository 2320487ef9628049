"""Verbs performed on an engine: each id is acted on and reported by itself, whatever becomes of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from engine.api import EngineView, JobView, RunView
from engine.errors import Refused, RefusedCode
from engine.model.record import Json
from engine.model.verbs import Arguments, BadArguments, Target, Verb, read_arguments
from jobqueue_tui.server.faults import bad_input, status_of
from jobqueue_tui.server.selection import select
from jobqueue_tui.wire.fault import Fault


@dataclass(frozen=True, slots=True)
class Call:
    """One request to act, checked: `ids` as written, `run` a run id or its number within its job."""

    verb: Verb
    ids: tuple[str, ...]
    run: str | None
    arguments: Arguments


@dataclass(frozen=True, slots=True)
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
    if Target.ENGINE in verb.on:
        if ids or run:
            raise bad_input(f"{verb.name} takes no ids", "it acts on the engine")
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
    """Act on every job that the ids mean, all at once, and report each in the order asked for."""
    return list(await asyncio.gather(*(_report(view, call, name, job) for name, job in select(view, call.ids))))


async def _report(view: EngineView, call: Call, name: str, job: JobView | Refused) -> Report:
    try:
        if isinstance(job, Refused):
            raise job
        facts = await (_on_job(job, call) if call.run is None else _on_run(_run_of(view, job, call.run), call))
    except Refused as refused:
        return Report(name, status_of(refused.code), {}, Fault.of(refused))
    return Report(name, 200, facts)


async def _on_job(job: JobView, call: Call) -> dict[str, Json]:
    given = call.arguments
    match call.verb.name:
        case "trigger":
            return {"run_id": (await job.trigger(bypass=given.flag("bypass"))).run_id}
        case "pause":
            await job.pause(given.seconds("for"))
        case "resume":
            await job.resume()
        case "stop":
            await job.stop(job=given.flag("job"), grace=given.seconds("grace"))
        case "bump":
            return {"priority": await job.bump(given.integer("by"))}
        case "priority":
            return {"priority": await job.set_priority(given.integer("priority"))}
        case other:
            raise AssertionError(f"{other} does not act on jobs")
    return {}


async def _on_run(run: RunView, call: Call) -> dict[str, Json]:
    given = call.arguments
    match call.verb.name:
        case "pause":
            await run.pause(given.seconds("for"))
        case "resume":
            await run.resume()
        case "stop":
            await run.stop(given.seconds("grace"))
        case other:
            raise AssertionError(f"{other} does not act on runs")
    return {"run_id": run.run_id}


def _run_of(view: EngineView, job: JobView, name: str) -> RunView:
    run_id = name if ":" in name else f"{job.id}:{name}"
    try:
        run = view.run(run_id)
    except KeyError:
        raise Refused(
            RefusedCode.UNKNOWN_ID,
            f"{job.id} has no active or waiting run {run_id!r}",
            f"see `ctl history --job {job.id}`",
        ) from None
    if run.job_id != job.id:
        raise Refused(RefusedCode.UNKNOWN_ID, f"run {run_id} belongs to {run.job_id}, not to {job.id}")
    return run
