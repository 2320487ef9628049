"""Before and after the app: is there a terminal, what the environment must say, how it ended.

Imports nothing of Textual: some of its settings are read once, when it is imported.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import IO, TYPE_CHECKING, Final

from jobqueue_tui.console.ending import ConsoleEnd

if TYPE_CHECKING:
    from engine.api import EngineView
    from jobqueue_tui.console.app import ConsoleApp
    from jobqueue_tui.console.settings import ConsoleSettings

LOCAL_FPS: Final = "500"
"""The repaint timer is the floor of a key's latency (60: 19 ms, 500: 5 ms), and costs nothing while little is dirty."""
REMOTE_FPS: Final = "30"

_DUMB: Final = frozenset({"", "dumb", "unknown"})


def check_terminal(environ: MutableMapping[str, str], stdin: IO[str] | None, stderr: IO[str] | None) -> str | None:
    """None when a console can be shown, else the message that says why not and what to do instead.

    Textual reads keys from standard input and draws to standard error; it does not look at TERM.
    """
    if stdin is None or stderr is None or not stdin.isatty() or not stderr.isatty():
        return "no terminal here: start it in one, or run the engine without a console (--no-ui)"
    if environ.get("TERM", "") in _DUMB:
        name = environ.get("TERM") or "(not set)"
        return f"TERM={name} cannot draw a console: set TERM, or run the engine without a console (--no-ui)"
    return None


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Set what Textual reads at its import; what the user has set stays."""
    remote = "SSH_CONNECTION" in environ or "SSH_TTY" in environ
    environ.setdefault("TEXTUAL_FPS", REMOTE_FPS if remote else LOCAL_FPS)
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")


def make_app(engine: EngineView, *, read_only: bool, settings: ConsoleSettings) -> ConsoleApp:
    """The app; the heavy imports happen here. Call `prepare_environment(os.environ)` before."""
    from jobqueue_tui.console.app import ConsoleApp  # noqa: PLC0415 - only where a console is shown

    return ConsoleApp(engine, read_only=read_only, settings=settings)


async def run_console(app: ConsoleApp) -> ConsoleEnd:
    """Show the console until it ends, in the caller's loop; the engine must have been started by the caller.

    The handlers of SIGTERM and SIGHUP that were set while it ran stay, and do nothing any more: put your own in their
    place when this returns. Removed, they would leave the default, and a SIGTERM during the drain would kill the engine.
    """
    result = await app.run_async()
    if result is not None:
        return result
    # An app that was not told to end by us did not quit: Textual itself gives no sign of a fault (status 0).
    return app.ended or ConsoleEnd.CRASHED
