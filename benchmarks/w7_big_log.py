"""W7: a log of 1 GiB on the console: open it, page back through it, look for a text in it, follow 10,000 lines a second.

    python benchmarks/w7_big_log.py

Through a real pty of 160x50, on a console of 100 jobs. Open: from the key to the bytes of a line that only the log's
screen shows. Page: from the key to lines above all that were seen. Search: a text that stands at the beginning alone, from
the end. Follow: CPU of the console's process while another process appends, after which the newest lines must be on
screen. Beside it, in the same rounds, what a program needs that reads the last 64 KiB of the file (`limit_read`), and the
whole file once with `bytes.find` (`limit_find`). Bars: open <= 300 ms, <= 60 MiB, <= 15 % CPU while following.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

LINE = b"line %010d of what a job prints, which is eighty bytes with its end %010d \n"
LENGTH = len(LINE % (0, 0))
NEEDLE = "a needle"
RATE = 10_000
SHOWN = re.compile(rb"line (\d{10}) of")


@dataclass(frozen=True, slots=True)
class Measured:
    """One round."""

    open_ms: float
    page_p50_ms: float
    page_p95_ms: float
    search_s: float
    rss_mib: float
    follow_cpu_percent: float
    limit_read_ms: float
    limit_find_s: float


def write(path: Path, size: int) -> int:
    """A log of that many bytes; how many lines it has."""
    count = size // LENGTH
    with path.open("wb") as file:
        file.write(f"{NEEDLE} stands here\n".encode())
        for first in range(0, count, 10_000):
            file.write(b"".join(LINE % (n, n) for n in range(first, min(first + 10_000, count))))
    return count


def append(path: str, first: int, seconds: float) -> None:
    """10,000 lines a second at its end (in a process of its own)."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    begin, number = time.monotonic(), first
    while (passed := time.monotonic() - begin) < seconds:
        due = first + int(passed * RATE)
        os.write(fd, b"".join(LINE % (n, n) for n in range(number, due)))
        number = max(number, due)
        time.sleep(0.005)  # what sets the rate: the lines that are due by now, 200 times a second
    print(number - 1)


def measure(path: Path, count: int, pages: int, seconds: float) -> Measured:
    """One round."""
    from benchmarks.w6_console import Screen

    begin = time.perf_counter()
    with path.open("rb") as file:
        file.seek(-65536, os.SEEK_END)
        file.read().split(b"\n")
    limit_read = (time.perf_counter() - begin) * 1000
    begin = time.perf_counter()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            piece.find(b"no such text")
    limit_find = time.perf_counter() - begin

    screen = Screen("log", count, 0, program=__file__, more=["--log", str(path)])
    try:
        screen.until(b"job-00000")
        screen.drain(1.5)
        os.write(screen.master, b"l")
        opened = screen.until(b"line %010d" % (count - 40))
        screen.drain(0.5)
        times = []
        lowest = count - 40
        for _ in range(pages):
            begin = time.perf_counter()
            os.write(screen.master, b"\x1b[5~")
            lowest = until_below(screen.master, lowest)
            times.append((time.perf_counter() - begin) * 1000)
            screen.drain(0.05)
        times.sort()
        os.write(screen.master, b"/")
        screen.drain(0.3)
        os.write(screen.master, NEEDLE.encode())
        screen.drain(0.3)
        begin = time.perf_counter()
        os.write(screen.master, b"\r")
        screen.until(b"stands here", 60)
        searched = time.perf_counter() - begin
        rss = screen.rss_mib()
        os.write(screen.master, b"\x1b")
        screen.drain(0.5)
        os.write(screen.master, b"G")
        screen.drain(0.5)
        writer = subprocess.Popen(
            [sys.executable, __file__, "--append", str(path), "--lines", str(count), "--seconds", str(seconds)],
            stdout=subprocess.PIPE,
        )
        screen.drain(0.5)
        cpu = screen.cpu_seconds()
        screen.drain(seconds - 1)
        cpu = screen.cpu_seconds() - cpu
        assert writer.stdout is not None
        newest = int(writer.stdout.read())
        writer.wait()
        screen.drain(0.5)
        os.write(screen.master, b"k")  # draws the lines anew, one further up
        until_above(screen.master, newest - 100)
        rss = max(rss, screen.rss_mib())
        return Measured(
            opened,
            times[len(times) // 2],
            times[int(len(times) * 0.95)],
            searched,
            rss,
            100 * cpu / (seconds - 1),
            limit_read,
            limit_find,
        )
    finally:
        screen.close()
        os.truncate(path, count * LENGTH + len(f"{NEEDLE} stands here\n"))


def until_below(master: int, number: int) -> int:
    """Wait for a line above all that were seen; the lowest number."""
    seen = b""
    end = time.perf_counter() + 10
    while time.perf_counter() < end:
        if select.select([master], [], [], 1)[0]:
            seen = seen[-64:] + os.read(master, 1 << 20)
            found = [int(match[1]) for match in SHOWN.finditer(seen)]
            if found and min(found) < number:
                return min(found)
    raise SystemExit("a page up showed nothing new")


def until_above(master: int, number: int) -> None:
    """Wait for a line near the end."""
    seen = b""
    while select.select([master], [], [], 5)[0]:
        seen = seen[-64:] + os.read(master, 1 << 20)
        if any(int(match[1]) >= number for match in SHOWN.finditer(seen)):
            return
    raise SystemExit("the newest lines are not on screen")


async def console(path: str) -> None:
    """The child: a console of 100 jobs, the first of which has this log."""
    from jobqueue_tui.console import launch

    launch.prepare_environment(os.environ)
    from engine.logs.chunk import read_chunk
    from engine.logs.search import find
    from engine.model.log_parts import LogChunk, LogHits, LogQuery
    from jobqueue_tui.console.settings import ConsoleSettings
    from tests.screens.engines import big_engine
    from tests.screens.fake_engine import FakeEngine

    plain = big_engine(100)

    class WithLog(FakeEngine):
        """Its logs are one file."""

        async def log(self, run_id: str, offset: int, limit: int) -> LogChunk:
            return await asyncio.to_thread(read_chunk, path, offset, limit)

        async def log_find(
            self, run_id: str, query: LogQuery, start: int, *, back: bool = False, most: int = 100
        ) -> LogHits:
            return await asyncio.to_thread(find, path, query, start, back=back, most=most, seconds=0.25)

    engine = WithLog()
    engine.by_id = plain.by_id
    for job in engine.by_id.values():
        job.engine = engine
    await launch.run_console(launch.make_app(engine, read_only=False, settings=ConsoleSettings()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=8.0, help="of following")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--log", help=argparse.SUPPRESS)
    parser.add_argument("--append", help=argparse.SUPPRESS)
    parser.add_argument("--lines", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--jobs", help=argparse.SUPPRESS)
    parser.add_argument("--updates", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.append:
        append(options.append, options.lines, options.seconds)
        return
    if options.child:
        asyncio.run(console(options.log))
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "1.log"
        count = write(path, options.mebibytes << 20)
        rounds = [measure(path, count, options.pages, options.seconds) for _ in range(options.rounds)]
    print(f"a log of {options.mebibytes} MiB, {count:,} lines, {options.rounds} rounds")
    print(f"{'':20} {'min':>9} {'median':>9} {'max':>9}")
    bars = {"open_ms": 300, "rss_mib": 60, "follow_cpu_percent": 15}
    for field in fields(Measured):
        values = [getattr(one, field.name) for one in rounds]
        bar = f"  (bar: {bars[field.name]})" if field.name in bars else ""
        print(f"{field.name:20} {min(values):9.2f} {statistics.median(values):9.2f} {max(values):9.2f}{bar}")


if __name__ == "__main__":
    main()
