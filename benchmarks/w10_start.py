"""W10: how long it takes to start: `version`; headless until the first job has started; the console until its first frame.

Each as a user starts it, from the process to what it shows. The limits, in rounds that take turns: `python -c pass`, and an app
of one Textual widget. Jobs: 1,000, none due but one; their state is new each time, so a keeper is started as well.
Modules are compiled beforehand, as installed ones are. Bars: version <= 3 x `python -c pass`; first job <= 40 x of it; the
console's first frame <= 2.5 x the one widget's.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.w6_console import Screen

PROGRAM = str(Path(sys.executable).with_name("jobqueue-tui"))


def seconds(*argv: str) -> float:
    """Of a program that ends by itself."""
    begin = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True)
    return time.perf_counter() - begin


def first_job(file: Path, state: Path) -> float:
    """Seconds until an engine without a console says that a job runs."""
    begin = time.perf_counter()
    with subprocess.Popen(
        [PROGRAM, "--no-ui", str(file), "--state-dir", str(state)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as engine:
        assert engine.stdout is not None
        for line in engine.stdout:
            if b" running pid " in line:
                break
        took = time.perf_counter() - begin
        engine.terminate()
        engine.stdout.read()
    return took


def first_frame(file: Path, state: Path, home: Path) -> float:
    """Seconds until the first job is on the screen; the shipped program on a real engine."""
    screen = Screen(
        "", 0, 0, argv=[PROGRAM, str(file), "--state-dir", str(state)], environ={"XDG_CONFIG_HOME": str(home)}
    )
    try:
        screen.until(b"job-0000")
        return time.perf_counter() - screen.began
    finally:
        screen.child.terminate()
        with contextlib.suppress(OSError):  # it has left its terminal
            screen.drain(2.0)
        screen.close()


def one_widget() -> float:
    """Seconds until Textual shows one line."""
    screen = Screen("one-widget", 0, 0, program=str(ROOT / "benchmarks" / "w6_console.py"))
    try:
        screen.until(b"job-00000")
        return time.perf_counter() - screen.began
    finally:
        screen.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=1000)
    options = parser.parse_args()
    for package in ("engine", "jobqueue_tui", "tests"):
        compileall.compile_dir(ROOT / package, quiet=1)
    rows: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        file = top / "jobs.yaml"
        lines = "".join(
            f"  job-{number:04}: {{command: [sleep, '5'], manual: only}}\n" for number in range(1, options.jobs)
        )
        file.write_text(f"engine: {{drain: 0s}}\njobs:\n  job-0000: {{command: [sleep, '5']}}\n{lines}")
        for number in range(options.rounds):
            rows.setdefault("python -c pass", []).append(seconds(sys.executable, "-c", "pass"))
            rows.setdefault("version", []).append(seconds(PROGRAM, "version"))
            rows.setdefault("first job", []).append(first_job(file, top / f"a{number}"))
            rows.setdefault("one widget", []).append(one_widget())
            rows.setdefault("first frame", []).append(first_frame(file, top / f"b{number}", top))
    print(f"{options.jobs} jobs, {options.rounds} rounds, ms and ratios, min/median/max")
    for name, values in rows.items():
        print(f"{name:<28}", *(f"{1000 * value:8.1f}" for value in spread(values)))
    for name, limit, bar in (
        ("version", "python -c pass", 3.0),
        ("first job", "python -c pass", 40.0),
        ("first frame", "one widget", 2.5),
    ):
        ratios = [ours / theirs for ours, theirs in zip(rows[name], rows[limit], strict=True)]
        print(f"{name:<11} / {limit:<14}", *(f"{value:8.2f}" for value in spread(ratios)), f" (bar: {bar:g})")


def spread(values: list[float]) -> tuple[float, float, float]:
    """Minimum, median, maximum."""
    return min(values), statistics.median(values), max(values)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
