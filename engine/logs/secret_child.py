"""Fetches the secrets that commands print, then becomes the program that needs them. And the marks of secrets in logs.

`python -I -S secret_child.py MARKS ATTEMPT PROGRAM ARGUMENT…`, with `JOB_SECRETS` in the environment, as JSON: for each
name the command and its time limit, and the LC_CTYPE that the program is to have. It runs as the job's own process, in
its place, as its user: the engine never sees such a value, and no other user does. The standard library only, since it
is run without any other (the engine uses the functions, too).

**Marks.** What a job prints must not be shown where it is a secret, also by a reader that starts long after the value
was changed. So each log has a file of marks beside it: of each value its length, its first byte and a salted hash. It
tells who can read it no more than the log beside it may; and nothing of it is in the database, or in its copies.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import stat
import subprocess
import sys
import time
from hashlib import blake2b

TYPE_CHECKING = False  # as in `typing`, which would cost a third of the start
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST = 64 * 1024
"""Bytes of a value."""
SHORTEST = 4
"""Bytes from which a value is marked: hiding every `a` of a log would tell the value and hide the log."""
SHORTEST_LINE = 8
"""... and a line of a value of several lines, which programs print one by one."""
MOST_MARKS = 256 * 1024
"""Bytes of a file of marks."""
_SALT = 16


def digest(value: bytes, salt: bytes) -> str:
    """The salted hash of a value."""
    return blake2b(value, key=salt, digest_size=16).hexdigest()


def open_marks(path: str, flags: int) -> int:
    """The file of marks. OSError also for what is no regular file of our own making."""
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    facts = os.fstat(fd)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
        os.close(fd)
        raise OSError("not the file that was made")
    return fd


def read_marks(path: str) -> tuple[bytes, list[str]]:
    """The salt and the lines after it; nothing of what cannot be read. FileNotFoundError."""
    fd = open_marks(path, os.O_RDONLY)
    try:
        first, *rest = os.read(fd, MOST_MARKS).decode("ascii", "replace").split("\n")
    finally:
        os.close(fd)
    try:
        return bytes.fromhex(first), [line for line in rest if line]
    except ValueError:
        return b"", []


def add_marks(path: str, values: Iterable[bytes]) -> None:
    """Mark these values from now on; those that are marked already cost nothing. OSError."""
    try:
        salt, lines = read_marks(path)
    except FileNotFoundError:
        salt, lines = b"", []
    text = ""
    if not salt:
        salt, lines = os.urandom(_SALT), []
        text = salt.hex() + "\n"
    known = set(lines)
    for value in values:
        for part in _parts(value):
            line = f"{len(part)} {part[0]} {digest(part, salt)}"
            if line not in known:
                known.add(line)
                text += line + "\n"
    if text:
        _append(path, text)


def _parts(value: bytes) -> Iterator[bytes]:
    if len(value) >= SHORTEST:
        yield value
    if b"\n" in value:
        for line in value.split(b"\n"):
            if len(line.strip()) >= SHORTEST_LINE:
                yield line.strip()


def add_fault(path: str, attempt: str, reason: str) -> None:
    """Say why the program of an attempt was never run."""
    _append(path, f"! {attempt} {reason.encode('ascii', 'backslashreplace').decode()[:500]}\n")


def fault_of(path: str, attempt: str) -> str | None:
    """Why the program of an attempt was never run, if it was not."""
    begin = f"! {attempt} "
    try:
        _, lines = read_marks(path)
    except OSError:
        return None
    return next((line[len(begin) :] for line in reversed(lines) if line.startswith(begin)), None)


def _append(path: str, text: str) -> None:
    fd = open_marks(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(fd, text.encode("ascii"))
    finally:
        os.close(fd)


class Unavailable(Exception):  # noqa: N818 - says what is the case
    """A secret cannot be had; the text says why and never holds any of it."""


def value_of(raw: bytes) -> bytes:
    """The value in what was read or printed: without the end of its last line. Unavailable: it is none."""
    if len(raw) > LONGEST:
        raise Unavailable(f"is longer than {LONGEST >> 10} KiB")
    value = raw[:-1] if raw.endswith(b"\n") else raw
    value = value[:-1] if value.endswith(b"\r") and value != raw else value
    if not value:
        raise Unavailable("is empty")
    if b"\0" in value:
        raise Unavailable("holds a NUL character")
    return value


def printed(argv: list[str], timeout: float) -> bytes:
    """What a command prints. What it says on its standard error goes to the log. Unavailable."""
    try:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
    except OSError as error:
        raise Unavailable(f"cannot be fetched: {error.strerror}") from None
    assert child.stdout is not None
    until, raw = time.monotonic() + timeout, b""
    try:
        while len(raw) <= LONGEST:
            ready, _, _ = select.select([child.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise Unavailable(f"took longer than {timeout:g}s")
            part = os.read(child.stdout.fileno(), LONGEST)
            if not part:
                break
            raw += part
        try:
            code = child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Unavailable("is too long" if len(raw) > LONGEST else f"took longer than {timeout:g}s") from None
    finally:
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        child.stdout.close()
        child.wait()
    if code:
        raise Unavailable(f"its command ended with {f'exit({code})' if code > 0 else f'signal({-code})'}")
    return value_of(raw)


def main(arguments: list[str]) -> int:
    """See the module. Returns only when the program cannot be run."""
    marks, attempt, *argv = arguments
    wanted, locale = json.loads(os.environ.pop("JOB_SECRETS"))
    os.environ.pop("LC_CTYPE", None)  # Python may have set it (PEP 538), and would hand it on
    if locale is not None:
        os.environ["LC_CTYPE"] = locale
    found: dict[bytes, bytes] = {}
    name = ""
    try:
        for name, (command, timeout) in wanted.items():
            found[name.encode()] = printed(command, timeout)
        add_marks(marks, found.values())
    except (Unavailable, OSError) as error:
        add_fault(marks, attempt, f"secret({name}: {error})")
        return 1
    for number in signal.SIGPIPE, signal.SIGXFSZ:
        signal.signal(number, signal.SIG_DFL)  # Python ignores them, and what is ignored stays so in the program
    try:
        os.execvpe(argv[0], argv, {**os.environb, **found})  # noqa: S606 - becoming it is what this is for
    except OSError as error:
        import errno  # noqa: PLC0415 - for the one case

        add_fault(marks, attempt, f"spawn(exec: {errno.errorcode.get(error.errno or 0, error.errno)})")
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
