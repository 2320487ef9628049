"""`user` and `group` of a job: what cannot stand beside them, and what this machine will not allow.

The machine's part is a warning, since a file is checked elsewhere, too; the start fails, with its step and reason.
"""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable
from typing import Final, cast

from engine.jobfile import keys
from engine.jobfile.draft import EMPTY, Draft, Key
from engine.jobfile.inputs import SECRET_COMMAND
from engine.jobfile.layers import Resolved
from engine.jobfile.nodes import text_shown
from engine.jobfile.reading import Report

_ROOT: Final = 0


def check_accounts(report: Report, job: Resolved) -> None:
    """Put on report what is wrong with who the job runs as."""
    draft, path = job.draft, job.written.path
    for key, number_of in ((keys.USER, _user_number), (keys.GROUP, _group_number)):
        _check_known(report, draft, path, key, number_of)
    given = next((draft.items[key.name] for key in (keys.USER, keys.GROUP) if key.name in draft.items), None)
    if given is None:
        return
    python = draft.items.get(keys.PYTHON.name)
    if python is not None:
        report.error(
            python.source,
            python.key,
            f"{path}.python",
            f"cannot stand beside `{given.key.text}` (line {given.key.line}): what a function saves lies in the engine's own folder",
            "run it by `command: [python3, …]`",
        )
    for name, item in draft.get(keys.SECRETS, EMPTY).items.items():
        if SECRET_COMMAND.name in cast("Draft", item.value).items:
            report.error(
                item.source,
                item.key,
                f"{path}.secrets.{name}",
                f"a command cannot give a secret to somebody else's job (`{given.key.text}`, line {given.key.line})",
                "take it from a file or from the engine's environment",
            )


def _check_known(
    report: Report, draft: Draft, path: str, key: Key[str], number_of: Callable[[str], int | None]
) -> None:
    item = draft.items.get(key.name)
    if item is None:
        return
    where, name, own = f"{path}.{key.name}", str(item.value), os.geteuid()
    number = number_of(name)
    if number is None:
        report.warning(item.source, item.node, where, f"there is no {key.name} {text_shown(name)} on this machine")
    elif own != _ROOT and not (key is keys.USER and number == own):
        report.warning(
            item.source,
            item.node,
            where,
            f"needs an engine that root runs, and this is user {own}: no run of the job would start",
            "remove it, or start the engine as root",
        )


def _user_number(name: str) -> int | None:
    if name.isdigit():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _group_number(name: str) -> int | None:
    if name.isdigit():
        return int(name)
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None
