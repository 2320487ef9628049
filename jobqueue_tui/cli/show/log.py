"""Showing a log: from how many lines before its end, followed or not, harmless on a terminal, byte for byte in a pipe."""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Callable
from typing import BinaryIO, Final, Protocol, TypeVar

import click

from engine.values import lean
from jobqueue_tui.terminal import neutral

F = TypeVar("F", bound=Callable[..., object])

_PIECE: Final = 1 << 18
_POLL: Final = 0.2


class Part(Protocol):
    """Bytes of a log, where they begin, and how long it is."""

    @property
    def data(self) -> bytes: ...
    @property
    def offset(self) -> int: ...
    @property
    def size(self) -> int: ...


class Log(Protocol):
    """The log of one run, wherever it lies."""

    def read(self, offset: int, limit: int) -> Part:
        """Bytes from `offset`."""

    def over(self) -> bool:
        """Nothing can follow: the run has ended."""


@lean(frozen=True, slots=True)
class LogLook:
    """How to show it. `tail` None: all of it."""

    tail: int | None
    follow: bool
    safe: bool


def log_options(command: F) -> F:
    """Adds `--tail`, `-f`, `--run` and `--raw/--safe`; the command gets `tail`, `follow`, `run` and `raw`."""
    tail = click.option("--tail", metavar="N", type=click.IntRange(0), help="Only the last N lines.")
    follow = click.option("-f", "--follow", is_flag=True, help="Go on until the run ends.")
    run = click.option(
        "--run", metavar="N", type=click.IntRange(1), help="The run of that number; default: the newest."
    )
    raw = click.option(
        "--raw/--safe",
        "raw",
        default=None,
        help="Bytes as written, or control sequences made harmless; default: safe on a terminal, raw in a pipe.",
    )
    return tail(follow(run(raw(command))))


def log_look(tail: int | None, follow: bool, raw: bool | None) -> LogLook:
    """The choice from the options' values."""
    return LogLook(tail, follow, sys.stdout.isatty() if raw is None else not raw)


def run_name(text: str, number: int | None) -> str:
    """The run meant by `ID|RUN [--run N]`: runs are called `ID:N`."""
    return text if number is None else f"{text.partition(':')[0]}:{number}"


def show_log(log: Log, chosen: LogLook, out: BinaryIO) -> None:
    """Write the log to `out`. A log that shrinks while it is followed (its job truncated it) goes on from its new end."""
    at = 0 if chosen.tail is None else _start_of_tail(log, chosen.tail)
    harmless = _Harmless() if chosen.safe else None
    goal: int | None = None
    while True:
        last = not chosen.follow or log.over()  # asked first: what was written before the end is then read below
        part = log.read(at, _PIECE)
        at = part.offset + len(part.data)
        out.write(part.data if harmless is None else harmless.feed(part.data))
        if goal is None or chosen.follow:
            goal = part.size  # without -f a job that writes faster than this reads must not keep it for ever
        if at < min(goal, part.size):
            continue
        out.flush()
        if last:
            break
        time.sleep(_POLL)
    if harmless is not None:
        out.write(harmless.feed(b"", last=True))
    out.flush()


class _Harmless:
    """Makes a stream harmless in whole lines, so that no sequence slips through cut in two."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes, *, last: bool = False) -> bytes:
        text = self._rest + self._decoder.decode(data, last)
        # a line without end is let go at the size of a piece: memory is bounded by it
        cut = len(text) if last or len(text) > _PIECE else text.rfind("\n") + 1
        self._rest = text[cut:]
        return neutral(text[:cut]).encode("utf-8", "replace")


def _start_of_tail(log: Log, lines: int) -> int:
    """Offset at which the last `lines` lines begin, found from the end backwards."""
    end = start = log.read(0, 1).size
    found, last = 0, True
    while start > 0:
        piece_at = max(0, start - _PIECE)
        data = log.read(piece_at, start - piece_at).data
        if last and data.endswith(b"\n"):
            found = -1  # the end of the last line begins no other
        last = False
        position = len(data)
        while (position := data.rfind(b"\n", 0, position)) >= 0:
            found += 1
            if found == lines:
                return piece_at + position + 1
        start = piece_at
    return 0 if lines else end
