"""W6: the console on 10,000 jobs, 100 updates a second on screen: first frame, key latency, CPU, memory.

Through a real pty of 160x50, twice: on plain objects, so that the console alone is measured, and on a real engine that starts
and ends as many runs a second (functions), all in one process. Beside them, in rounds that take turns, what Textual itself
costs (the limits): an app of one widget, and for CPU a list of ready lines, as many of which change as often.
First frame: from the start of the process to the bytes of the first job. Key: from the byte written to the bytes that
show the cursor elsewhere. CPU: of the console's process while nothing is pressed, the updates' making included; `making alone`:
that, with nobody who shows them (a hundred wake-ups a second, above all).
Modules are compiled beforehand, as installed ones are, whatever PYTHONDONTWRITEBYTECODE says.
Bars: first frame <= 0.5 s; key p95 <= 15 ms; CPU <= 5 %; memory <= 100 MiB. A miss counts only if the limit held: where the
bars were set the one widget took 155 ms, and a prototype of the table 2 % of CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import fcntl
import gc
import os
import pty
import random
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.api import EngineView

NOTHING: Mapping[str, str] = {}
ROOT = Path(__file__).parents[1]
ROWS, COLUMNS = 50, 160
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Measured:
    """One round of one app."""

    first_frame_ms: float
    key_p50_ms: float
    key_p95_ms: float
    cpu_percent: float
    rss_mib: float


class Screen:
    """A child in a pty, whose output is always taken."""

    def __init__(
        self,
        kind: str,
        jobs: int,
        updates: int,
        *,
        program: str = __file__,
        more: Sequence[str] = (),
        argv: Sequence[str] = (),
        environ: Mapping[str, str] = NOTHING,
    ) -> None:
        """`argv`: a program of its own, in place of a child of this kind."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.master = master
        self.began = time.perf_counter()
        self.child = subprocess.Popen(
            [*argv]
            or [sys.executable, program, "--child", kind, "--jobs", str(jobs), "--updates", str(updates), *more],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT), **environ},
            start_new_session=True,
        )
        os.close(slave)

    def until(self, sign: bytes, seconds: float = 30.0) -> float:
        """Milliseconds from now until `sign` has arrived."""
        begin = time.perf_counter()
        seen = b""
        while sign not in seen:
            left = begin + seconds - time.perf_counter()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise SystemExit(f"no {sign!r} within {seconds} s; seen: {seen[-500:]!r}")
            seen = seen[-64:] + os.read(self.master, 1 << 20)
        return (time.perf_counter() - begin) * 1000

    def drain(self, seconds: float) -> None:
        """Take what comes for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self.master], [], [], left)[0]:
                os.read(self.master, 1 << 20)

    def cpu_seconds(self) -> float:
        """CPU time of the child so far."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mib(self) -> float:
        """Resident memory of the child."""
        return int(Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]) * PAGE / (1 << 20)

    def close(self) -> None:
        """End the child."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        os.close(self.master)


def percent_of(screen: Screen, seconds: float) -> float:
    """CPU of the child when it has come to rest."""
    screen.drain(2.0)
    cpu = screen.cpu_seconds()
    screen.drain(seconds)
    return 100 * (screen.cpu_seconds() - cpu) / seconds


def making_alone(jobs: int, updates: int, seconds: float) -> float:
    """CPU of the updates that nobody shows."""
    screen = Screen("making", jobs, updates)
    try:
        screen.until(b"job-00000")
        return percent_of(screen, seconds)
    finally:
        screen.close()


def measure(kind: str, jobs: int, updates: int, keys: int, seconds: float) -> Measured:
    """One round."""
    screen = Screen(kind, jobs, updates)
    try:
        screen.until(b"job-00000")
        first = (time.perf_counter() - screen.began) * 1000
        cpu = percent_of(screen, seconds)
        pause = random.Random(7)
        times = []
        for number in range(keys):
            screen.drain(pause.uniform(0.02, 0.06))
            os.write(screen.master, b"j" if number % 2 == 0 else b"k")
            times.append(screen.until("▌".encode()))
        times.sort()
        return Measured(first, times[len(times) // 2], times[int(len(times) * 0.95)], cpu, screen.rss_mib())
    finally:
        screen.close()


# ---- the children


async def console(jobs: int, updates: int) -> None:
    """Ours."""
    from jobqueue_tui.console import launch

    launch.prepare_environment(os.environ)
    from benchmarks.busy_engine import BusyEngine
    from jobqueue_tui.console.settings import ConsoleSettings

    engine = BusyEngine(jobs)
    task = asyncio.create_task(engine.change(updates, shown_row))
    await launch.run_console(launch.make_app(engine, read_only=False, settings=ConsoleSettings()))
    task.cancel()


async def making(jobs: int, updates: int) -> None:
    """The updates of `console`, and nothing to show them."""
    from benchmarks.busy_engine import BusyEngine

    engine = BusyEngine(jobs)
    gc.freeze()
    print("job-00000", flush=True)
    await engine.change(updates, shown_row)


def shown_row(number: int) -> int:
    """Rows 5 to 39 of the screen, in turn; the cursor goes to and fro above them."""
    return 5 + number % 35


async def console_and_engine(jobs: int, updates: int) -> None:
    """Ours on the engine's own objects: 35 jobs on screen call a function that does nothing, so often in all."""
    from jobqueue_tui.console import launch

    launch.prepare_environment(os.environ)
    from engine import Engine, JobContext, JobSpec
    from jobqueue_tui.cli.hosting import settle_heap
    from jobqueue_tui.console.settings import ConsoleSettings

    async def nothing(_: JobContext) -> None:
        """Be over."""

    shown = range(5, 40)
    every = len(shown) / updates
    engine = Engine()
    for number in range(jobs):
        job_id = f"job-{number:05}"
        if number in shown:
            engine.add(JobSpec(id=job_id, call=nothing, every=every))
        else:
            engine.add(JobSpec(id=job_id, call=nothing, manual="only"))
    settle_heap()  # as the console does
    await engine.start()
    gc.freeze()
    await launch.run_console(launch.make_app(engine, read_only=False, settings=ConsoleSettings()))


async def show_on(engine: EngineView) -> None:
    """A console on an engine that runs already."""
    from jobqueue_tui.console import launch
    from jobqueue_tui.console.settings import ConsoleSettings

    await launch.run_console(launch.make_app(engine, read_only=False, settings=ConsoleSettings()))


def one_widget() -> None:
    """The limit: one line of text, one key."""
    os.environ["TEXTUAL_FPS"] = "500"
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class One(App[None]):
        """A mark that moves."""

        BINDINGS = [("j", "mark"), ("k", "mark")]  # noqa: RUF012 - Textual declares it as a plain list
        at = 0

        def compose(self) -> ComposeResult:
            yield Static("job-00000", id="text")

        def action_mark(self) -> None:
            self.at += 1
            self.query_one("#text", Static).update(" " * (self.at % 9) + "▌")

    One().run()


def bare_lines(updates: int) -> None:
    """The limit of CPU: as many lines a second, ten times a second, each one of two that were made beforehand."""
    os.environ["TEXTUAL_FPS"] = "500"
    from rich.segment import Segment
    from rich.style import Style
    from textual.app import App, ComposeResult
    from textual.geometry import Region
    from textual.strip import Strip
    from textual.widget import Widget

    style = [Style(color="#c0caf5", bgcolor="#14161d"), Style(color="#73a857", bgcolor="#14161d")]
    ready = [Strip([Segment(f"{mark:<5}", style[piece % 2]) for piece in range(COLUMNS // 5)]) for mark in "▌o"]

    class Bare(Widget):
        """Lines, of which some have changed."""

        can_focus = True
        BINDINGS = [("j", "mark"), ("k", "mark")]  # noqa: RUF012 - Textual declares it as a plain list
        at = shown = 0

        def on_mount(self) -> None:
            self.began = time.monotonic()
            self.set_interval(0.1, self.change)
            self.focus()

        def change(self) -> None:
            due = int((time.monotonic() - self.began) * updates)
            self.refresh(*(Region(0, 5 + number % 35, COLUMNS, 1) for number in range(self.at, due)))
            self.at = due

        def action_mark(self) -> None:
            self.refresh(Region(0, 0, COLUMNS, 1))

        def render_line(self, y: int) -> Strip:
            self.shown += 1
            return Strip(list(ready[y > 0 and self.shown % 2]))

    class Lines(App[None]):
        """That list alone."""

        def compose(self) -> ComposeResult:
            yield Bare()

    print("job-00000", flush=True)
    Lines().run()


def table(name: str, rounds: list[Measured]) -> None:
    """One line per figure."""
    for field in Measured.__slots__:
        values = [getattr(one, field) for one in rounds]
        print(f"{name:<12} {field:<16}", *(f"{value:>8.1f}" for value in spread(values)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--updates", type=int, default=100, help="a second, all on screen")
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=8.0, help="of CPU measurement")
    parser.add_argument(
        "--child", choices=["console", "engine", "one-widget", "lines", "making"], help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.child == "console":
        asyncio.run(console(options.jobs, options.updates))
        return
    if options.child == "making":
        asyncio.run(making(options.jobs, options.updates))
        return
    if options.child == "engine":
        asyncio.run(console_and_engine(options.jobs, options.updates))
        return
    if options.child == "one-widget":
        one_widget()
        return
    if options.child == "lines":
        bare_lines(options.updates)
        return
    for package in ("engine", "jobqueue_tui", "tests"):
        compileall.compile_dir(ROOT / package, quiet=1)
    ours, whole, limit, lines, made = [], [], [], [], []
    for _ in range(options.rounds):
        made.append(making_alone(options.jobs, options.updates, options.seconds))
        lines.append(measure("lines", options.jobs, options.updates, 10, options.seconds))
        limit.append(measure("one-widget", options.jobs, options.updates, options.keys, options.seconds))
        ours.append(measure("console", options.jobs, options.updates, options.keys, options.seconds))
        whole.append(measure("engine", options.jobs, options.updates, options.keys, options.seconds))
    print(f"{options.jobs:,} jobs, {options.updates} updates/s on screen, {COLUMNS}x{ROWS}, {options.rounds} rounds")
    print(f"{'':<12} {'':<16} {'min':>8} {'median':>8} {'max':>8}")
    table("console", ours)
    table("with engine", whole)
    table("one widget", limit)
    for name, values in (("making alone", made), ("ready lines", [one.cpu_percent for one in lines])):
        print(f"{name:<12} {'cpu_percent':<16}", *(f"{value:>8.1f}" for value in spread(values)))
    less = [one.cpu_percent - other for one, other in zip(ours, made, strict=True)]
    print(f"{'console':<12} {'CPU less making':<16}", *(f"{value:>8.1f}" for value in spread(less)))
    for name, rounds in (("console", ours), ("with engine", whole)):
        ratios = [one.cpu_percent / other.cpu_percent for one, other in zip(rounds, lines, strict=True)]
        print(f"{name:<12} {'CPU / lines':<16}", *(f"{value:>8.2f}" for value in spread(ratios)))


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Minimum, median, maximum."""
    return min(values), statistics.median(values), max(values)


if __name__ == "__main__":
    main()
