"""Ready rich styles for every role, made once per theme: the hot path looks them up and mixes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from rich.style import Style
from textual.color import Color

from engine.values import lean
from jobqueue_tui.console.signs import Role

_BOLD: Final = frozenset({Role.STRONG, Role.TITLE, Role.FAILED, Role.KEY, Role.MATCH})
_FADED: Final = frozenset({Role.MUTED, Role.WAITING, Role.HEAD})

DEFAULTS: Final[dict[str, str]] = {
    "role-text": "ansi_default",
    "role-muted": "ansi_default",
    "role-strong": "ansi_default",
    "role-title": "ansi_blue",
    "role-head": "ansi_default",
    "role-key": "ansi_cyan",
    "role-running": "ansi_green",
    "role-paused": "ansi_yellow",
    "role-stopped": "ansi_magenta",
    "role-waiting": "ansi_default",
    "role-queued": "ansi_cyan",
    "role-ok": "ansi_green",
    "role-failed": "ansi_red",
    "role-warn": "ansi_yellow",
    "role-cpu": "ansi_cyan",
    "role-memory": "ansi_magenta",
    "role-match": "ansi_yellow",
    "back": "ansi_default",
    "back-bar": "ansi_default",
    "back-cursor": "ansi_default",
    "back-cursor-idle": "ansi_default",
    "back-head": "ansi_default",
    "back-raised": "ansi_default",
    "line": "ansi_default",
    # two that Textual's style sheets use and that only its own ansi themes define
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
}
"""The variables of a theme that are ours. A theme that lacks one gets the terminal's own colour."""


@lean(frozen=True, slots=True)
class Palette:
    """Styles by role on the grounds there are: a row, the row under the cursor (with and without focus), a bar, a dialog."""

    row: Mapping[Role, Style]
    cursor: Mapping[Role, Style]
    idle_cursor: Mapping[Role, Style]
    bar: Mapping[Role, Style]
    head: Mapping[Role, Style]
    raised: Mapping[Role, Style]
    exact: bool
    """Each colour is one of 16 million: there is none whose look the terminal decides, and nothing is faint."""

    @classmethod
    def of(cls, variables: Mapping[str, str], *, ansi: bool) -> Palette:
        """The palette of a theme's variables. `ansi`: the terminal's 16 colours, where faint and reverse take the
        place of greys and of a tinted cursor row."""
        return _palette(tuple(variables.get(name) or default for name, default in DEFAULTS.items()), ansi=ansi)


@lru_cache(maxsize=8)
def _palette(colours: tuple[str, ...], *, ansi: bool) -> Palette:
    """One for all widgets, with one object for all that looks the same: what a style is in the terminal's own words is
    remembered with the object, and looked for at length for its equals."""
    parsed = dict(zip(DEFAULTS, map(Color.parse, colours), strict=True))

    @cache
    def style(colour: Color, back: Color, bold: bool | None, dim: bool | None, reverse: bool | None) -> Style:
        return Style(color=colour.rich_color, bgcolor=back.rich_color, bold=bold, dim=dim, reverse=reverse)

    def ground(back: str, *, reverse: bool = False) -> Mapping[Role, Style]:
        return {
            # reversed, a colour would be a patch of ground behind each word: the whole row has one
            role: style(
                parsed["role-text" if reverse else f"role-{role.value}"],
                parsed[back],
                (role in _BOLD) or None,
                (ansi and role in _FADED and not reverse) or None,
                reverse or None,
            )
            for role in Role
        }

    grounds = {
        "row": ground("back"),
        "cursor": ground("back-cursor", reverse=ansi),
        "idle_cursor": ground("back-cursor-idle", reverse=ansi),
        "bar": ground("back-bar"),
        "head": ground("back-head"),
        "raised": ground("back-raised"),
    }
    return Palette(**grounds, exact=all(_is_exact(one) for styles in grounds.values() for one in styles.values()))


def _is_exact(style: Style) -> bool:
    colours = (style.color, style.bgcolor)
    return not style.dim and all(one is not None and one.triplet is not None for one in colours)
