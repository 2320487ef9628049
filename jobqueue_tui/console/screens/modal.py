"""What stands over a screen until it is answered."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class Modal(ModalScreen[ScreenResultType]):
    """Is answered once. Keys that come in one packet are all handed to what is on top as the first one arrives; Textual
    would take the screen below away for the second answer, and end with the last one."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """See `Screen`."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
