"""What a run is given at its start, and how a start fails."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from engine.executors.local.keeper import processes, usage
from engine.ports.executor import Ended, Sampled, SpawnFailed, Started
from tests.integration.local.bench import ENV, Bench


async def test_exit_code_is_reported(bench: Bench) -> None:
    """The leader's exit code arrives as it was, with its CPU time and without a cause."""
    end = await bench.ended(bench.shell("exit 37"))
    assert (end.exit_code, end.signal, end.cause) == (37, None, None)
    assert end.cpu is not None
    assert end.cpu >= 0


async def test_signal_is_reported(bench: Bench) -> None:
    """A leader killed by a signal has that signal and no exit code."""
    end = await bench.ended(bench.shell("kill -USR1 $$"))
    assert (end.exit_code, end.signal) == (None, signal.SIGUSR1)


async def test_start_is_reported_with_its_ticks(bench: Bench) -> None:
    """The start ticks told for a pid hold the kernel's own, so that a later engine can know the process again."""
    attempt = bench.shell("echo up; exec sleep 1000")
    started = await bench.heard(attempt, Started)
    look = processes.look_at(started.pid)
    assert look is not None
    assert started.ticks <= look.ticks < started.ticks + started.ticks_span
    assert look.session == started.pid


async def test_output_arrives_byte_for_byte(bench: Bench) -> None:
    """Stdout and stderr go to one log, appended, with no byte changed."""
    data = bytes(range(256)) * 64
    (bench.folder / "data").write_bytes(data)
    bench.log("job:1.1").write_bytes(b"before\n")
    attempt = bench.shell("cat data; cat data >&2")
    await bench.ended(attempt)
    assert bench.log(attempt).read_bytes() == b"before\n" + data + data


async def test_log_is_private(bench: Bench) -> None:
    """A log that did not exist is made 0600, whatever the job's umask."""
    attempt = bench.launch("/bin/true", umask=0o000)
    await bench.ended(attempt)
    assert stat.S_IMODE(bench.log(attempt).stat().st_mode) == 0o600


async def test_environment_is_exactly_what_was_given(bench: Bench) -> None:
    """Nothing of the engine's or the keeper's environment reaches a run."""
    attempt = bench.launch("/usr/bin/env", env={"ONE": "1", "ÜMLAUT": "ä\udcff"})
    await bench.ended(attempt)
    assert sorted(bench.log(attempt).read_bytes().splitlines()) == [b"ONE=1", "ÜMLAUT=ä".encode() + b"\xff"]


async def test_cwd_and_umask_are_the_runs_own(bench: Bench) -> None:
    """A run starts in its folder and with its umask; the next one is not affected."""
    one = bench.launch("/bin/sh", "-c", "pwd; umask", cwd=str(bench.folder), umask=0o077)
    two = bench.launch("/bin/sh", "-c", "pwd; umask", cwd="/usr", umask=0o002)
    await bench.ended(one)
    await bench.ended(two)
    assert bench.log(one).read_text() == f"{bench.folder}\n0077\n"
    assert bench.log(two).read_text() == "/usr\n0002\n"


async def test_stdin_is_empty_or_the_text(bench: Bench) -> None:
    """Without a text stdin is at its end at once; with one, the text is all there is to read."""
    none = bench.shell("cat; echo over")
    text = bench.shell("cat; echo over", stdin="zwei\nöl\n")
    await bench.ended(none)
    await bench.ended(text)
    assert bench.log(none).read_text() == "over\n"
    assert bench.log(text).read_text() == "zwei\nöl\nover\n"


async def test_signals_are_at_their_defaults(bench: Bench) -> None:
    """A Python parent ignores SIGPIPE and the keeper others; a run must not: `yes | head` has to end."""
    attempt = bench.shell("grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; yes | head -n 1")
    end = await bench.ended(attempt)
    assert end.exit_code == 0
    blocked, ignored = (int(line.split()[1], 16) for line in bench.log(attempt).read_text().splitlines()[:2])
    of_libc = 1 << 31 | 1 << 32  # 32 and 33 belong to the C library: nobody can set them, they come from outside
    assert (blocked, ignored & ~of_libc) == (0, 0)


async def test_nothing_of_the_keeper_is_inherited(bench: Bench) -> None:
    """A run has three open files, the keeper's sockets are not among them."""
    attempt = bench.launch("/bin/ls", "/proc/self/fd")
    await bench.ended(attempt)
    assert bench.log(attempt).read_text().split() == ["0", "1", "2", "3"]  # 3: ls reads the folder


async def test_program_is_found_by_the_runs_path(bench: Bench) -> None:
    """A name without a slash is looked up in the PATH of the run, relative parts in its folder."""
    tool = bench.folder / "bin" / "my-tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho found\n")
    tool.chmod(0o755)
    attempt = bench.launch("my-tool", env={"PATH": "/usr/bin:bin"}, cwd=str(bench.folder))
    assert (await bench.ended(attempt)).exit_code == 0
    assert bench.log(attempt).read_text() == "found\n"


@pytest.mark.parametrize(
    ("argv", "fields", "code", "step"),
    [
        (("/no/such/program",), {}, errno.ENOENT, "exec"),
        (("no-such-program",), {}, errno.ENOENT, "exec"),
        (("/etc/passwd",), {}, errno.EACCES, "exec"),
        ((), {}, errno.EINVAL, "exec"),
        (("/bin/echo", "a\0b"), {}, errno.EINVAL, "exec"),
        (("/bin/true",), {"cwd": "/no/such/folder"}, errno.ENOENT, "cwd"),
        (("/bin/true",), {"log_path": "/no/such/folder/x.log"}, errno.ENOENT, "log"),
        (("/bin/true",), {"log_path": "/dev/null"}, errno.EINVAL, "log"),
    ],
)
async def test_failed_start_says_what_failed(
    bench: Bench, argv: tuple[str, ...], fields: dict[str, str], code: int, step: str
) -> None:
    """A start that fails reports errno and step, no process exists, and no end follows."""
    attempt = bench.launch(*argv, **fields)  # type: ignore[arg-type]  # cwd and log_path only, both texts
    failed = await bench.heard(attempt, SpawnFailed)
    assert (failed.errno, failed.step) == (code, step)
    after = bench.launch("/bin/true")
    await bench.ended(after)
    assert not bench.said(attempt, Ended)


async def test_log_that_is_no_file_is_refused(bench: Bench) -> None:
    """A FIFO or a symlink in the log's place neither hangs the keeper nor leads it astray."""
    fifo, link, victim = bench.folder / "fifo", bench.folder / "link", bench.folder / "victim"
    os.mkfifo(fifo)
    victim.write_text("")
    link.symlink_to(victim)
    attempts = [bench.launch("/bin/echo", "x", log_path=str(path)) for path in (fifo, link)]
    codes = [(await bench.heard(attempt, SpawnFailed)).errno for attempt in attempts]
    assert codes == [errno.ENXIO, errno.ELOOP]
    assert victim.read_text() == ""


async def test_large_launch_travels(bench: Bench) -> None:
    """An environment, a text and a batch far above a packet's size arrive whole."""
    text = "0123456789abcdef" * 65536
    big = {f"VAR_{n}": "x" * 100_000 for n in range(5)}
    attempt = bench.launch("/bin/sh", "-c", "wc -c; env | wc -c", env={**ENV, **big}, stdin=text)
    many = [bench.launch("/bin/true", env={**ENV, "PAD": "y" * 5000}) for _ in range(60)]
    await bench.ended(attempt)
    for one in many:
        assert (await bench.ended(one)).exit_code == 0
    counts = [int(line) for line in bench.log(attempt).read_text().split()]
    assert counts[0] == len(text)
    assert counts[1] > 500_000


async def test_launch_is_idempotent(bench: Bench) -> None:
    """The same attempt ordered twice starts once, while it runs and after its end."""
    attempt = bench.shell("echo x >> count")
    bench.submit(bench.launched[attempt])
    await bench.ended(attempt)
    bench.submit(bench.launched[attempt])
    await bench.ended(bench.launch("/bin/true"))
    assert (bench.folder / "count").read_text() == "x\n"


async def test_peak_memory_is_the_jobs_own(bench: Bench) -> None:
    """A job of 64 MiB has that peak; one below the keeper's own size has none that could be known, unless sampled."""
    big = bench.launch(sys.executable, "-I", "-S", "-c", "b = bytearray(64 << 20)")
    small = bench.launch("/bin/true")
    peak = (await bench.ended(big)).peak_rss
    assert peak is not None
    assert 64 << 20 < peak < 100 << 20
    assert (await bench.ended(small)).peak_rss is None


async def test_keeper_stays_small(bench: Bench) -> None:
    """Every child's peak starts at the keeper's: it has to stay near 11 MiB."""
    for attempt in [bench.launch("/bin/true") for _ in range(50)]:
        await bench.ended(attempt)
    assert usage.peak_of(bench.keeper_pid) < 14 << 20


async def test_keeper_is_shielded(bench: Bench) -> None:
    """It is in a session of its own with the root as folder; its socket is 0600; it is not dumpable."""
    pid = bench.keeper_pid
    look = processes.look_at(pid)
    assert look is not None
    assert look.session == pid
    assert stat.S_IMODE((bench.state / "keeper.sock").stat().st_mode) == 0o600
    if os.geteuid() == 0:
        assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    else:
        with pytest.raises(PermissionError):
            Path(f"/proc/{pid}/cwd").readlink()
    assert (bench.state / "keeper.log").read_text() == ""


async def test_what_is_ordered_while_the_keeper_starts_runs(tmp_path: Path) -> None:
    """An engine with nothing under way goes on while its keeper comes up; what it orders then is nothing of earlier."""
    bench = Bench(tmp_path)
    opening = asyncio.create_task(bench.open())
    await asyncio.sleep(0)
    attempt = bench.shell("exit 3")
    await opening
    assert (await bench.ended(attempt)).exit_code == 3
    await bench.clear()


async def test_the_end_says_whether_the_run_hands_anything_on(bench: Bench) -> None:
    """A link counts, wherever it leads: that it is refused is said by who reads it. A run without such a file: not known."""
    env = {name: {**ENV, "JOB_OUTPUT": str(bench.folder / name)} for name in ("none", "file", "link")}
    none = bench.launch("/bin/true", env=env["none"])
    file = bench.launch("/bin/sh", "-c", 'echo a=b > "$JOB_OUTPUT"', env=env["file"])
    link = bench.launch("/bin/sh", "-c", 'ln -s /nowhere "$JOB_OUTPUT"', env=env["link"])
    bare = bench.launch("/bin/true")
    assert [(await bench.ended(attempt)).handed_on for attempt in (none, file, link, bare)] == [False, True, True, None]


async def test_the_end_says_what_was_read_and_written(bench: Bench) -> None:
    """As much at least as the process itself counted (on a file system in memory: nothing), its children's included."""
    writes = "import os; f = open('big', 'wb'); f.write(bytes(8 << 20)); f.flush(); os.fsync(f.fileno())"
    counts = (
        f"import resource, subprocess, sys; subprocess.run([sys.executable, '-c', {writes!r}], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock * 512)"
    )
    attempt = bench.launch(sys.executable, "-c", counts, cwd=str(bench.folder))
    end = await bench.ended(attempt)
    told = int(bench.log(attempt).read_text())
    assert end.disk is not None
    assert end.disk.written >= told


async def test_samples_say_what_has_been_read_and_written_so_far(bench: Bench) -> None:
    """By /proc/PID/io, which says the same of the process to itself."""
    script = (
        "import os, time; f = open('big', 'wb'); f.write(bytes(4 << 20)); f.flush(); os.fsync(f.fileno());"
        "print(open('/proc/self/io').read(), flush=True); time.sleep(1000)"
    )
    attempt = bench.launch(sys.executable, "-c", script, cwd=str(bench.folder))
    await bench.wrote(attempt, "write_bytes")
    told = dict(line.split(": ") for line in bench.log(attempt).read_text().split("\n") if ": " in line)
    await bench.until(
        lambda: any(
            one.disk is not None and one.disk.written >= int(told["write_bytes"])
            for one in bench.said(attempt, Sampled)
        )
    )
