"""Colour themes from TOML: those shipped with the program and the user's own. A bad file is named, never fatal."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from textual.color import Color, ColorParseError
from textual.theme import Theme

from engine.values import lean
from jobqueue_tui.places import shipped

DEFAULT: Final = "jobqueue-dark"
ANSI: Final = "jobqueue-ansi"

_COLOURS: Final = frozenset(
    {"primary", "secondary", "warning", "error", "success", "accent", "foreground", "background", "surface", "panel", "boost"}
)  # fmt: skip
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(_COLOURS, str),
    "name": str,
    "dark": bool,
    "ansi": bool,
    "luminosity_spread": (int, float),
    "text_alpha": (int, float),
    "variables": dict,
}


class ThemeError(Exception):
    """A theme file that cannot be used; the text says why."""


@lean(frozen=True, slots=True)
class Failed:
    """A theme file that was left out, and why."""

    file: str
    why: str


@lean(frozen=True, slots=True)
class Themes:
    """What was found: themes by name (a user's one replaces a shipped one of the same name) and bad files."""

    loaded: dict[str, Theme]
    failed: tuple[Failed, ...]


def parse(text: str, name: str) -> Theme:
    """One theme file. ThemeError for bad TOML, unknown keys, wrong types, no `primary`, or what is no colour."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ThemeError(str(error)) from error
    if unknown := sorted(raw.keys() - _TYPES.keys()):
        raise ThemeError(f"unknown keys: {', '.join(unknown)}")
    for key, value in raw.items():
        if not isinstance(value, _TYPES[key]):
            raise ThemeError(f"{key}: {value!r} has the wrong type")
    if "primary" not in raw:
        raise ThemeError("primary is missing")
    variables = raw.get("variables", {})
    for key, value in [*((key, raw[key]) for key in sorted(_COLOURS & raw.keys())), *variables.items()]:
        if not isinstance(value, str):
            raise ThemeError(f"{key}: {value!r} is no text")
        # other variables of Textual hold styles and borders; ours are colours
        if key in _COLOURS or key.startswith(("role-", "back", "line")):
            try:
                Color.parse(value)
            except ColorParseError as error:
                raise ThemeError(f"{key}: {value!r} is no colour") from error
    return Theme(**({"name": name} | raw))


def load(folder: Path | None = None) -> Themes:
    """Shipped themes, then those of the user's `folder`, in the order of their names."""
    loaded: dict[str, Theme] = {}
    failed: list[Failed] = []
    for source in (shipped("themes"), folder):
        for file in () if source is None else sorted(source.glob("*.toml")):
            try:
                theme = parse(file.read_text("utf-8"), file.stem)
            except (ThemeError, OSError, UnicodeDecodeError) as error:
                failed.append(Failed(file.name, str(error)))
            else:
                loaded[theme.name] = theme
    return Themes(loaded, tuple(failed))
