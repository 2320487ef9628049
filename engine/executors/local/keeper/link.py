"""What the engine and the keeper share of their socket: the number of the protocol, and an end of a connection."""

from __future__ import annotations

import json
import os
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

PROTOCOL: Final = 9
"""Raised with every change of a message but for `wire.SHARED`, which is all that an engine of another number may say."""
IDLE: Final = 60.0
"""Seconds that a keeper with nothing to do outlives an engine that vanished."""
PACKET: Final = 150 * 1024
"""Bytes sent as a packet; more travels as a memory file, since the socket's buffer (208 KiB) bounds a packet."""
PACKET_ROOM: Final = 256 * 1024

encode: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Link:
    """One end of a connection (the engine uses it too): packets out, kept while the socket is full, and packets in."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.fd = connection.fileno()
        self.greeted = False
        self.foreign = False
        self.unsent: list[bytes] = []

    def send(self, messages: Sequence[list[object]]) -> None:
        self.unsent.append(encode(messages).encode("ascii"))
        self.push()

    def push(self) -> None:
        """Send what the socket takes. That the other end is gone is noticed by reading, not here."""
        try:
            while self.unsent:
                packet = self.unsent[0]
                if len(packet) <= PACKET:
                    self.socket.send(packet)
                else:
                    fd = os.memfd_create("packet")
                    try:
                        with open(fd, "wb", closefd=False) as file:
                            file.write(packet)
                        socket.send_fds(self.socket, [b"@"], [fd])
                    finally:
                        os.close(fd)
                del self.unsent[0]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self.unsent.clear()

    def close(self) -> None:
        self.socket.close()
        self.fd = -1

    def receive(self) -> list[list[object]] | None:
        """The messages of the next packet; None at the end. BlockingIOError when there is none yet."""
        try:
            data, fds, _, _ = socket.recv_fds(self.socket, PACKET_ROOM, 1, socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:  # the other end died with packets unread: an end like any other
            return None
        if fds:
            with open(fds[0], "rb") as file:
                file.seek(0)
                data = file.read()
        if not data:
            return None
        messages: list[list[object]] = json.loads(data)
        return messages
