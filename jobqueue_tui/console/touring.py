"""The cards of the first-run tour. What they name is read from the keys that are in force: none that does nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.values import lean
from jobqueue_tui.console.actions import BY_ID, shown


@lean(frozen=True, slots=True)
class Card:
    """One card. `lines`: keys and what they do."""

    title: str
    text: str
    lines: tuple[tuple[str, str], ...]


_CARDS: Final = (
    (
        "Jobs and their state",
        "A row is a job; below is the log of the one under the cursor.",
        ("move.down", "move.up", "jobs.details", "jobs.log", "jobs.why", "jobs.effective"),
    ),
    (
        "Acting on a job",
        "What ends work asks first, and the cursor stands on Cancel.",
        ("jobs.trigger", "jobs.pause", "jobs.suspend", "jobs.stop", "jobs.menu", "jobs.undo"),
    ),
    (
        "Finding and marking",
        "Shift and a letter sorts: it stands in the head of the column.",
        ("table.filter", "table.problems", "table.mark", "all.jump", "all.freeze"),
    ),
    (
        "Other screens",
        "A number opens one, and Esc always leads back.",
        ("go.job", "go.log", "go.tree", "go.timeline", "go.records", "go.system", "all.back"),
    ),
    (
        "All the rest",
        "Every screen tells its keys; :tour shows this again.",
        ("all.help", "all.commands", "all.leave"),
    ),
)
"""Title, text, ids of actions."""


def cards(keys: Mapping[str, Sequence[str]]) -> list[Card]:
    """The cards. `keys`: of the actions in force, by id (`actions.bound`).

    Actions that are not in force are left out: a read-only console has no verbs, and no card about them.
    """
    found = []
    for title, text, ids in _CARDS:
        lines = tuple((_named(id, keys[id]), BY_ID[id].text) for id in ids if id in keys)
        if lines:
            found.append(Card(title, text, lines))
    return found


def _named(id: str, keys: Sequence[str]) -> str:
    """Its first key: of the table where that holds, else the user's own."""
    return shown(next((key for key in BY_ID[id].keys if key in keys), keys[0]))
