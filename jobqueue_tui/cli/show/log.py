"""Showing logs: from where and to where, followed or not, harmless on a terminal, byte for byte in a pipe."""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Callable, Sequence
from typing import BinaryIO, Final, Protocol, TypeVar

import click

from engine.clock import Instant
from engine.model.record import Json
from engine.values import lean
from jobqueue_tui.cli.show.run_head import head_lines
from jobqueue_tui.cli.wall import beginning
from jobqueue_tui.terminal import neutral

F = TypeVar("F", bound=Callable[..., object])

_PIECE: Final = 1 << 18
_POLL: Final = 0.2


class Part(Protocol):
    """Bytes of a log, where they begin, how much was printed in all, and from where to where it was cut out."""

    @property
    def data(self) -> bytes: ...
    @property
    def offset(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def gap(self) -> tuple[int, int] | None: ...


class Log(Protocol):
    """The log of one run, wherever it lies."""

    @property
    def run_id(self) -> str: ...

    def read(self, offset: int, limit: int) -> Part:
        """Bytes from `offset`."""

    def since(self, at: Instant) -> int:
        """Where what was printed after an instant begins."""

    def times(self, start: int, end: int) -> Sequence[tuple[int, Instant]]:
        """What stands between two positions: up to where it was printed by when."""

    def over(self) -> bool:
        """Nothing can follow: the run has ended."""

    def record(self) -> dict[str, Json]:
        """What is on record of the run."""

    def newer(self) -> Log | None:
        """The log of the next run of the job, once it has begun. None: not yet."""

    def last(self) -> bool:
        """No further run of the job is planned."""


@lean(frozen=True, slots=True)
class LogLook:
    """How to show it. `tail`, `head`: so many lines of its end or of its beginning; None: all of it."""

    tail: int | None = None
    follow: bool = False
    safe: bool = False
    head: int | None = None
    since: Instant | None = None
    with_record: bool = False
    colours: bool = False
    over_runs: bool = False
    """Go on with the next runs of the job."""


def log_options(command: F) -> F:
    """Adds the options of `logs`; the command gets `run` and, for `log_look`, the others."""
    options = [
        click.option("--tail", metavar="N", type=click.IntRange(0), help="Only the last N lines."),
        click.option("--head", metavar="N", type=click.IntRange(0), help="Only the first N lines."),
        click.option("--since", metavar="TIME", help="Only what was printed after a time, or so long ago (5m)."),
        click.option("-f", "--follow", is_flag=True, help="Go on until the run ends; of a job, with its next runs."),
        click.option("--run", metavar="N", type=click.IntRange(1), help="The run of that number; default: the newest."),
        click.option("--merge", is_flag=True, help="The logs of several runs as one, with the run before each line."),
        click.option(
            "--with-record", is_flag=True, help="What is on record of the run first: pid, times, how it ended."
        ),
        click.option(
            "--raw/--safe",
            "raw",
            default=None,
            help="Bytes as written, or control sequences made harmless; default: safe on a terminal, raw in a pipe.",
        ),
        click.option(
            "--colours/--no-colours", default=False, help="Colours of the job pass where the rest is made harmless."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def log_look(
    *,
    over_runs: bool,
    tail: int | None,
    head: int | None,
    since: str | None,
    follow: bool,
    with_record: bool,
    raw: bool | None,
    colours: bool,
) -> LogLook:
    """The choice from the options' values. Failure 2 for a `since` that is no time."""
    safe = sys.stdout.isatty() if raw is None else not raw
    return LogLook(
        tail,
        follow,
        safe,
        head,
        None if since is None else beginning(since),
        with_record,
        colours,
        over_runs and follow,
    )


def run_name(text: str, number: int | None) -> str:
    """The run meant by `ID|RUN [--run N]`: runs are called `ID:N`."""
    return text if number is None else f"{text.partition(':')[0]}:{number}"


def show_log(log: Log, chosen: LogLook, out: BinaryIO) -> None:
    """Write the log to `out`, and those of the job's next runs where they are asked for."""
    left = chosen.head
    start = start_of(log, chosen)
    while True:
        if chosen.with_record:
            for line in head_lines(log.record()):
                out.write(line.encode() + b"\n")
            out.write(b"\n")
        left = _show_one(log, start, chosen, left, out)
        if left == 0 or not chosen.over_runs:
            return
        while (newer := log.newer()) is None:
            if log.last():
                return
            time.sleep(_POLL)
        log, start = newer, 0
        if chosen.safe:
            click.echo(f"==> {log.run_id} <==", err=True)


def _show_one(log: Log, at: int, chosen: LogLook, left: int | None, out: BinaryIO) -> int | None:
    """One run's. A log that shrinks while it is followed (its job truncated it) goes on from its new end. Lines left to show."""
    harmless = _Harmless(chosen.colours) if chosen.safe else None
    goal: int | None = None
    while left != 0:
        last = not chosen.follow or log.over()  # asked first: what was written before the end is then read below
        part = log.read(at, _PIECE)
        data = part.data
        at = part.offset + len(data)
        if left is not None:
            data, left = _first_lines(data, left)
        out.write(data if harmless is None else harmless.feed(data))
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
    return left


def _first_lines(data: bytes, count: int) -> tuple[bytes, int]:
    """As many lines of a piece, and how many are still missing after it."""
    end = 0
    while count:
        found = data.find(b"\n", end)
        if found < 0:
            return data, count
        end = found + 1
        count -= 1
    return data[:end], 0


class _Harmless:
    """Makes a stream harmless in whole lines, so that no sequence slips through cut in two."""

    def __init__(self, colours: bool) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._colours = colours

    def feed(self, data: bytes, *, last: bool = False) -> bytes:
        text = self._rest + self._decoder.decode(data, last)
        # a line without end is let go at the size of a piece: memory is bounded by it
        cut = len(text) if last or len(text) > _PIECE else text.rfind("\n") + 1
        self._rest = text[cut:]
        return neutral(text[:cut], keep_colours=self._colours).encode("utf-8", "replace")


def start_of(log: Log, chosen: LogLook) -> int:
    """Where to begin, by `since` and `tail`."""
    since = 0 if chosen.since is None else log.since(chosen.since)
    return since if chosen.tail is None else max(since, _start_of_tail(log, chosen.tail))


def _start_of_tail(log: Log, lines: int) -> int:
    """Offset at which the last `lines` lines begin, found from the end backwards."""
    end = start = log.read(0, 1).size
    found, last = 0, True
    while start > 0:
        piece_at = max(0, start - _PIECE)
        part = log.read(piece_at, start - piece_at)
        if part.gap is not None and part.gap[0] < start <= part.gap[1]:
            start = part.gap[0]  # cut out: what is before it comes next
            continue
        data, piece_at = part.data[: max(0, start - part.offset)], part.offset
        if part.gap is not None and piece_at < part.gap[0] < start:
            piece_at, data = part.gap[1], log.read(part.gap[1], start - part.gap[1]).data
        if not data:
            break
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
