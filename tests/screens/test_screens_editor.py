"""Which editor is started, and how it is told the line."""

from __future__ import annotations

import pytest

from jobqueue_tui.console.editing import command


@pytest.mark.parametrize(
    ("editor", "argv"),
    [
        ("vim", ["vim", "+7", "/srv/a b.yaml"]),
        ("emacs -nw", ["emacs", "-nw", "+7", "/srv/a b.yaml"]),
        ("/opt/bin/code", ["/opt/bin/code", "--wait", "--goto", "/srv/a b.yaml:7"]),
        ("hx", ["hx", "/srv/a b.yaml:7"]),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(editor: str, argv: list[str]) -> None:
    """VISUAL goes before EDITOR; words are split as a shell splits them, and no shell runs."""
    assert command({"VISUAL": editor, "EDITOR": "ed"}, "/srv/a b.yaml", 7) == argv
    assert command({"EDITOR": editor}, "/srv/a b.yaml", 7) == argv


def test_without_a_choice_and_without_an_editor_the_remedy_is_said() -> None:
    """No guess at a program that is not there."""
    with pytest.raises(ValueError, match="VISUAL or EDITOR"):
        command({"PATH": "/nonexistent"}, "/srv/jobs.yaml", 1)
