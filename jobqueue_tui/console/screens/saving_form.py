"""Ctrl-s: where to, then write it beside the loop."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from engine.clock import moment
from jobqueue_tui.console.host import host
from jobqueue_tui.console.saving import Saved, check_path, write
from jobqueue_tui.console.screens.form import Field, Filled, FormDialog
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.terminal import one_line


def ask_save(screen: LiveScreen, saving: Saved) -> None:
    """Ask for the file's name; its ending says the form."""
    at = moment(host(screen).engine.now()).astimezone(host(screen).settings.zone)
    name = f"{saving.name}-{at:%Y%m%d-%H%M%S}{saving.suffixes[0]}"
    check = partial(check_path, suffixes=saving.suffixes)
    field = Field("file", "File", ", ".join(saving.suffixes), name, check, required=True)

    def filled(answer: Filled | None) -> None:
        if answer is not None:
            screen.begin(partial(_write, screen, Path(answer.values["file"]).expanduser(), saving), "save")

    screen.app.push_screen(FormDialog("Save this view", [saving.told], [field], answer="Save"), filled)


async def _write(screen: LiveScreen, path: Path, saving: Saved) -> None:
    try:
        await asyncio.to_thread(write, path, saving)
    except OSError as error:
        screen.notify(one_line(str(error)), title="It could not be saved", severity="error", markup=False)
    else:
        screen.notify(f"{one_line(str(path))} written", timeout=4, markup=False)
