"""The routes of logs: bytes, times, and lines that are looked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aiohttp import web

from engine.api import EngineView
from engine.errors import RefusedCode, typed
from engine.model.log_parts import LogQuery
from engine.model.record import Json
from jobqueue_tui.server.answers import answer
from jobqueue_tui.server.faults import Failed, bad_input
from jobqueue_tui.server.queries import MOST_BYTES, since, whole
from jobqueue_tui.wire.fault import Fault

T = TypeVar("T")

MOST_HITS: Final = 1_000
LONGEST_QUERY: Final = 1_000


class LogRoutes:
    """The handlers. `run_id` reads the name of a run, or of a job for its newest."""

    def __init__(self, view: EngineView, run_id: Callable[[str], str]) -> None:
        self._view = view
        self._run_id = run_id

    def table(self) -> list[web.RouteDef]:
        """All routes of logs."""
        return [
            web.get("/v1/logs/{run}", self.log),
            web.get("/v1/logs/{run}/since", self.since),
            web.get("/v1/logs/{run}/times", self.times),
            web.get("/v1/logs/{run}/find", self.find),
        ]

    async def log(self, request: web.Request) -> web.Response:
        """Bytes of a run's log as written (a job id: of its newest run) from `?offset=` (negative: from the end).

        The headers say where they stand: Log-Run, Log-Offset, Log-Size, Log-More (0 or 1), and Log-Gap (from-to) when something
        was cut out of it.
        """
        run_id = self._run_id(request.match_info["run"])
        offset = whole(request, "offset", 0)
        limit = whole(request, "limit", 1 << 16, least=1, most=MOST_BYTES)
        chunk = await _there(run_id, self._view.log(run_id, offset, limit))
        return web.Response(
            body=chunk.data,
            content_type="application/octet-stream",
            headers={
                "Log-Run": run_id,
                "Log-Offset": str(chunk.offset),
                "Log-Size": str(chunk.size),
                "Log-More": str(int(chunk.more)),
                **({} if chunk.gap is None else {"Log-Gap": f"{chunk.gap[0]}-{chunk.gap[1]}"}),
                # a log is written by a job: a browser that is shown it anyway must not run it
                "Content-Security-Policy": "sandbox",
            },
        )

    async def since(self, request: web.Request) -> web.Response:
        """`{"offset": N}`: where what was printed after `?since=` begins."""
        run_id = self._run_id(request.match_info["run"])
        at = since(request, self._view.now())
        if at is None:
            raise bad_input("since: is missing; give a duration such as 5m, or a time with offset")
        return answer({"offset": await _there(run_id, self._view.log_since(run_id, at))})

    async def times(self, request: web.Request) -> web.Response:
        """When what stands from `?start=` to `?end=` was printed: `[{"end", "at", "attempt", "incomplete"}]`."""
        run_id = self._run_id(request.match_info["run"])
        start = whole(request, "start", 0, least=0)
        end = whole(request, "end", start + 1, least=0)
        found = await _there(run_id, self._view.log_times(run_id, start, end))
        return answer([one.to_json() for one in found])

    async def find(self, request: web.Request) -> web.Response:
        """Lines that hold `?text=` (`regex=1`: match it, `ignore_case=1`), from `start` on, or before it (`back=1`)."""
        run_id = self._run_id(request.match_info["run"])
        text = request.query.get("text", "")
        if len(text) > LONGEST_QUERY:
            raise bad_input(f"text: has more than {LONGEST_QUERY} characters")
        query = LogQuery(text, request.query.get("regex") == "1", request.query.get("ignore_case") == "1")
        start = whole(request, "start", 0, least=0)
        most = whole(request, "most", 100, least=1, most=MOST_HITS)
        back = request.query.get("back") == "1"
        try:
            found = await _there(run_id, self._view.log_find(run_id, query, start, back=back, most=most))
        except ValueError as bad:
            raise bad_input(f"text: {bad}") from None
        hits: list[Json] = [{"offset": hit.offset, "line": hit.line.decode("utf-8", "replace")} for hit in found.hits]
        return answer({"hits": hits, "reached": found.reached, "done": found.done})


async def _there(run_id: str, asked: Awaitable[T]) -> T:
    """The answer, or the fault that says which kind of log is not there."""
    try:
        return await asked
    except KeyError:
        raise Failed(404, Fault(RefusedCode.UNKNOWN_ID, f"no run {run_id!r}", f"see {typed('history')}")) from None
    except FileNotFoundError:
        raise Failed(404, Fault("no_log", f"run {run_id} has no log", "it has not started, or is pruned")) from None
