"""What takes a verb back, in words that end a sentence: `Backspace undoes it: …`."""

from __future__ import annotations

from engine.model.undo import Undo
from engine.spec.units import format_duration
from jobqueue_tui.terminal import one_line


def said(undo: Undo) -> str:
    """What it does."""
    target, given = one_line(undo.target) or "all jobs", undo.arguments
    match undo.verb:
        case "skip_next" if given.get("undo"):
            return f"run the skipped occurrence of {target} after all"
        case "skip_next":
            return f"skip that occurrence of {target} again"
        case "priority":
            return f"priority {given['priority']} for {target}"
        case "postpone":
            by = given["by"]
            assert isinstance(by, int | float)
            return f"the next occurrence of {target} " + (f"{format_duration(by)} later" if by else "at its own time")
        case "set_timeout":
            seconds = given["timeout"]
            assert isinstance(seconds, int | float)
            return f"timeout {format_duration(seconds)} for {target}" if seconds else f"no timeout for {target}"
        case verb:
            return f"{verb} {target}"
