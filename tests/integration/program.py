"""The installed program in a home of its own: run to its end, or started and watched line by line."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

EXECUTABLE: Final = str(Path(sys.executable).with_name("jobqueue-tui"))
PATIENCE: Final = 60.0
"""Seconds until a wait is given up as a failure; generous, since machines that run tests are busy."""


@dataclass(frozen=True)
class Ran:
    """What a call of the program left."""

    code: int
    out: str
    err: str


@dataclass
class Started:
    """The program, running. `seen` is what it has written so far."""

    process: subprocess.Popen[bytes]
    seen: str = ""
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __post_init__(self) -> None:
        assert self.process.stdout is not None
        self._selector.register(self.process.stdout, selectors.EVENT_READ)

    def until(self, text: str) -> str:
        """Wait until it has written `text`; all that it has written."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            data = b""
            if self._selector.select(max(0.0, deadline - time.monotonic())):
                assert self.process.stdout is not None
                data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"{text!r} never came, only:\n{self.seen}"
            self.seen += data.decode()
        return self.seen

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self) -> Ran:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return Ran(self.process.returncode, self.seen + out.decode(), err.decode())


@dataclass(frozen=True)
class Home:
    """A home directory with its own state and runtime folders."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return kept | {"HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder / "runtime"), "TZ": "UTC"}

    def write(self, text: str, name: str = "jobs.yaml") -> Path:
        """A job file in this home."""
        path = self.folder / name
        path.write_text(text)
        return path

    def run(self, *args: str, cwd: Path | None = None, **environ: str) -> Ran:
        """Run the program to its end."""
        done = subprocess.run(
            [EXECUTABLE, *args],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd=cwd or self.folder,
            env=self.environ | environ,
            timeout=PATIENCE,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(errors="surrogateescape"), done.stderr.decode())

    @contextmanager
    def started(self, *args: str, program: str = EXECUTABLE) -> Iterator[Started]:
        """Start the program; what still runs at the end of the `with` is ended."""
        process = subprocess.Popen(
            [program, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env=self.environ,
        )
        started = Started(process)
        try:
            yield started
        finally:
            if process.poll() is None:
                process.terminate()
                process.terminate()
                process.communicate(timeout=PATIENCE)
