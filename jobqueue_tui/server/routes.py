"""The routes: what each address answers (50-cli-server, Server)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from aiohttp import web

from engine.api import EngineView, JobView
from engine.errors import Refused, RefusedCode, typed
from engine.model.actor import actor
from engine.model.record import Json
from engine.model.verbs import VERBS, Target
from jobqueue_tui.server.answers import answer, answer_list
from jobqueue_tui.server.faults import Failed, status_of, unknown_job
from jobqueue_tui.server.logs import LogRoutes
from jobqueue_tui.server.queries import MOST_RUNS, outcome, since, whole
from jobqueue_tui.server.selection import select
from jobqueue_tui.server.streams import Streams, event_number, one_by_one
from jobqueue_tui.server.verbs import perform, read_call, read_undo
from jobqueue_tui.server.wish import OnShutdown, Shutdown
from jobqueue_tui.wire.fault import Fault

BODY_SECONDS: Final = 10.0
"""A client has this long to send its body."""


MOST_DAYS: Final = 3_660
"""Days that one answer may go back."""


class Routes:
    """The handlers, around one engine."""

    def __init__(self, view: EngineView, socket: str, *, read_only: bool, on_shutdown: OnShutdown) -> None:
        self._view = view
        self._socket = socket
        self._read_only = read_only
        self._on_shutdown = on_shutdown
        self._streams = Streams()
        self._logs = LogRoutes(view, self._run_id)

    def table(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.get("/healthz", self.health),
            web.get("/v1/status", self.status),
            web.get("/v1/jobs", self.jobs),
            web.get("/v1/jobs/{id}", self.job),
            web.get("/v1/jobs/{id}/why", self.why),
            web.get("/v1/jobs/{id}/effective", self.effective),
            web.get("/v1/runs", self.runs),
            web.get("/v1/runs/{run}", self.run),
            web.get("/v1/runs/{run}/processes", self.processes),
            web.get("/v1/queue", self.queue),
            web.get("/v1/inbox", self.inbox),
            web.get("/v1/audit", self.audit),
            web.get("/v1/days", self.days),
            web.get("/v1/file-changes", self.file_changes),
            web.get("/v1/events", self.events),
            *self._logs.table(),
            web.post("/v1/verbs/{verb}", self.verb),
            web.post("/v1/undo", self.undo),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """The engine's loop turns."""
        return answer({"ok": True})

    async def status(self, request: web.Request) -> web.Response:
        """The engine as a whole."""
        return answer(replace(self._view.status(), socket=self._socket).to_json())

    async def jobs(self, request: web.Request) -> web.StreamResponse:
        """Jobs in file order; `?select=` (repeatable) takes ids, tag:T, status:S."""
        wanted = request.query.getall("select", [])
        if not wanted:
            return await answer_list(request, (job.record().to_json() for job in tuple(self._view.jobs)))
        found: list[JobView] = []
        for _, job in select(self._view, wanted):
            if isinstance(job, Refused):
                raise job
            found.append(job)
        return await answer_list(request, (job.record().to_json() for job in found))

    async def job(self, request: web.Request) -> web.Response:
        """One job."""
        return answer(self._job(request).record().to_json())

    async def why(self, request: web.Request) -> web.Response:
        """Why it is not running."""
        return answer(self._job(request).why().to_json())

    async def effective(self, request: web.Request) -> web.Response:
        """The job as it is in effect, as a job file of its own."""
        job = self._job(request)
        return answer({"id": job.id, "yaml": await job.effective_yaml()})

    async def runs(self, request: web.Request) -> web.StreamResponse:
        """Runs, newest first; `?job= outcome= since= limit=`."""
        job = request.query.get("job")
        if job is not None:
            self._named(job)
        records = await self._view.history(
            job=job,
            outcome=outcome(request),
            since=since(request, self._view.now()),
            limit=whole(request, "limit", 100, least=1, most=MOST_RUNS),
        )
        return await answer_list(request, (run.to_json() for run in records))

    async def run(self, request: web.Request) -> web.Response:
        """One run, over or not."""
        run_id = request.match_info["run"]
        record = await self._view.record(run_id)
        if record is None:
            raise Failed(404, Fault(RefusedCode.UNKNOWN_ID, f"no run {run_id!r}", f"see {typed('history')}"))
        return answer(record.to_json())

    async def processes(self, request: web.Request) -> web.Response:
        """The living processes of an active run, its first one first."""
        run_id = request.match_info["run"]
        try:
            found = await self._view.processes_of(run_id)
        except KeyError:
            raise Failed(
                404, Fault(RefusedCode.UNKNOWN_ID, f"no run {run_id!r} is active", f"see {typed('list')}")
            ) from None
        return answer([one.to_json() for one in found])

    async def queue(self, request: web.Request) -> web.StreamResponse:
        """What waits, in the order in which it will start."""
        return await answer_list(request, (run.record().to_json() for run in tuple(self._view.queue())))

    async def inbox(self, request: web.Request) -> web.StreamResponse:
        """Bad ends that nobody has acknowledged, newest first; `?job= limit=`."""
        job = request.query.get("job")
        if job is not None:
            self._named(job)
        records = await self._view.inbox(job=job, limit=whole(request, "limit", 100, least=1, most=MOST_RUNS))
        return await answer_list(request, (run.to_json() for run in records))

    async def days(self, request: web.Request) -> web.StreamResponse:
        """What each job did per day (UTC), oldest first; `?job= days=` (30)."""
        job = request.query.get("job")
        if job is not None:
            self._named(job)
        count = whole(request, "days", 30, least=1, most=MOST_DAYS)
        return await answer_list(request, (day.to_json() for day in await self._view.days(job=job, count=count)))

    async def audit(self, request: web.Request) -> web.StreamResponse:
        """Verbs that were given, newest first; `?job= since= limit=`. A job that was removed still has its own."""
        job = request.query.get("job")
        records = await self._view.audit(
            job=job,
            since=since(request, self._view.now()),
            limit=whole(request, "limit", 100, least=1, most=MOST_RUNS),
        )
        if job is not None and not records:
            self._named(job)
        return await answer_list(request, (record.to_json() for record in records))

    async def file_changes(self, request: web.Request) -> web.Response:
        """What a reload of the job file would change."""
        return answer((await self._view.file_changes()).to_json())

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events from now on, after `Last-Event-ID` or `?after=`; `?follow=0`: what is kept, as a JSON array."""
        after = event_number(request)
        if request.query.get("follow") in {"0", "false"}:
            feed = self._view.subscribe(after or 0)
            feed.close()
            return await answer_list(request, (event.to_json() for event in one_by_one(feed)))
        return await self._streams.send(request, self._view.subscribe(after))

    async def end_streams(self, _app: web.Application) -> None:
        """The server ends: so do its streams, at once."""
        self._streams.close()

    async def verb(self, request: web.Request) -> web.Response:
        """Do a verb; each id is reported in `results`, the first refusal also stands as `error` and gives the status."""
        name = request.match_info["verb"]
        verb = VERBS.get(name)
        if verb is None:
            near = get_close_matches(name, VERBS, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(VERBS)}"
            raise Failed(404, Fault("unknown_verb", f"no verb {name!r}", remedy))
        call = read_call(verb, await _body(request))
        self._check_writable()
        if verb.name == "backup":
            size = await self._view.backup(Path(call.arguments.text("path")))
            return answer({"results": [{"id": "engine", "ok": True, "bytes": size}]})
        if verb.name == "add":
            added = await self._view.add_file(Path(call.arguments.text("path")))
            return answer({"results": [{"id": job, "ok": True} for job in added]})
        if verb.name == "reload":
            return await self._reload(confirmed=call.arguments.flag("yes"), stop=call.arguments.flag("stop"))
        if verb.on == {Target.ENGINE}:
            self._on_shutdown(Shutdown(call.arguments.seconds("drain"), call.arguments.flag("leave"), actor()))
            return answer({"results": []}, status=202)
        reports = await perform(self._view, call)
        results: list[Json] = [report.to_json() for report in reports]
        refused = next((report for report in reports if report.fault is not None), None)
        if refused is None or refused.fault is None:
            return answer({"results": results})
        return answer({"error": refused.fault.to_json(), "results": results}, status=refused.status)

    async def undo(self, request: web.Request) -> web.Response:
        """Take a verb back: the body is the `undo` of its answer."""
        undo = read_undo(await _body(request))
        self._check_writable()
        await self._view.undo(undo)
        return answer({"results": [{"id": undo.target or "all", "ok": True}]})

    def _check_writable(self) -> None:
        if self._read_only:
            raise Refused(RefusedCode.READ_ONLY, "this engine is read-only", "start it without --read-only")

    async def _reload(self, *, confirmed: bool, stop: bool) -> web.Response:
        found = await self._view.file_changes()
        try:
            changes = await self._view.reload(found.digest, confirmed=confirmed, stop=stop)
        except Refused as refused:
            text = "".join(f"{line}\n" for line in found.lines())
            fault = Fault.of(refused).to_json()
            return answer({"error": fault, "text": text, "changes": found.to_json()}, status=status_of(refused.code))
        result: dict[str, Json] = {
            "id": "engine",
            "ok": True,
            "summary": changes.summary(),
            "changes": changes.to_json(),
        }
        return answer({"results": [result]})

    def _job(self, request: web.Request) -> JobView:
        return self._named(request.match_info["id"])

    def _named(self, job_id: str) -> JobView:
        try:
            return self._view.job(job_id)
        except KeyError:
            raise unknown_job(job_id) from None

    def _run_id(self, text: str) -> str:
        if ":" in text:
            return text
        newest = self._named(text).last_run_id
        if newest is None:
            raise Failed(404, Fault("no_log", f"{text} has not run yet", f"see {typed('why', text)}"))
        return newest


async def _body(request: web.Request) -> Json:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await request.read()
    except TimeoutError:
        raise Failed(408, Fault("timeout", f"the body did not arrive within {BODY_SECONDS:g} s")) from None
    try:
        body: Json = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        raise Failed(400, Fault("not_json", "the body is not JSON", 'send {"ids": [...]}')) from None
    return body
