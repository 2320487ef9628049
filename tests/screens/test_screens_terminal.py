"""Through a real terminal: how a console ends, and what a terminal may do to it without ending the engine."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobqueue_tui.console import launch

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
ALT_SCREEN, LEFT_IT = b"\x1b[?1049h", b"\x1b[?1049l"


def take_terminal() -> None:
    """The session's terminal is the one on standard input."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A pty with a console in it."""

    def __init__(
        self, folder: Path, *arguments: str, controlling: bool = False, script: bool = False, **environ: str
    ) -> None:
        """`controlling`: it is that of its session, as a shell's is. `script`: the console is not the session's first process."""
        self.result = folder / "result.json"
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.seen = b""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        shell = ("sh", "-c", '"$@"; true', "sh") if script else ()
        self.child = subprocess.Popen(
            [
                *shell,
                sys.executable,
                "-m",
                "tests.screens.child_console",
                str(self.result),
                *arguments,
            ],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**kept, "TERM": "xterm-256color", **environ},
            start_new_session=True,
            preexec_fn=take_terminal if controlling else None,  # noqa: PLW1509 - no thread here holds a lock of it
        )
        self.slave = slave

    def read(self, seconds: float) -> None:
        """Take what the console draws, for at most so long."""
        if select.select([self.master], [], [], seconds)[0]:
            self.seen += os.read(self.master, 1 << 20)

    @property
    def ticks(self) -> int:
        """How often the other work in the console's loop has had its turn."""
        file = self.result.with_suffix(".ticks")
        return int(file.read_text() or 0) if file.exists() else 0

    def until(self, what: Callable[[], bool], why: str, *, reading: bool = True) -> None:
        """Read until something holds; or only look until it does."""
        deadline = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < deadline, f"{why}; seen: {self.seen[-2000:]!r}"
            if reading:
                self.read(0.05)
            else:
                select.select([], [], [], 0.05)

    def ready(self) -> Terminal:
        """Wait for the first frame."""
        self.until(lambda: b"db-dump" in self.seen and b"quit" in self.seen, "no first frame")
        return self

    def type(self, data: bytes) -> None:
        """Press keys."""
        os.write(self.master, data)

    def quit(self) -> None:
        """Quit from any screen, while no run is active."""
        self.seen = b""
        self.type(b"\x11")
        self.until(lambda: b"no run is active" in self.seen, "it does not ask")
        self.type(b"j\r")

    def ended(self) -> dict[str, object]:
        """How it ended."""
        self.until(lambda: self.child.poll() is not None, "did not end")
        self.read(0.05)
        assert self.result.exists(), self.seen[-2000:]
        facts = json.loads(self.result.read_text())
        assert isinstance(facts, dict)
        assert facts["fault"] == ""
        return facts

    def close(self) -> None:
        """End what is left."""
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        for descriptor in (self.master, self.slave):
            try:
                os.close(descriptor)
            except OSError:
                continue  # a test closed it


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Makes terminals, and ends them."""
    made: list[Terminal] = []

    def make(*arguments: str, controlling: bool = False, script: bool = False, **environ: str) -> Terminal:
        made.append(Terminal(tmp_path, *arguments, controlling=controlling, script=script, **environ))
        return made[-1]

    yield make
    for terminal in made:
        terminal.close()


def test_quit_restores_the_terminal(terminals: Callable[..., Terminal]) -> None:
    """Alternate screen left, cooked mode back, status 0."""
    terminal = terminals().ready()
    assert ALT_SCREEN in terminal.seen
    terminal.quit()
    assert terminal.ended()["end"] == "quit-leave"
    assert LEFT_IT in terminal.seen
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert terminal.child.returncode == 0


@pytest.mark.parametrize(("number", "end"), [(signal.SIGTERM, "terminated"), (signal.SIGHUP, "terminal-gone")])
def test_signals_end_it_in_order(terminals: Callable[..., Terminal], number: signal.Signals, end: str) -> None:
    """Textual alone would die at once, without its goodbye."""
    terminal = terminals("busy").ready()
    terminal.child.send_signal(number)
    assert terminal.ended()["end"] == end
    assert LEFT_IT in terminal.seen
    assert termios.tcgetattr(terminal.slave) == terminal.before


def test_a_closed_terminal_is_not_a_quit(terminals: Callable[..., Terminal]) -> None:
    """The window was closed, and nobody sent a signal: noticed by the end of file, not by a spinning thread."""
    terminal = terminals("busy").ready()
    os.close(terminal.slave)
    os.close(terminal.master)
    assert terminal.child.wait(PATIENCE) == 0
    assert json.loads(terminal.result.read_text())["end"] == "terminal-gone"


def test_bytes_that_are_no_utf8_do_not_end_it(terminals: Callable[..., Terminal]) -> None:
    """One X10 mouse report beyond column 95 ended Textual with status 0, like a quit."""
    terminal = terminals().ready()
    terminal.type(b"\x1b[M" + bytes([32, 200, 220]) + b"\xff\xfe\x80")
    terminal.seen = b""
    terminal.type(b"4")
    terminal.until(lambda: b"jobs without dependencies" in terminal.seen, "the console did not go on")
    terminal.quit()
    assert terminal.ended()["end"] == "quit-leave"


def test_a_stop_signal_does_not_freeze_an_embedded_engine(terminals: Callable[..., Terminal]) -> None:
    """SIGTSTP would stop the whole process, jobs' timers included; children must not inherit an ignored one either."""
    terminal = terminals().ready()
    terminal.child.send_signal(signal.SIGTSTP)
    terminal.seen = b""
    terminal.type(b"?")
    terminal.until(lambda: b"Keys of this screen" in terminal.seen, "the console is stopped")
    terminal.child.send_signal(signal.SIGTERM)
    assert "SIG_IGN" not in str(terminal.ended()["sigtstp"])


@pytest.mark.slow
def test_a_stalled_terminal_does_not_block_the_engine(terminals: Callable[..., Terminal]) -> None:
    """Nobody reads what is drawn (a frozen ssh): the loop goes on; when it is read again, the screen is whole."""
    terminal = terminals("busy").ready()
    terminal.type(b"41" * 25)  # 50 full screens: far more than a pty and the writer hold
    begun = terminal.ticks
    terminal.until(lambda: terminal.ticks > begun + 150, "the loop stands still", reading=False)
    terminal.type(b"?")
    terminal.seen = b""
    terminal.until(lambda: b"Keys of this screen" in terminal.seen, "not drawn anew")
    terminal.child.send_signal(signal.SIGTERM)
    assert terminal.ended()["end"] == "terminated"


def test_no_color_means_none(terminals: Callable[..., Terminal]) -> None:
    """Textual alone would paint greys; only bold, faint and reverse are left."""
    terminal = terminals(NO_COLOR="1").ready()
    terminal.type(b"x")
    terminal.until(lambda: b"Cancel" in terminal.seen, "no dialog")
    used = {part for codes in re.findall(rb"\x1b\[([0-9;]*)m", terminal.seen) for part in codes.split(b";")}
    assert used <= {b"", b"0", b"1", b"2", b"3", b"4", b"7", b"39", b"49"}
    assert b"7" in used


def test_a_terminal_is_asked_for() -> None:
    """No tty, or one that cannot draw: a text with the remedy, before anything heavy is loaded."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "r+b", buffering=0) as raw, os.fdopen(master, "rb", buffering=0):
        tty = io.TextIOWrapper(raw)
        assert launch.check_terminal({"TERM": "xterm"}, tty, tty) is None
        for term in ({}, {"TERM": ""}, {"TERM": "dumb"}, {"TERM": "unknown"}):
            assert "--no-ui" in (launch.check_terminal(term, tty, tty) or "")
        for stdin, stderr in ((None, tty), (io.StringIO(), tty), (tty, io.StringIO()), (tty, None)):
            assert "--no-ui" in (launch.check_terminal({"TERM": "xterm"}, stdin, stderr) or "")
        tty.detach()


@pytest.mark.parametrize(
    ("given", "fps"),
    [({}, "500"), ({"SSH_CONNECTION": "a 1 b 2"}, "30"), ({"TEXTUAL_FPS": "15", "SSH_CONNECTION": "x"}, "15")],
)
def test_the_repaint_rate_follows_the_line(given: dict[str, str], fps: str) -> None:
    """Fast where it is free, slow where bytes are dear, and as the user says where the user says."""
    environ = dict(given)
    launch.prepare_environment(environ)
    assert environ["TEXTUAL_FPS"] == fps


def test_launch_loads_nothing_of_textual() -> None:
    """`--no-ui` and the check for a terminal must not cost a console's start."""
    code = "import sys, jobqueue_tui.console.launch, jobqueue_tui.console.settings; print({'textual','rich'} & sys.modules.keys())"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "set()"


def test_the_console_imports_only_what_it_may() -> None:
    """No server, no store, no parser of job files: an attached console is the same console."""
    code = (
        "import sys; before = set(sys.modules)\n"
        "import jobqueue_tui.console.app, jobqueue_tui.console.driver\n"
        "import jobqueue_tui.console.screens.tree, jobqueue_tui.console.screens.job, jobqueue_tui.console.screens.log\n"
        "print(sorted(name for name in sys.modules if name.startswith('engine.')))\n"
        "print({'aiohttp', 'click', 'pydantic', 'yaml', 'croniter', 'psutil', 'sqlite3'} & sys.modules.keys())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    engine, heavy = shown.stdout.splitlines()
    allowed = ["engine.api", "engine.clock", "engine.errors", "engine.model", "engine.spec", "engine.values"]
    assert all(any(name == good or name.startswith(f"{good}.") for good in allowed) for name in eval(engine))
    assert heavy == "set()"


EDITOR = """
import json, os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a test run in the background of a shell ignores it
json.dump([sys.argv[2:], os.tcgetpgrp(0) == os.getpgrp()], open(sys.argv[1], "w"))
sys.stdin.read()
"""


def test_an_editor_has_the_terminal_for_itself_while_the_engine_goes_on(
    terminals: Callable[..., Terminal], tmp_path: Path
) -> None:
    """`e`: on the line of the job, in the foreground; its Ctrl-c is its own; then the console is there with what is different."""
    script, told = tmp_path / "editor.py", tmp_path / "told.json"
    script.write_text(EDITOR)
    terminal = terminals(controlling=True, EDITOR=f"{sys.executable} {script} {told}").ready()
    terminal.type(b"e")
    terminal.until(lambda: told.exists() and told.read_text() != "", "no editor")
    assert json.loads(told.read_text()) == [["+3", "/srv/jobs.yaml"], True]
    assert LEFT_IT in terminal.seen
    before = terminal.ticks
    terminal.until(lambda: terminal.ticks > before + 20, "the loop stands still")
    terminal.seen = b""
    terminal.type(b"\x1a")  # nobody could take it up again
    terminal.type(b"\x03")
    terminal.until(lambda: b"import-old" in terminal.seen, "no dialog")
    assert ALT_SCREEN in terminal.seen
    terminal.type(b"\r")
    terminal.quit()
    assert terminal.ended()["end"] == "quit-leave"


@pytest.mark.parametrize("script", [False, True])
def test_a_terminal_that_is_closed_under_an_editor_ends_the_console(
    terminals: Callable[..., Terminal], tmp_path: Path, script: bool
) -> None:
    """The window was closed; the editor, which had the foreground, got the signal for it, and the console none."""
    program, told = tmp_path / "editor.py", tmp_path / "told.json"
    program.write_text(EDITOR)
    terminal = terminals("busy", controlling=True, script=script, EDITOR=f"{sys.executable} {program} {told}").ready()
    terminal.type(b"e")
    terminal.until(lambda: told.exists() and told.read_text() != "", "no editor")
    os.close(terminal.slave)
    os.close(terminal.master)
    terminal.until(terminal.result.exists, "the console lives on", reading=False)
    assert json.loads(terminal.result.read_text())["end"] == "terminal-gone"


def test_an_editor_that_cannot_be_run_is_said(terminals: Callable[..., Terminal]) -> None:
    """The terminal is the console's again."""
    terminal = terminals(controlling=True, EDITOR="/nowhere/editor").ready()
    terminal.seen = b""
    terminal.type(b"e")
    terminal.until(lambda: b"Not edited" in terminal.seen, "nothing is said")
    terminal.quit()
    assert terminal.ended()["end"] == "quit-leave"


KEYS = [bytes([code]) for code in range(0x20, 0x7F) if chr(code) not in "qe"]
KEYS += [b"\x1b", b"\x1b", b"\t", b"\r", b"\x7f", b"\x0c"]
KEYS += [f"\x1b[{end}".encode() for end in ("A", "B", "C", "D", "5~", "6~", "H", "F")]
KEYS += [f"\x1b[<{end}".encode() for end in ("0;9;5M", "0;9;5m", "64;9;5M", "65;9;5M", "35;60;8M")]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_keys_and_sizes_ends_it(terminals: Callable[..., Terminal], seed: int) -> None:
    """Whatever is typed, clicked and resized, without waiting for what it does: no fault, and the loop goes on."""
    dice = random.Random(seed)
    terminal = terminals("busy").ready()
    for _ in range(150):
        if dice.random() < 0.2:
            size = struct.pack("HHHH", dice.randrange(3, 55), dice.randrange(15, 220), 0, 0)
            fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, size)
            os.killpg(terminal.child.pid, signal.SIGWINCH)
        else:
            terminal.type(dice.choice(KEYS))
        for _ in range(dice.randrange(5)):
            terminal.read(0.02)
    before = terminal.ticks
    terminal.until(lambda: terminal.ticks > before + 20 or terminal.child.poll() is not None, "the loop stands still")
    if terminal.child.poll() is None:
        terminal.child.send_signal(signal.SIGTERM)
    assert terminal.ended()["end"] != "crashed"  # keys may have found their way to the end in order
