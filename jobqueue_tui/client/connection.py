"""HTTP over a Unix socket with the standard library.

`ctl` asks one or two questions and ends: aiohttp takes 160 ms to import and needs a loop, `http.client` 20 ms and none.
"""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path
from typing import Final

from jobqueue_tui.wire.door import UnsafeSocket, address, check_folder, peer_uid

TIMEOUT_SECONDS: Final = 60.0
"""For one answer. Long, since pausing a tree of processes may take seconds."""


class UnixConnection(http.client.HTTPConnection):
    """A connection to the control socket `path`; it trusts nobody but an engine of this user, or root's."""

    def __init__(self, path: Path, timeout: float = TIMEOUT_SECONDS) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """UnsafeSocket for a folder open to others or a stranger behind the socket, OSError when nobody answers."""
        owner = check_folder(self._path.parent)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(self.timeout)
            with address(self._path) as name:
                sock.connect(name)
            uid = peer_uid(sock)
            # root may visit anybody's engine, but in a user's folder only that user's
            if uid not in (os.geteuid(), 0, owner):
                raise UnsafeSocket(f"{self._path} is answered by user {uid}, who is a stranger here")
        except BaseException:
            sock.close()
            raise
        self.sock = sock
