"""The files of a run that the keeper opens for it: log, stdin, and what it hands on."""

from __future__ import annotations

import errno
import os
import stat


def to_append(path: str, access: int) -> int:
    """A file to append to. A FIFO or device put in its place must not hang or feed the keeper: regular files only."""
    fd = os.open(path, access | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
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
