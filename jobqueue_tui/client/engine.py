"""An engine behind its control socket, asked synchronously. Answers are the stable JSON as it came.

Not decoded into records: keys that a newer engine adds pass through to `--format json` unharmed.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote, urlencode

from engine.clock import Instant, instant
from engine.errors import EngineError
from engine.model.record import Json
from engine.values import lean
from jobqueue_tui.client.connection import TIMEOUT_SECONDS, UnixConnection
from jobqueue_tui.wire.fault import Fault
from jobqueue_tui.wire.handshake import API_HEADER, API_VERSION, mismatch

Query: TypeAlias = "Mapping[str, str | int | Sequence[str] | None]"
Object: TypeAlias = "dict[str, Json]"

_NO_QUERY: Final[Query] = {}


class NotReachable(EngineError):  # noqa: N818 - says what is the case
    """No engine could be asked: none answers, or one of another major version. The text has the remedy."""


class Answered(EngineError):  # noqa: N818 - says what is the case
    """The engine said no: HTTP `status` and the `fault` it gave; `results` as sent, when a verb was done in part."""

    def __init__(self, status: int, fault: Fault, results: list[Json] | None = None, text: str = "") -> None:
        super().__init__(str(fault))
        self.text = text
        """Everything that is wrong with a job file, in lines; safe to print."""
        self.status = status
        self.fault = fault
        self.results = results or []


@lean(frozen=True, slots=True)
class LogPart:
    """A piece of log: bytes as written, where they begin, how many there were in all, whether more follow, what was cut out."""

    run_id: str
    data: bytes
    offset: int
    size: int
    more: bool
    gap: tuple[int, int] | None = None


class EngineClient:
    """The engine that listens on `socket`. Every method raises NotReachable, UnsafeSocket or Answered."""

    def __init__(self, socket: Path, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.socket = socket
        self._timeout = timeout

    def status(self) -> Object:
        """`/v1/status`."""
        return _object(self._get("/v1/status"))

    def jobs(self, select: Sequence[str] = ()) -> list[Object]:
        """Jobs in file order; `select` takes ids, tag:T, status:S."""
        return _objects(self._get("/v1/jobs", {"select": select}))

    def job(self, job_id: str) -> Object:
        """One job."""
        return _object(self._get(f"/v1/jobs/{_part(job_id)}"))

    def effective_yaml(self, job_id: str) -> str:
        """The job as it is in effect, as a job file of its own."""
        return str(_object(self._get(f"/v1/jobs/{_part(job_id)}/effective"))["yaml"])

    def why(self, job_id: str) -> Object:
        """Why it is not running."""
        return _object(self._get(f"/v1/jobs/{_part(job_id)}/why"))

    def runs(self, query: Query = _NO_QUERY) -> list[Object]:
        """Runs, newest first; `query` may hold job, outcome, since, limit."""
        return _objects(self._get("/v1/runs", query))

    def run(self, run_id: str) -> Object:
        """One run, over or not."""
        return _object(self._get(f"/v1/runs/{_part(run_id)}"))

    def inbox(self, query: Query = _NO_QUERY) -> list[Object]:
        """Bad ends that nobody has acknowledged; `query` may hold job, limit."""
        return _objects(self._get("/v1/inbox", query))

    def audit(self, query: Query = _NO_QUERY) -> list[Object]:
        """Verbs that were given, newest first; `query` may hold job, since, limit."""
        return _objects(self._get("/v1/audit", query))

    def queue(self) -> list[Object]:
        """What waits."""
        return _objects(self._get("/v1/queue"))

    def verb(self, name: str, body: Mapping[str, Json]) -> list[Object]:
        """Do a verb; the result of each id. Answered (with `results`) when one was refused."""
        answer = _object(self._json("POST", f"/v1/verbs/{_part(name)}", json.dumps(body).encode()))
        return _objects(answer.get("results"))

    def log(self, run: str, offset: int, limit: int) -> LogPart:
        """Bytes of a run's log (a job id: of its newest run)."""
        path = _with_query(f"/v1/logs/{_part(run)}", {"offset": offset, "limit": limit})
        response, data = self._ask("GET", path, None)
        headers = response.headers
        if response.status != 200:
            raise _refusal(response.status, data)
        try:
            return LogPart(
                headers["Log-Run"],
                data,
                int(headers["Log-Offset"]),
                int(headers["Log-Size"]),
                headers["Log-More"] == "1",
                _gap(headers.get("Log-Gap")),
            )
        except (TypeError, ValueError) as fault:
            raise NotReachable(f"{self.socket} answers, but not as an engine does; name another socket") from fault

    def log_since(self, run: str, since: str) -> int:
        """Where what was printed after a time, or so long ago, begins in a run's log."""
        found = _object(self._get(f"/v1/logs/{_part(run)}/since", {"since": since})).get("offset")
        return found if isinstance(found, int) else 0

    def log_times(self, run: str, start: int, end: int) -> list[tuple[int, Instant]]:
        """Up to where what stands between two positions was printed by when."""
        found = _objects(self._get(f"/v1/logs/{_part(run)}/times", {"start": start, "end": end}))
        return [(int(str(one["end"])), instant(datetime.fromisoformat(str(one["at"])))) for one in found]

    def events(self, after: int = 0) -> list[Object]:
        """Events that are kept, after the one of that number."""
        return _objects(self._get("/v1/events", {"follow": 0, "after": after}))

    def follow(self, after: int | None = None) -> Iterator[Object]:
        """Events as they come, from now on or after the one of that number; ends with the engine."""
        connection = UnixConnection(self.socket, self._timeout)
        try:
            try:
                path = _with_query("/v1/events", {"after": after})
                connection.request("GET", path, None, {API_HEADER: API_VERSION, "Accept": "text/event-stream"})
                response = connection.getresponse()
                if response.status != 200:
                    raise _refusal(response.status, response.read())
                while line := response.readline():
                    if line.startswith(b"data: "):
                        yield _object(_decoded(line[6:]))
            except (OSError, http.client.HTTPException) as fault:
                reason = getattr(fault, "strerror", None) or type(fault).__name__
                raise NotReachable(f"the engine on {self.socket} tells no more events ({reason})") from fault
        finally:
            connection.close()

    def _get(self, path: str, query: Query = _NO_QUERY) -> Json:
        return self._json("GET", _with_query(path, query), None)

    def _json(self, method: str, path: str, body: bytes | None) -> Json:
        response, data = self._ask(method, path, body)
        if response.status >= 400:
            raise _refusal(response.status, data)
        return _decoded(data)

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[http.client.HTTPResponse, bytes]:
        connection = UnixConnection(self.socket, self._timeout)
        headers = {API_HEADER: API_VERSION, "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            data = response.read()
        except TimeoutError as fault:
            raise NotReachable(
                f"the engine on {self.socket} did not answer within {self._timeout:g} s; see its log"
            ) from fault
        except (OSError, http.client.HTTPException) as fault:
            reason = getattr(fault, "strerror", None) or type(fault).__name__
            raise NotReachable(
                f"no engine answers on {self.socket} ({reason}); start one, or name its socket"
            ) from fault
        finally:
            connection.close()
        difference = mismatch(response.headers[API_HEADER])
        if difference is not None:
            raise NotReachable(f"{difference}; use the program of the engine's version")
        return response, data


def _part(text: str) -> str:
    return quote(text, safe="")


def _with_query(path: str, query: Query) -> str:
    given = {name: value for name, value in query.items() if value is not None and value != ()}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def _refusal(status: int, data: bytes) -> Answered:
    try:
        body = _object(_decoded(data))
        fault, results = _object(body.get("error")), body.get("results")
    except NotReachable:
        return Answered(status, Fault("http", f"the engine answered {status}"))
    text = body.get("text")
    return Answered(
        status,
        Fault.from_json(fault),
        results if isinstance(results, list) else None,
        text if isinstance(text, str) else "",
    )


def _decoded(data: bytes) -> Json:
    try:
        value: Json = json.loads(data)
    except ValueError as fault:
        raise NotReachable("the answer is not JSON: no engine is behind this socket; name another one") from fault
    return value


def _object(value: Json) -> Object:
    if not isinstance(value, dict):
        raise NotReachable("the answer is not what an engine sends; name another socket")
    return value


def _objects(value: Json) -> list[Object]:
    if not isinstance(value, list):
        raise NotReachable("the answer is not what an engine sends; name another socket")
    return [_object(item) for item in value]


def _gap(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    start, _, end = text.partition("-")
    return int(start), int(end)
