"""What a job may ask for beyond a plain start: it holds when its program begins, or the start fails and says which part."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import sys
from pathlib import Path

import pytest

from engine.executors.local.keeper import forking
from engine.ports.executor import Ended, Identity, SpawnFailed, Started, Stop
from engine.spec.limits import UNLIMITED, IoClass, IoNice, Limits
from tests.integration.local.bench import ENV, Bench, eventually

NOBODY = Identity(65534, 65534, (65534, 1))
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")


async def said(bench: Bench, *argv: str, **fields: object) -> list[str]:
    """What a run wrote, by line."""
    attempt = bench.launch(*argv, **fields)  # type: ignore[arg-type]  # passed on by name
    end = await bench.ended(attempt)
    assert end.exit_code == 0, bench.log(attempt).read_text()
    return bench.log(attempt).read_text().splitlines()


async def test_limits_of_each_process_hold_when_it_begins(bench: Bench) -> None:
    limits = Limits(cpu_time=7, nofile=64, nproc=500, fsize=1 << 20, core=0)
    lines = await said(bench, "/bin/cat", "/proc/self/limits", limits=limits)
    found = {line[:26].strip(): line[26:].split()[:2] for line in lines}
    assert found["Max cpu time"] == ["7", str(7 + forking.CPU_TIME_GRACE)]
    assert found["Max open files"] == ["64", "64"]
    assert found["Max processes"] == ["500", "500"]
    assert found["Max file size"] == [str(1 << 20)] * 2
    assert found["Max core file size"] == ["0", "0"]


async def test_the_keeper_and_the_next_run_are_not_affected(bench: Bench) -> None:
    before = resource.prlimit(bench.keeper_pid, resource.RLIMIT_NOFILE)
    niceness = os.getpriority(os.PRIO_PROCESS, bench.keeper_pid)
    await said(
        bench, "/bin/true", limits=Limits(nofile=16, nice=11, affinity=(min(os.sched_getaffinity(0)),)), umask=0o077
    )
    assert resource.prlimit(bench.keeper_pid, resource.RLIMIT_NOFILE) == before
    assert os.getpriority(os.PRIO_PROCESS, bench.keeper_pid) == niceness
    assert await said(bench, "/bin/sh", "-c", "umask; nice") == ["0022", str(niceness)]


async def test_cores_without_bound_can_be_asked_for(bench: Bench) -> None:
    hard = resource.prlimit(bench.keeper_pid, resource.RLIMIT_CORE)[1]
    if hard != resource.RLIM_INFINITY:
        pytest.skip("the tests themselves may not have them")
    assert await said(bench, "/bin/sh", "-c", "ulimit -c", limits=Limits(core=UNLIMITED)) == ["unlimited"]


async def test_niceness_affinity_and_io_class_hold_when_it_begins(bench: Bench) -> None:
    show = "import os; print(os.getpriority(0, 0), sorted(os.sched_getaffinity(0)))"
    cpu = min(os.sched_getaffinity(0))
    limits = Limits(nice=7, affinity=(cpu,), ionice=IoNice(IoClass.BEST_EFFORT, 6))
    assert await said(bench, sys.executable, "-c", show, limits=limits) == [f"7 [{cpu}]"]
    assert (await said(bench, "ionice", limits=limits))[0] == "best-effort: prio 6"
    assert (await said(bench, "ionice", limits=Limits(ionice=IoNice(IoClass.IDLE))))[0] == "idle"


async def test_niceness_counts_against_other_sessions(bench: Bench) -> None:
    """With autogroups the kernel shares time among sessions first: the session has the niceness, too."""
    attempt = bench.launch("/bin/sleep", "1000", limits=Limits(nice=7))
    pid = (await bench.heard(attempt, Started)).pid
    file = Path(f"/proc/{pid}/autogroup")
    if not file.exists() or "/autogroup-" not in file.read_text():
        pytest.skip("no autogroups on this kernel")
    await eventually(lambda: file.read_text().endswith("nice 7\n"))


async def test_cpu_time_ends_a_process_by_its_own_signal(bench: Bench) -> None:
    end = await bench.ended(bench.launch(sys.executable, "-c", "while True: pass", limits=Limits(cpu_time=1)))
    assert (end.signal, end.cause) == (signal.SIGXCPU, None)
    assert end.cpu is not None
    assert end.cpu > 0.5


async def test_a_start_is_as_any_other(bench: Bench) -> None:
    """Standard files, session, signals, environment: nothing depends on the way of the start."""
    script = "grep -E '^Sig(Blk|Ign)' /proc/self/status | sed s/180000000/000000000/; "  # those are the C library's own
    script += "ls /proc/self/fd | tr '\\n' ' '; ps -o sid= -p $$; echo $$; cat; env"
    plain = bench.launch("/bin/sh", "-c", script, env={**ENV, "A": "ä"}, stdin="text\n", cwd="/usr")
    asked = bench.launch(
        "/bin/sh", "-c", script, env={**ENV, "A": "ä"}, stdin="text\n", cwd="/usr", limits=Limits(nice=19)
    )
    for attempt in (plain, asked):
        assert (await bench.ended(attempt)).exit_code == 0
    one, two = (bench.log(attempt).read_text().splitlines() for attempt in (plain, asked))
    assert one[3].strip() == one[2].split()[-1]
    assert two[3].strip() == two[2].split()[-1]
    assert [*one[:2], *one[4:]] == [*two[:2], *two[4:]]
    started = bench.said(asked, Started)[0]
    assert started.ticks_span >= 1


@pytest.mark.parametrize(
    ("argv", "cwd", "limits", "code", "step"),
    [
        (("/no/such/program",), "/", Limits(nice=19), errno.ENOENT, "exec"),
        (("/etc/passwd",), "/", Limits(nice=19), errno.EACCES, "exec"),
        ((), "/", Limits(nice=19), errno.EINVAL, "exec"),
        (("/bin/echo", "a\0b"), "/", Limits(nice=19), errno.EINVAL, "exec"),
        (("/bin/true",), "/no/such/folder", Limits(nice=19), errno.ENOENT, "cwd"),
        (("/bin/true",), "/", Limits(affinity=(8191,)), errno.EINVAL, "affinity"),
    ],
)
async def test_a_failed_start_says_what_failed(
    bench: Bench, argv: tuple[str, ...], cwd: str, *, limits: Limits, code: int, step: str
) -> None:
    attempt = bench.launch(*argv, cwd=cwd, limits=limits)
    failed = await bench.heard(attempt, SpawnFailed)
    assert (failed.errno, failed.step) == (code, step)
    await bench.ended(bench.launch("/bin/true"))
    assert not bench.said(attempt, Ended)


@as_root
async def test_a_run_is_its_user_in_every_respect(bench: Bench) -> None:
    lines = await said(bench, "grep", "-E", "^(Uid|Gid|Groups|CapEff)", "/proc/self/status", identity=NOBODY)
    ids = "\t".join(["65534"] * 4)
    assert lines[:2] == [f"Uid:\t{ids}", f"Gid:\t{ids}"]
    assert sorted(lines[2].split()[1:]) == ["1", "65534"]
    assert int(lines[3].split()[1], 16) == 0, "no capability is left"


@as_root
@pytest.mark.parametrize(
    "identity", [Identity(-1 % (1 << 32), 65534, (65534,)), Identity(65534, -1 % (1 << 32), (65534,))]
)
async def test_the_number_that_means_no_change_is_nobody(bench: Bench, identity: Identity) -> None:
    """setresuid(2) takes -1 for "as it is": such a run would be root's."""
    failed = await bench.heard(bench.launch("/bin/true", identity=identity), SpawnFailed)
    assert (failed.step, failed.errno) == ("user", errno.EINVAL)


async def test_a_number_beyond_all_users_fails_its_own_start_alone(bench: Bench) -> None:
    living = bench.launch("/bin/sleep", "1000")
    env = {**ENV, "JOB_OUTPUT": str(bench.folder / "1.out")}
    failed = await bench.heard(bench.launch("/bin/true", env=env, identity=Identity(1 << 40, 1, (1,))), SpawnFailed)
    assert (failed.step, failed.errno) == ("user", errno.EINVAL)
    bench.submit(Stop(living, signal.SIGTERM, 1.0))
    assert (await bench.ended(living)).signal == signal.SIGTERM


@as_root
async def test_its_folder_and_program_are_those_of_its_user(bench: Bench) -> None:
    """What only root may enter or execute is refused to the run, not opened for it."""
    closed = bench.folder / "closed"
    closed.mkdir(mode=0o700)
    failed = await bench.heard(bench.launch("/bin/true", cwd=str(closed), identity=NOBODY), SpawnFailed)
    assert (failed.step, failed.errno) == ("cwd", errno.EACCES)


@as_root
async def test_what_it_hands_on_reaches_a_folder_that_it_cannot_enter(bench: Bench) -> None:
    bench.folder.chmod(0o700)
    output = bench.folder / "1.out"
    script = f'echo one=1 >> $JOB_OUTPUT; {sys.executable} -c pass; (echo two=2 >> "$JOB_OUTPUT"); cat {output}'
    attempt = bench.launch("/bin/sh", "-c", script, env={**ENV, "JOB_OUTPUT": str(output)}, identity=NOBODY)
    assert (await bench.ended(attempt)).exit_code == 1, "by its name the file is out of reach"
    assert output.read_text() == "one=1\ntwo=2\n"
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


@as_root
async def test_stop_and_pause_reach_the_processes_of_another_user(bench: Bench) -> None:
    attempt = bench.launch("/bin/sh", "-c", "setsid sleep 1000 & sleep 1000", identity=NOBODY, timeout=0.5, grace=0.0)
    end = await bench.ended(attempt)
    assert end.left_behind == ()
    assert bench.members(attempt) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do all of it")
@pytest.mark.parametrize(
    ("limits", "identity", "code", "step"),
    [
        (Limits(nice=-5), None, errno.EACCES, "nice"),
        (Limits(nofile=1 << 29), None, errno.EPERM, "nofile"),
        (Limits(ionice=IoNice(IoClass.REALTIME)), None, errno.EPERM, "ionice"),
        (Limits(), NOBODY, errno.EPERM, "user"),
    ],
)
async def test_what_only_root_may_do_is_refused_by_name(
    bench: Bench, limits: Limits, identity: Identity | None, code: int, step: str
) -> None:
    failed = await bench.heard(bench.launch("/bin/true", limits=limits, identity=identity), SpawnFailed)
    assert (failed.errno, failed.step) == (code, step)


async def test_the_keeper_says_what_can_be_enforced(bench: Bench) -> None:
    """As it found it at its start: for `doctor`'s words on a System screen."""
    held = {one.limit: one.how for one in bench.executor.enforced}
    assert held["memory"].startswith(("watchdog", "kernel"))
    assert held["stop, pause"].startswith(("cgroup", "inherited tag"))
