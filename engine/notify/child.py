"""Sends one message, in a process of its own: `python -m engine.notify.child < JSON`.

What loads a hundred services and talks to strangers has no place in the engine: a library that hangs, leaks or dies takes
this process with it and nothing else. It says on standard error why it failed, in one line, and exits with 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from http.client import HTTPMessage
from typing import IO, Any, Final

from engine.logs.chunk import read_chunk

COMMAND_TIMEOUT: Final = 30.0
PING_TIMEOUT: Final = 10.0


class Failed(Exception):  # noqa: N818 - says what is the case
    """The message could not be sent, and why."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A URL from the job file is meant as it stands; where a stranger sends us is not."""

    def redirect_request(  # noqa: PLR0917 - as the class below has it
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """None: it is an error."""


def ping(url: str) -> None:
    """Ask for a URL. Failed when the answer is not a good one."""
    if not url.startswith(("http://", "https://")):
        raise Failed("a ping goes to http:// or https://")
    opener = urllib.request.build_opener(_NoRedirect)
    asked = urllib.request.Request(url, headers={"User-Agent": "jobqueue-tui"})  # noqa: S310 - http or https, see above
    try:
        with opener.open(asked, timeout=PING_TIMEOUT):
            pass
    except (OSError, ValueError) as error:
        raise Failed(f"{type(error).__name__}: {error}") from None


def run(args: list[str], env: dict[str, str]) -> None:
    """Run a notifier's command. Failed when it does not exit with 0."""
    try:
        done = subprocess.run(
            args,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise Failed(f"{args[0]}: {error}") from None
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
        raise Failed(f"{args[0]} exited with {done.returncode}: {last}")


def send(url: str, title: str, body: str, log: str | None, attach: int) -> None:
    """Hand the message to apprise, as plain text."""
    import apprise  # noqa: PLC0415 - takes a third of a second, and only URLs need it

    service = apprise.Apprise()
    if not service.add(url):
        raise Failed("apprise does not know this kind of URL")
    if log is not None and attach:
        body += "\n\n" + _end_of(log, attach)
    if not service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
        raise Failed("the service did not take the message")


def _end_of(path: str, most: int) -> str:
    try:
        raw = read_chunk(path, -most, most).data if most else b""
    except OSError as error:
        return f"(the log cannot be read: {error.strerror})"
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for sign in raw.decode(errors="replace")
    )


def carry_out(order: dict[str, Any]) -> None:  # Any: JSON that the engine wrote a moment ago
    """Send what the order says."""
    match order:
        case {"ping": str(url)}:
            ping(url)
        case {"command": [*args], "env": {**env}}:
            run([str(arg) for arg in args], {str(name): str(value) for name, value in env.items()})
        case {"url": str(url), "title": str(title), "body": str(body), "log": log, "attach": int(attach)}:
            send(url, title, body, log, attach)
        case _:
            raise Failed("not an order")


def main() -> int:
    """See the module."""
    try:
        carry_out(json.load(sys.stdin))
    except Failed as failed:
        sys.stderr.write(str(failed).replace("\n", " ") + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
