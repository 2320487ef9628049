"""Several logs as one: each line with the run that printed it in front, in the order in which they were printed (to a second)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from engine.clock import Instant
from engine.values import lean
from jobqueue_tui.cli.exits import Exit, Failure
from jobqueue_tui.cli.show.log import Log, LogLook, show_log, start_of
from jobqueue_tui.merging import by_time, fronts
from jobqueue_tui.terminal import neutral

_PIECE: Final = 1 << 18
_POLL: Final = 0.2


@lean(frozen=True, slots=True)
class _Line:
    at: Instant
    log: int
    text: bytes


class _Source:
    """One of the logs, line by line."""

    def __init__(self, number: int, log: Log, start: int) -> None:
        self._number = number
        self.log = log
        self._at = start
        self._rest = b""

    def lines(self, *, last: bool) -> Iterator[_Line]:
        """Whole lines that are there now; `last`: and what stands behind the last of them."""
        goal: int | None = None
        while True:
            part = self.log.read(self._at, _PIECE)
            if goal is None:
                goal = part.size  # a job that prints faster than this reads must not keep it for ever
            if part.data:
                yield from self._whole(part.data, part.offset)
            self._at = part.offset + len(part.data)
            if self._at >= min(goal, part.size):
                break
        if last and self._rest:
            rest, self._rest = self._rest, b""
            yield _Line(self._times(self._at - 1, self._at)[0][1], self._number, rest)

    def _whole(self, data: bytes, offset: int) -> Iterator[_Line]:
        times = self._times(offset, offset + len(data))
        place, begin = 0, 0
        while (found := data.find(b"\n", begin)) >= 0:
            while place < len(times) - 1 and times[place][0] <= offset + found:
                place += 1
            yield _Line(times[place][1], self._number, self._rest + data[begin:found])
            self._rest = b""
            begin = found + 1
        self._rest = (self._rest + data[begin:])[-_PIECE:]

    def _times(self, start: int, end: int) -> Sequence[tuple[int, Instant]]:
        return self.log.times(start, end) or [(end, 0)]


def show_logs(logs: Sequence[Log], chosen: LogLook, out: BinaryIO, *, merge: bool) -> None:
    """One log, or several that are to be merged. Failure 2 for several that are not."""
    if merge:
        if chosen.head is not None or chosen.with_record:
            raise Failure(Exit.USAGE, "--merge goes with --tail, --since and -f, not with --head and --with-record")
        show_merged(logs, chosen, out)
    elif len(logs) > 1:
        raise Failure(Exit.USAGE, f"{len(logs)} logs; --merge shows them as one")
    else:
        show_log(logs[0], chosen, out)


def show_merged(logs: Sequence[Log], chosen: LogLook, out: BinaryIO) -> None:
    """Write them to `out`, followed until all their runs are over where that is asked for."""
    front = [text.encode() for text in fronts([log.run_id for log in logs])]
    sources = [_Source(number, log, start_of(log, chosen)) for number, log in enumerate(logs)]
    going = True
    while going:
        going = chosen.follow and not all(source.log.over() for source in sources)  # asked first, as for one log
        streams = [source.lines(last=not going) for source in sources]
        for line in by_time(streams):
            out.write(front[line.log] + _shown(line.text, chosen) + b"\n")
        out.flush()
        if going:
            time.sleep(_POLL)


def _shown(text: bytes, chosen: LogLook) -> bytes:
    return neutral(text, keep_colours=chosen.colours).encode("utf-8", "replace") if chosen.safe else text
