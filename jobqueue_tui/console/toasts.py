"""Toasts that end in time, whenever they are put up."""

from __future__ import annotations

from typing import Final

from textual.notifications import Notification

LEAST: Final = 0.01
"""Seconds for which a toast stands that is put up in the moment in which it was to go."""


class Lasting(Notification):
    """A notification that has some time left for as long as it has not expired, and when it just has.

    Textual asks whether it has expired, and then how long its toast is to stay, for each screen that it is shown on. When it
    expires in between, the answer is a negative time, and the timer of that length never waits and never ends: the
    loop stands still, console and engine with it (seen in a test that changed screens as a toast went).
    """

    @property
    def time_left(self) -> float:
        """Seconds, more than none."""
        return max(LEAST, super().time_left)

    @property
    def has_expired(self) -> bool:
        """It is over."""
        return super().time_left <= 0
