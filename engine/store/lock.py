"""One engine per state folder: an flock that is taken before anything is read and goes with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from engine.errors import StateLocked


class StateLock:
    """Held from construction to `release`. StateLocked when another engine has it (with its pid, if it wrote one)."""

    def __init__(self, folder: Path) -> None:
        path = folder / "engine.lock"
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(self._fd, 32).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise StateLocked(str(folder), int(text) if text.isdigit() else 0) from None
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let the next engine in."""
        os.close(self._fd)
