"""From what went wrong to an HTTP answer (50-cli-server, Stable JSON).

409 refused · 403 read-only, not permitted · 404 unknown id · 400 not JSON · 422 bad input · 408, 413 too slow, too big
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from aiohttp import web

from engine.errors import BadJobFile, Refused, RefusedCode, typed
from engine.model.record import Json
from jobqueue_tui.server.answers import answer
from jobqueue_tui.wire.fault import Fault

_LOG: Final = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_REFUSED: Final[Mapping[RefusedCode, int]] = {RefusedCode.UNKNOWN_ID: 404, RefusedCode.READ_ONLY: 403}
_HTTP: Final[Mapping[int, Fault]] = {
    404: Fault("not_found", "there is nothing at this address", "see docs/reference for the routes"),
    405: Fault("method_not_allowed", "this address does not take that method"),
    413: Fault("too_large", "the body is larger than 1 MiB", "send fewer ids at once"),
}


class Failed(Exception):  # noqa: N818 - the end of a request, not a fault of the program
    """Ends a request with this answer."""

    def __init__(self, status: int, fault: Fault) -> None:
        super().__init__(str(fault))
        self.status = status
        self.fault = fault


def status_of(code: RefusedCode) -> int:
    """The HTTP status of a refusal."""
    return _REFUSED.get(code, 409)


def unknown_job(job_id: str) -> Failed:
    """404 for a job id."""
    return Failed(404, Fault(RefusedCode.UNKNOWN_ID, f"no job {job_id!r}", f"{typed('list')} shows the ids"))


def bad_input(message: str, remedy: str = "") -> Failed:
    """422."""
    return Failed(422, Fault("bad_input", message, remedy))


@web.middleware
async def in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever a handler raises leaves as `{"error": {"code", "message", "remedy"}}`."""
    try:
        return await handler(request)
    except Failed as failed:
        return _error(failed.status, failed.fault)
    except Refused as refused:
        return _error(status_of(refused.code), Fault.of(refused))
    except BadJobFile as bad:
        fault = Fault("bad_file", str(bad), "mend what is listed")
        return answer({"error": fault.to_json(), "text": bad.text}, status=422)
    except web.HTTPException as http:
        return _error(http.status, _HTTP.get(http.status, Fault("http", http.reason)))
    except ConnectionError:
        raise  # the client is gone: there is nobody to tell
    except Exception:  # noqa: BLE001 - no fault may leave the client without an answer, or the log without its cause
        _LOG.exception("request %s %s failed", request.method, request.path)
        return _error(500, Fault("internal", "the engine met a fault of its own", "its log has the details"))


def _error(status: int, fault: Fault) -> web.Response:
    body: dict[str, Json] = {"error": fault.to_json()}
    return answer(body, status=status)
