"""`limits`, `user` and `group` of a job: what is read, what is refused, and what it looks like again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobfile import Loaded, load
from engine.jobfile.showing import show_job
from engine.spec.job import JobSpec
from engine.spec.limits import UNLIMITED, IoClass, IoNice, Limits, OnExceed, Remedy

Load = Callable[..., Loaded]

ALL = """\
command: x
user: root
group: root
limits:
  cpu: 1.5
  memory: 512M
  cpu_time: 90s
  nofile: 256
  nproc: 64
  fsize: 2GiB
  core: 0
  nice: 10
  ionice: best-effort:7
  affinity: 0-2,5
  on_exceed: {memory: pause, cpu: kill, sustain: 10s}
"""


def findings(loaded: Loaded) -> list[str]:
    """`line:column: severity: path: …` of each."""
    return [str(found).rpartition("jobs.yaml:")[2] for found in loaded.diagnostics]


def job(loaded: Loaded) -> JobSpec:
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0]


def test_every_limit_is_read(load_job: Load) -> None:
    spec = job(load_job(ALL))
    assert (spec.user, spec.group) == ("root", "root")
    assert spec.limits == Limits(
        cpu=1.5,
        memory=512 << 20,
        cpu_time=90,
        nofile=256,
        nproc=64,
        fsize=2 << 30,
        core=0,
        nice=10,
        ionice=IoNice(IoClass.BEST_EFFORT, 7),
        affinity=(0, 1, 2, 5),
        on_exceed=OnExceed(Remedy.PAUSE, Remedy.KILL, 10.0),
    )


@pytest.mark.parametrize(
    ("written", "limits"),
    [
        ("affinity: [3, 1, 1]", Limits(affinity=(1, 3))),
        ("affinity: 4", Limits(affinity=(4,))),
        ("ionice: idle", Limits(ionice=IoNice(IoClass.IDLE))),
        ("ionice: realtime", Limits(ionice=IoNice(IoClass.REALTIME, 4))),
        ("core: unlimited", Limits(core=UNLIMITED)),
        ("cpu_time: 1500ms", Limits(cpu_time=2)),
        ("nice: -5", Limits(nice=-5)),
    ],
)
def test_limits_have_their_short_and_long_forms(load_job: Load, written: str, limits: Limits) -> None:
    assert job(load_job(f"command: x\nlimits: {{{written}}}")).limits == limits


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("nice: 20", "is 20, outside -20 to 19"),
        ("ionice: batch", "expected idle, best-effort[:0-7] or realtime[:0-7]"),
        ("ionice: idle:3", "expected idle, best-effort[:0-7] or realtime[:0-7]"),
        ("affinity: []", "expected numbers of processors"),
        ("affinity: 3-1", "expected numbers of processors"),
        ("affinity: [0, x]", "expected numbers of processors"),
        ("affinity: {a: 1}", "expected numbers of processors"),
        ("affinity: 9000", "names processors outside 0 to 8191"),
        ("cpu_time: 500ms", "must be at least 1s"),
        ("nofile: 2", "is 2, outside 3 to"),
        ("fsize: big", "big"),
        ("sustain: 1s", "is not a key of `limits`"),
    ],
)
def test_a_limit_that_no_process_could_have_is_refused(load_job: Load, written: str, message: str) -> None:
    (found,) = findings(load_job(f"command: x\nlimits: {{{written}}}"))
    assert message in found
    assert ": error: jobs.a.limits" in found


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("limits: {memory: 1G, on_exceed: {memory: throttle}}", "memory cannot be throttled"),
        ("limits: {memory: 1G, on_exceed: {memory: slow}}", "expected one of kill, throttle, pause, warn"),
        ("limits: {memory: 1G, on_exceed: {cpu: warn}}", "belongs to `limits.cpu`, which is not set"),
        ("limits: {cpu: 1, on_exceed: {cpu: pause}}\npausable: false", "the job cannot be paused"),
        ("limits: {cpu: 1, on_exceed: kill}", "expected a map"),
    ],
)
def test_a_remedy_that_cannot_be_had_is_refused(load_job: Load, written: str, message: str) -> None:
    (found,) = findings(load_job(f"command: x\n{written}"))
    assert message in found
    assert ": error: jobs.a.limits.on_exceed" in found


def test_limits_and_users_are_shown_as_they_load(load_job: Load, tmp_path: Path) -> None:
    loaded = load_job(ALL)
    (tmp_path / "again.yaml").write_text(show_job(job(loaded), loaded.resolved["a"], {}, resolved=False))
    assert job(load(tmp_path / "again.yaml", {})) == job(loaded)


def test_an_unknown_user_or_group_is_warned_about(load_job: Load) -> None:
    """A warning: the file may be checked on another machine than the one it is for."""
    assert findings(load_job("command: x\nuser: nobody-of-that-name\ngroup: none-either")) == [
        '4:11: warning: jobs.a.user: there is no user "nobody-of-that-name" on this machine',
        '5:12: warning: jobs.a.group: there is no group "none-either" on this machine',
    ]


def test_another_user_needs_root(load_job: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    (found,) = findings(load_job("command: x\nuser: root"))
    assert found.startswith("4:11: warning: jobs.a.user: needs an engine that root runs, and this is user 12345")
    assert findings(load_job("command: x\nuser: 12345")) == []


@pytest.mark.parametrize("name", ["a b", "''", "../x", "-x", "a:b"])
def test_what_no_account_is_called_is_an_error(load_job: Load, name: str) -> None:
    (found,) = findings(load_job(f"command: x\nuser: {name}"))
    assert "error: jobs.a.user: expected a name or a number" in found


@pytest.mark.parametrize("key", ["user", "group"])
def test_a_number_that_nobody_can_have_is_an_error(load_job: Load, key: str) -> None:
    """The last one, 4294967295, is the kernel's word for "as it is": such a job would run as root."""
    (found,) = findings(load_job(f"command: x\n{key}: 4294967295"))
    assert f"error: jobs.a.{key}: is beyond 4294967294, the last number" in found


def test_what_passes_through_the_engines_folder_cannot_be_of_another_user(
    load_job: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert [
        found.partition(": ")[2].partition(": ")[2][:60] for found in findings(load_job("python: m:f\nuser: root"))
    ] == ["jobs.a.python: cannot stand beside `user` (line 4): what a f"]
    (found,) = findings(load_job("command: x\ngroup: root\nsecrets: {T: {command: y}, U: {env: COLOUR}}"))
    assert "jobs.a.secrets.T: a command cannot give a secret to somebody else's job (`group`, line 4)" in found
