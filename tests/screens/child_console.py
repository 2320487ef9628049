"""A console as a program of its own: a guest in a loop that has other work. Prints how it ended, as JSON, to a file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from jobqueue_tui.console import launch
from jobqueue_tui.console.settings import ConsoleSettings


async def main(result: Path, *, busy: bool, embedded: bool) -> None:
    """Show a console; beside it, a task counts its turns in the loop."""
    from tests.screens.engines import small_engine

    engine = small_engine()
    if not busy:
        for job in engine.jobs:
            job.active.clear()
    app = launch.make_app(engine, read_only=False, settings=replace(ConsoleSettings(), embedded=embedded))
    ticks = 0

    async def other_work() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1
            if ticks % 20 == 0:
                result.with_suffix(".ticks").write_text(str(ticks))
            if busy:
                for job in engine.jobs:
                    job.touch()

    work = asyncio.create_task(other_work())
    end = await launch.run_console(app)
    work.cancel()
    facts = {
        "end": end,
        "fault": app.fault,
        "sigtstp": str(signal.getsignal(signal.SIGTSTP)),
    }
    result.write_text(json.dumps(facts))


if __name__ == "__main__":
    launch.prepare_environment(os.environ)
    asyncio.run(main(Path(sys.argv[1]), busy="busy" in sys.argv, embedded="attached" not in sys.argv))
