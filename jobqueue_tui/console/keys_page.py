"""The page of all keys, made from the action table: `python -m jobqueue_tui.console.keys_page > docs/reference/keys.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from jobqueue_tui.console.actions import ACTIONS, GROUPS, Action, Where, shown

_ABOUT = """\
# Keys

This page is made from the console's table of actions (`jobqueue_tui/console/actions.py`); a test holds it to that.

Movement never acts. A plain lower-case letter on a row is harmless or can be taken back; what ends work opens a dialog whose
cursor stands on Cancel. Shift and a letter sorts, the letter stands in the column's head. A verb on a job has the same letter on every
screen; where the keys are on a log, a run or an entry of the inbox, a letter is about that.
A verb carries the run and the state that were on screen, and is refused when they have changed; for 300 ms after another row has moved
under the cursor verbs are ignored; pasted text is ignored outside fields. A read-only console has no keys for verbs.

An action can be given other keys by its id. Actions without a key are in the menu of a job (`a`) and in the command line (`:`).
"""


def page() -> str:
    """The page, in Markdown."""
    return "\n".join([_ABOUT, *(line for where in GROUPS for line in _group(where))])


def _group(where: Where) -> Iterator[str]:
    yield f"## {where.value}\n"
    yield "| key | does | id |"
    yield "| --- | --- | --- |"
    for action in ACTIONS:
        if action.where is where:
            yield f"| {_keys(action)} | {action.text.replace('|', chr(92) + '|')} | `{action.id}` |"
    yield ""


def _keys(action: Action) -> str:
    keys = [f"`` {shown(key)} ``" if shown(key) == "`" else f"`{shown(key)}`" for key in action.keys]
    if not keys and action.letter:
        return f"`a` `{action.letter}`"
    return " ".join(key.replace("|", "\\|") for key in keys)


if __name__ == "__main__":
    sys.stdout.write(page())
