"""`ctl postpone`."""

from __future__ import annotations

from typing import Final

from jobqueue_tui.cli.ctl.verb import verb_command

command: Final = verb_command("postpone")
