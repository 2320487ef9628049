"""What a console is told when it is made. Everything that differs from machine to machine can be given."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import tzinfo
from pathlib import Path

from engine.values import lean
from jobqueue_tui.console.ending import OnQuit


@lean(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """Settings of a console.

    `embedded`: the engine lives in this process. `theme`: a name, None for the one that was kept. `theme_folder`: the
    user's own themes. `config_folder`: where `console.toml` is kept, None for nowhere. `keys`: action id -> key names
    (`x,f9`), over those of the user's file. `zone`: of the clock, None for the machine's. `flush_every`: seconds between
    two looks at what changed, None when the caller flushes (tests). `tour`: show the tour when nothing was kept before.
    `on_shown`: called once, when the first frame is on the terminal.
    """

    embedded: bool = True
    on_quit: OnQuit = OnQuit.ASK
    theme: str | None = None
    theme_folder: Path | None = None
    config_folder: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None
    tour: bool = False
    flush_every: float | None = 0.1
    on_shown: Callable[[], None] = lambda: None
    monotonic: Callable[[], float] = time.monotonic
