"""The one error of schedules: which field, which text, why, and what to write instead."""

from __future__ import annotations

from typing import Final

_ECHO: Final = 40


def clip(text: str) -> str:
    """At most 40 printable ASCII characters of `text`: input of any length and content is safe to show."""
    head = ascii(text[: _ECHO + 1])[1:-1]
    return head if len(head) <= _ECHO else head[: _ECHO - 1] + "…"


class CronError(ValueError):
    """A schedule was refused.

    `field` names the part at fault (`minute`, `day of week`, `expression`, `time zone` …), `text` is what stood
    there (clipped to 40 characters), `reason` says why, `remedy` what to write instead (may be empty). `message`
    is all of it in one line.
    """

    def __init__(self, field: str, text: str, reason: str, remedy: str = "") -> None:
        self.field = field
        self.text = clip(text)
        self.reason = reason
        self.remedy = remedy
        super().__init__(f'{field} "{self.text}": {reason}' + (f"; {remedy}" if remedy else ""))

    @property
    def message(self) -> str:
        """Field, text, reason and remedy in one line."""
        return str(self)
