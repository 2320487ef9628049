"""What a log is asked, and what it answers: pieces of it, lines that were found, times."""

from __future__ import annotations

from engine.clock import Instant
from engine.model.record import Json, iso
from engine.values import sealed


@sealed(frozen=True, slots=True)
class LogChunk:
    """Bytes of a log as written. `offset` is where `data` begins, `size` how many were printed, `more` if data follows.

    `gap`: the positions from which and to which bytes were cut out of it, and are gone; None: all are there.
    """

    data: bytes
    offset: int
    size: int
    more: bool
    gap: tuple[int, int] | None = None


@sealed(frozen=True, slots=True)
class LogQuery:
    """What is looked for in a log, line by line: a text, or a pattern of `re` (`regex`)."""

    text: str
    regex: bool = False
    ignore_case: bool = False


@sealed(frozen=True, slots=True)
class LogHit:
    """A line that was found: its position and its first 4 KiB, without the line feed."""

    offset: int
    line: bytes


@sealed(frozen=True, slots=True)
class LogHits:
    """Lines in the order in which they were met. `reached`: where to go on; `done`: nothing is left in that direction."""

    hits: tuple[LogHit, ...]
    reached: int
    done: bool


@sealed(frozen=True, slots=True)
class LogTime:
    """What stands before `end` (and behind the time before it) was printed by `at`, by this attempt or an earlier one.

    `incomplete`: the disk was full meanwhile, something may be missing.
    """

    end: int
    at: Instant
    attempt: int
    incomplete: bool = False

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {"end": self.end, "at": iso(self.at), "attempt": self.attempt, "incomplete": self.incomplete}
