"""Textual's Linux driver, made to outlive what a terminal can do to it. Three faults of the original (8.2) are met:

- Bytes that are no UTF-8 (an X10 mouse report beyond column 95, sent after a tmux re-attach) raise in its input
  thread, and the app ends with status 0, like a quit. Here they are replaced and read on.
- A closed terminal gives an endless end of file: its input thread spins. Here it is noticed, once.
- Its writer holds 30 frames; with a stalled terminal (a frozen ssh) the next write blocks the loop, and with it the
  engine. Here a write never waits: frames are dropped, and the screen is drawn anew when the terminal takes bytes again.
"""

from __future__ import annotations

import asyncio
import os
import select
from codecs import getincrementaldecoder
from collections import deque
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any, Final, cast

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from jobqueue_tui.console.ending import ConsoleEnd

if TYPE_CHECKING:
    from jobqueue_tui.console.app import ConsoleApp

_READ: Final = 65536
_POLL_MS: Final = 100
"""How often the input thread looks whether it is to end; also the parser's clock for a lone Esc."""
MOST_WAITING: Final = 64
"""Writes that may wait for the terminal; beyond it they are dropped."""
_GOODBYE_SECONDS: Final = 0.5
"""How long the end waits for a terminal to take the sequences that restore it."""


class Output(WriterThread):
    """Writes in a thread of its own; `write` never waits."""

    def __init__(self, fileno: int, gone: Any, drained: Any) -> None:
        Thread.__init__(self, daemon=True, name="console-output")
        self._fileno = fileno
        self._gone = gone
        self._drained = drained
        self._waiting: deque[str] = deque()
        self._changed = Condition()
        self._closing = False
        self._dropped = False

    def write(self, text: str) -> None:
        """Hand over one write. When too many wait, all of them go: half a frame is worse than none."""
        with self._changed:
            if self._closing:
                return
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.clear()
                self._dropped = True
            if not self._dropped:
                self._waiting.append(text)
            self._changed.notify()

    def fileno(self) -> int:
        """The terminal's."""
        return self._fileno

    def run(self) -> None:
        """Write what waits, in order, until told to stop or until the terminal is gone."""
        while True:
            with self._changed:
                while not self._waiting and not self._closing and not self._dropped:
                    self._changed.wait()
                if not self._waiting:
                    if self._closing:
                        return
                    self._dropped = False
                    again = True
                    data = b""
                else:
                    again = False
                    data = "".join(self._waiting).encode("utf-8", "replace")
                    self._waiting.clear()
            if again:
                self._drained()
            else:
                try:
                    self._write_all(data)
                except OSError:
                    self._gone()
                    with self._changed:
                        self._closing = True
                        self._waiting.clear()
                    return

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fileno, rest) :]
            except BlockingIOError:
                # somebody made the terminal non-blocking (it is shared with the shell): wait until it takes bytes
                select.select([], [self._fileno], [], 1.0)

    def stop(self) -> None:
        """End the thread; what still waits is given half a second."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self.join(_GOODBYE_SECONDS)


class ConsoleDriver(LinuxDriver):
    """See the module."""

    def start_application_mode(self) -> None:
        """As Textual does it, then with a writer that never waits."""
        super().start_application_mode()  # type: ignore[no-untyped-call] # Textual leaves it without annotations
        loop = asyncio.get_running_loop()
        app = cast("ConsoleApp", self._app)

        def in_loop(call: Any, *args: object) -> Any:
            def post() -> None:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(call, *args)

            return post

        self._lost = in_loop(app.end, ConsoleEnd.TERMINAL_GONE)
        first = self._writer_thread
        if first is None:
            return  # in the background of a shell: Textual has not started, and will when it is resumed
        first.stop()
        self._writer_thread = Output(first.fileno(), self._lost, in_loop(app.draw_anew))
        self._writer_thread.start()

    def run_input_thread(self) -> None:
        """Read keys until told to end or until the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        try:
            while not self.exit_event.is_set():
                events = poll.poll(_POLL_MS)
                if events:
                    try:
                        data = os.read(self.fileno, _READ)
                    except OSError:
                        data = b""
                    if not data:
                        self._lost()
                        return
                    for message in parser.feed(decode(data)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        finally:
            try:
                for _ in parser.feed(""):
                    pass
            except (EOFError, ParseError):
                pass
