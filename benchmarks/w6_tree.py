"""W6, the tree: 30,000 jobs that hang on each other, 100 updates a second on screen: moving, folding, unfolding.

Through a real pty of 160x50, as `w6_console.py`. Beside it, in rounds that take turns, Textual's own `Tree` with as many
nodes (the peer), and an app of one widget (what Textual itself costs, the limit). The first job runs and all others
follow it, so that each has its place in the forecast; every fiftieth needs a second one.
From the byte written to the bytes that show it: the cursor on another line (`j`, `k`), the first job folded and unfolded
(all lines but one go and come back), a job with ten below it folded and unfolded, `*` for everything, the tree opened.
Bars: p95 of moving, folding and unfolding < 50 ms; a miss counts only if the limit held.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import os
import random
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.w6_console import COLUMNS, ROWS, Screen, one_widget

FANOUT = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One round of one app: milliseconds, 95 of 100 are quicker; None where it has no such thing."""

    move_p95_ms: float
    fold_p95_ms: float | None = None
    unfold_p95_ms: float | None = None
    fold_few_p95_ms: float | None = None
    unfold_few_p95_ms: float | None = None
    fold_all_ms: float | None = None
    unfold_all_ms: float | None = None
    open_ms: float | None = None


def p95(times: list[float]) -> float:
    """What 95 of 100 stay below."""
    return sorted(times)[int(len(times) * 0.95)]


class Hand:
    """Presses keys at odd moments and waits for what they show."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._pause = random.Random(7)

    def press(self, key: bytes, sign: str) -> float:
        """Milliseconds until `sign` is drawn."""
        self._screen.drain(self._pause.uniform(0.02, 0.06))
        os.write(self._screen.master, key)
        return self._screen.until(sign.encode())


def ours(jobs: int, updates: int, keys: int, folds: int) -> Measured:
    """The console's tree."""
    screen = Screen("tree", jobs, updates, program=__file__)
    try:
        hand = Hand(screen)
        screen.until(b"job-00000")
        screen.drain(2.0)
        opened = hand.press(b"4", "▾ job-00000")
        screen.drain(2.0)
        moves = [hand.press(b"j" if number % 2 == 0 else b"k", "▌") for number in range(keys)]
        times: dict[str, list[float]] = {"fold": [], "unfold": [], "fold few": [], "unfold few": []}
        for _ in range(folds):
            times["fold"].append(hand.press(b"\r", "▸ job-00000"))
            times["unfold"].append(hand.press(b"\r", "▾ job-00000"))
        for _ in range(4):  # job-01111 is the first of the fifth level: the last with jobs below it
            hand.press(b"j", "▌")
        for _ in range(folds):
            times["fold few"].append(hand.press(b"\r", "▸ job-01111"))
            times["unfold few"].append(hand.press(b"\r", "▾ job-01111"))
        hand.press(b"g", "▌")
        fold_all = hand.press(b"*", "▸ job-00000")
        unfold_all = hand.press(b"*", "▾ job-00000")
        return Measured(
            move_p95_ms=p95(moves),
            fold_p95_ms=p95(times["fold"]),
            unfold_p95_ms=p95(times["unfold"]),
            fold_few_p95_ms=p95(times["fold few"]),
            unfold_few_p95_ms=p95(times["unfold few"]),
            fold_all_ms=fold_all,
            unfold_all_ms=unfold_all,
            open_ms=opened,
        )
    finally:
        screen.close()


def peer(jobs: int, keys: int, folds: int) -> Measured:
    """Textual's own tree, which nothing updates."""
    screen = Screen("textual-tree", jobs, 0, program=__file__)
    try:
        hand = Hand(screen)
        screen.until(b"job-00000", 120.0)
        screen.drain(4.0)
        os.write(screen.master, b"\x1b[H")
        screen.drain(1.0)
        # its mark stands in the same cell whatever line is under the cursor, so a line that is drawn at all is awaited
        moves = [hand.press(b"\x1b[B" if number % 2 == 0 else b"\x1b[A", "job-") for number in range(keys)]
        fold, unfold = [], []
        for _ in range(folds):
            fold.append(hand.press(b"\r", "▶"))
            unfold.append(hand.press(b"\r", "▼"))
        return Measured(p95(moves), p95(fold), p95(unfold))
    finally:
        screen.close()


def limit(keys: int) -> Measured:
    """One widget, one key."""
    screen = Screen("one-widget", 0, 0, program=__file__)
    try:
        hand = Hand(screen)
        screen.until(b"job-00000")
        screen.drain(1.0)
        return Measured(p95([hand.press(b"j", "▌") for _ in range(keys)]))
    finally:
        screen.close()


# ---- the children


def needs_of(number: int) -> tuple[str, ...]:
    """Ten below each; every fiftieth job has a second one above it."""
    if number == 0:
        return ()
    above = (number - 1) // FANOUT
    second = (f"job-{above - 1:05}",) if number % 50 == 0 and above > 0 else ()
    return (f"job-{above:05}", *second)


async def tree(jobs: int, updates: int) -> None:
    """Ours."""
    from jobqueue_tui.console import launch

    launch.prepare_environment(os.environ)
    from benchmarks.busy_engine import BusyEngine
    from engine.model.outcome import Outcome
    from engine.model.stats import JobStats, Spread
    from jobqueue_tui.console.settings import ConsoleSettings

    engine = BusyEngine(jobs)
    for number, job in enumerate(engine.jobs):
        job.active.clear()
        job.needs = needs_of(number)
        spread = Spread(5.0, 5.0 + number % 7, 9.0, 9.0)
        job.taken = JobStats(
            seconds=spread, waits=Spread(), outcomes=(Outcome.SUCCESS,), cpu_seconds=1.0, peak_rss_bytes=1 << 20
        )
    engine.running(engine.jobs[0], 1.0, 10.0, 1 << 20)
    # jobs that are on screen while all is unfolded, below those that the cursor is on
    first = (FANOUT**4 - 1) // (FANOUT - 1) * FANOUT + 5
    task = asyncio.create_task(engine.change(updates, lambda number: min(jobs - 1, first + number % 30)))
    await launch.run_console(launch.make_app(engine, read_only=False, settings=ConsoleSettings()))
    task.cancel()


def textual_tree(jobs: int) -> None:
    """The peer: the same jobs, each below the first that it needs, all of them expanded."""
    os.environ["TEXTUAL_FPS"] = "500"
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    from textual.app import App, ComposeResult
    from textual.widgets import Tree
    from textual.widgets.tree import TreeNode

    class Nodes(App[None]):
        """A tree."""

        def compose(self) -> ComposeResult:
            widget: Tree[None] = Tree("job-00000")
            nodes: list[TreeNode[None]] = [widget.root]
            for number in range(1, jobs):
                node = nodes[(number - 1) // FANOUT]
                leaf = number * FANOUT + 1 >= jobs
                nodes.append(node.add(f"job-{number:05}", expand=True, allow_expand=not leaf))
            widget.root.expand()
            yield widget

        def on_mount(self) -> None:
            self.query_one(Tree).focus()

    Nodes().run()


def table(name: str, rounds: list[Measured]) -> None:
    """One line per figure."""
    for field in Measured.__slots__:
        values = [value for one in rounds if (value := getattr(one, field)) is not None]
        if values:
            print(f"{name:<14} {field:<18} {min(values):>8.1f} {statistics.median(values):>8.1f} {max(values):>8.1f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=30_000)
    parser.add_argument("--updates", type=int, default=100, help="a second, all on screen")
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--folds", type=int, default=40)
    parser.add_argument("--child", choices=["tree", "textual-tree", "one-widget"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    match options.child:
        case "tree":
            asyncio.run(tree(options.jobs, options.updates))
            return
        case "textual-tree":
            textual_tree(options.jobs)
            return
        case "one-widget":
            one_widget()
            return
    for package in ("engine", "jobqueue_tui", "tests"):
        compileall.compile_dir(ROOT / package, quiet=1)
    console, other, least = [], [], []
    for _ in range(options.rounds):
        least.append(limit(options.keys))
        console.append(ours(options.jobs, options.updates, options.keys, options.folds))
        other.append(peer(options.jobs, options.keys, options.folds))
    print(f"{options.jobs:,} jobs, {options.updates} updates/s, {COLUMNS}x{ROWS}, {options.rounds} rounds; ms")
    print(f"{'':<14} {'':<18} {'min':>8} {'median':>8} {'max':>8}")
    table("console", console)
    table("textual Tree", other)
    table("one widget", least)
    for field in ("move_p95_ms", "fold_p95_ms", "unfold_p95_ms"):
        ratios = [getattr(a, field) / getattr(b, field) for a, b in zip(console, other, strict=True)]
        print(f"{'ratio':<14} {field:<18} {min(ratios):>8.2f} {statistics.median(ratios):>8.2f} {max(ratios):>8.2f}")


if __name__ == "__main__":
    main()
