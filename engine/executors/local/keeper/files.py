"""The files of a run that the keeper opens for it: log, stdin, and what it hands on."""

from __future__ import annotations

import errno
import os
import stat


def open_log(path: str) -> int:
    """The log to append to. A FIFO or device put in its place must not hang or feed the keeper: regular files only."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file")
    os.set_blocking(fd, True)
    return fd


def text_file(text: str) -> int:
    """A file in memory that holds `text`. No pipe: nobody would be there to fill it when the engine is not."""
    fd = os.memfd_create("stdin")
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        os.lseek(fd, 0, os.SEEK_SET)
    except (OSError, ValueError):
        os.close(fd)
        raise
    return fd


def output_file(path: str, user: tuple[int, int, list[int]]) -> int:
    """The file for what a run hands on, made for a user who cannot reach it: the engine's folders are closed to others."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        os.fchown(fd, user[0], user[1])
    except OSError:
        os.close(fd)
        raise
    return fd
