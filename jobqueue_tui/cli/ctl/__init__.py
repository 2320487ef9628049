"""`jobqueue-tui ctl VERB …`: one file per verb; this one is the table of them."""

from __future__ import annotations

from typing import Final

from engine.model.verbs import VERBS
from jobqueue_tui.cli.ctl.engine_option import engine_parameters
from jobqueue_tui.cli.lazy import Entry, LazyGroup

_QUESTIONS: Final = {
    "status": "Show the engine as a whole.",
    "list": "List jobs.",
    "history": "List runs, newest first.",
    "why": "Say why a job is not running.",
    "logs": "Show the log of a run.",
}


def _entry(name: str, help: str) -> Entry:
    return Entry(f"jobqueue_tui.cli.ctl.{name}", help)


command: Final = LazyGroup(
    "ctl",
    {name: _entry(name, text) for name, text in _QUESTIONS.items()}
    | {verb.name: _entry(verb.name, verb.help) for verb in VERBS.values()},
    "Talk to a running engine. Jobs are named by id, tag:T or status:S.",
    engine_parameters(),
)
