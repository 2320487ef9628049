"""The program on a pseudo-terminal of its own, as a person would see it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.program import EXECUTABLE, PATIENCE, Home


class Terminal:
    """A terminal of 120 x 40 cells; `drawn` is every byte that came so far."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.drawn = b""
        self._news = threading.Condition()
        self._open = True
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def until(self, text: str) -> None:
        """Wait until `text` was drawn."""
        with self._news:
            came = self._news.wait_for(lambda: text.encode() in self.drawn, PATIENCE)
        assert came, f"{text!r} was never drawn, only:\n{self.drawn[-2000:]!r}"

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.master, keys.encode())

    def close(self) -> None:
        """Take the terminal away."""
        if self._open:
            self._open = False  # nothing is written to wake the reader: a terminal that the program has filled would never take it
            self._reader.join(PATIENCE)
            os.close(self.slave)
            os.close(self.master)

    def _read(self) -> None:
        while self._open:
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            with self._news:
                self.drawn += data
                self._news.notify_all()


@contextmanager
def on_terminal(
    home: Home, *args: str, program: str = EXECUTABLE, first_start: bool = False, **environ: str
) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """The program on a new terminal; what still runs at the end of the `with` is ended. `first_start`: with its tour."""
    if not first_start:
        settings = home.folder / ".config" / "jobqueue-tui" / "console.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.touch()
    terminal = Terminal()
    process = subprocess.Popen(
        [program, *args],
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=terminal.slave,
        cwd=home.folder,
        env=home.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} | environ,
        start_new_session=True,
    )
    try:
        yield terminal, process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
            finally:
                terminal.close()
        terminal.close()
