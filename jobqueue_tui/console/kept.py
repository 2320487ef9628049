"""What the console keeps from one time to the next: `console.toml` in the user's config folder. A bad file is said, never fatal."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from engine.values import lean
from jobqueue_tui.console.arranging import Grouping
from jobqueue_tui.console.columns import TABLE
from jobqueue_tui.console.sorting import LETTERS

FILE: Final = "console.toml"
THEMES: Final = "themes"

_WORDS: Final = {str: "a text", list: "a list", bool: "true or false", dict: "a table"}


@lean(frozen=True, slots=True, kw_only=True)
class Kept:
    """`theme`, the table's `columns` (ids; none: all), `sort` and whether it is `reversed`, `group`, `wide`; `keys`: action id ->
    key names, which only the user writes. `first`: there was no file, so this console is the first one here; it is not written, the
    file is."""

    theme: str | None = None
    columns: tuple[str, ...] = ()
    sort: str = ""
    reversed: bool = False
    group: str = "none"
    wide: bool = False
    first: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)


class KeptError(Exception):
    """A file that cannot be used; the text says why."""


def read(folder: Path | None) -> Kept:
    """What is kept there; defaults where there is nothing. KeptError for what cannot be read, or has another type."""
    if folder is None:
        return Kept()
    try:
        raw = tomllib.loads((folder / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return Kept(first=True)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KeptError(f"{folder / FILE}: {error}") from error
    return _parsed(raw, folder / FILE)


def _parsed(raw: Mapping[str, object], path: Path) -> Kept:
    known: dict[str, type] = {
        "theme": str, "columns": list, "sort": str, "reversed": bool, "group": str, "wide": bool, "keys": dict,
    }  # fmt: skip
    for name, value in raw.items():
        if name not in known:
            raise KeptError(f"{path}: {name!r} is not a setting; there are {', '.join(known)}")
        if not isinstance(value, known[name]):
            raise KeptError(f"{path}: {name} is {value!r}, not {_WORDS[known[name]]}")
    columns, keys = raw.get("columns", []), raw.get("keys", {})
    assert isinstance(columns, list)
    assert isinstance(keys, dict)
    if not all(isinstance(one, str) for one in (*columns, *keys.values())):
        raise KeptError(f"{path}: columns and keys hold texts")
    theme, sort, group = raw.get("theme"), str(raw.get("sort", "")), str(raw.get("group", "none"))
    _known(path, "columns", columns, [column.id for column in TABLE])
    _known(path, "sort", [sort] if sort else [], LETTERS)
    _known(path, "group", [group], list(Grouping))
    return Kept(
        theme=None if theme is None else str(theme),
        columns=tuple(columns),
        sort=sort,
        reversed=bool(raw.get("reversed", False)),
        group=group,
        wide=bool(raw.get("wide", False)),
        keys=dict(keys),
    )


def _known(path: Path, name: str, values: Iterable[str], there: Sequence[str]) -> None:
    for value in values:
        if value not in there:
            raise KeptError(f"{path}: {name}: there is no {value!r}, only {', '.join(there)}")


def write(folder: Path, kept: Kept) -> None:
    """Replace the file as a whole. OSError."""
    lines = [
        "# Written by the console when it ends; [keys] is yours: an action's id = the keys it gets, `f5` or `x,f9`."
    ]
    if kept.theme is not None:
        lines.append(f"theme = {_text(kept.theme)}")
    if kept.columns:
        lines.append(f"columns = [{', '.join(map(_text, kept.columns))}]")
    if kept.sort:
        lines += [f"sort = {_text(kept.sort)}", f"reversed = {_flag(kept.reversed)}"]
    lines += [f"group = {_text(kept.group)}", f"wide = {_flag(kept.wide)}", "", "[keys]"]
    lines += [f"{_text(name)} = {_text(keys)}" for name, keys in kept.keys.items()]
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{FILE}.{os.getpid()}"
    try:
        fresh.write_text("\n".join(lines) + "\n", "utf-8")
        fresh.replace(folder / FILE)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _text(text: str) -> str:
    # a JSON string without escapes of surrogates is a basic string of TOML
    return json.dumps(text, ensure_ascii=False)


def _flag(value: bool) -> str:
    return "true" if value else "false"
