"""`jobqueue-tui ctl VERB …`: one file per verb; this one is the table of them."""

from __future__ import annotations

from typing import Final

from engine.model.verbs import VERBS
from jobqueue_tui.cli.ctl.engine_option import engine_parameters
from jobqueue_tui.cli.lazy import Entry, LazyGroup

_QUESTIONS: Final = {
    "status": "Show the engine as a whole.",
    "list": "List jobs.",
    "show": "Show all facts of a job.",
    "tree": "Show what follows what.",
    "queue": "List what waits, in the order in which it will start.",
    "inbox": "List bad ends that nobody has acknowledged.",
    "history": "List runs, newest first.",
    "why": "Say why a job is not running.",
    "logs": "Show the log of a run.",
    "events": "Print events as JSON Lines.",
    "wait": "Wait until jobs have ended.",
    "audit": "List the verbs that were given, and by whom.",
}


def _entry(name: str, help: str) -> Entry:
    return Entry(f"jobqueue_tui.cli.ctl.{name.replace('-', '_')}", help)


command: Final = LazyGroup(
    "ctl",
    {name: _entry(name, text) for name, text in _QUESTIONS.items()}
    | {name: _entry(name, verb.help) for verb in VERBS.values() for name in (verb.name.replace("_", "-"),)},
    "Talk to a running engine. Jobs are named by id, tag:T or status:S.",
    engine_parameters(),
)
