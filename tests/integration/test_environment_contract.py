"""10-job-file, Environment of a job: the contract, word for word, on real processes under engines that were started differently."""

from __future__ import annotations

import os
import pwd
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from tests.integration.program import EXECUTABLE, PATIENCE, Home

DESK = {
    "PATH": "/home/me/bin:/opt/tool/bin:" + os.environ["PATH"],
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "DISPLAY": ":0",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "de_DE.UTF-8",
    "SSH_AUTH_SOCK": "/run/agent",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus",
    "LS_COLORS": "di=1",
    "BASH_ENV": "/home/me/.env",
    "PYTHONPATH": "/home/me/lib",
    "VIRTUAL_ENV": "/home/me/venv",
    "EDITOR": "vi",
    "AWS_SECRET_ACCESS_KEY": "not for jobs",
}
SYSTEMD = {
    "PATH": os.environ["PATH"],
    "INVOCATION_ID": "0123456789abcdef",
    "JOURNAL_STREAM": "9:1",
    "NOTIFY_SOCKET": "@notify",
    "WATCHDOG_USEC": "30000000",
    "LISTEN_FDS": "1",
    "SYSTEMD_EXEC_PID": "1",
}

JOBS = """
engine: {timezone: Europe/Berlin}
jobs:
  bare: {command: [env, '-0']}
  full:
    command: [env, '-0']
    timezone: Asia/Tokyo
    inherit: [SSH_AUTH_SOCK, NOT_THERE]
    env_file: [file.env]
    env: {A: env, B: "${B}+env", OVER: env}
    secrets: {OVER: {file: secret}, S: {file: secret}, C: {command: echo printed}}
    params: {P: {default: p}, NONE: {}}
    matrix: {item: [x]}
  process:
    command: >-
      umask; pwd; readlink /proc/self/fd/0; tty; ulimit -Sn; ls -m /proc/$$/fd;
      ps -o sid= -p $$; echo $$
  signals: {command: [grep, "^Sig[BI]", /proc/self/status]}
  signals-after-secrets: {command: [grep, "^Sig[BI]", /proc/self/status], secrets: {S: {command: echo printed}}}
"""


def contract(job: str, home: Home, state: Path, *, lang: str, zone: str, run: str | None = None) -> dict[str, str]:
    """What the contract says, spelled out."""
    user = pwd.getpwuid(os.getuid())
    run_id = f"{run or job}:1"
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
        "SHELL": user.pw_shell,
        "LANG": lang,
        "TZ": zone,
        "JOB_ID": job,
        "RUN_ID": run_id,
        "JOB_RUN_ID": run_id,
        "ATTEMPT": "1",
    }


def printed(path: Path) -> dict[str, str]:
    raw = path.read_bytes().decode()
    return dict(line.split("=", 1) for line in raw.split("\0") if line)


def run_engine(home: Home, environ: dict[str, str], **how: object) -> Path:
    """The state folder of an engine that ran the jobs with exactly this environment."""
    home.write(JOBS)
    (home.folder / "file.env").write_text("A=file\nB=file\nF=only-there\n")
    (home.folder / "secret").write_text("hunter2\n")
    (home.folder / "secret").chmod(0o600)
    state = home.folder / "state"
    done = subprocess.run(
        [EXECUTABLE, "--no-ui", "--until-idle", "--no-listen", "--state-dir", str(state), "jobs.yaml"],
        cwd=home.folder,
        env=environ | {"HOME": str(home.folder), "XDG_RUNTIME_DIR": str(home.folder / "runtime")},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        **how,  # type: ignore[call-overload] # arguments of many types
    )
    assert done.returncode == 0, done.stderr.decode()
    return state


@pytest.mark.parametrize(
    ("environ", "lang", "tmpdir"),
    [
        (DESK, "de_DE.UTF-8", None),
        (SYSTEMD, "C.UTF-8", None),
        (SYSTEMD | {"TMPDIR": "/var/tmp"}, "C.UTF-8", "/var/tmp"),
    ],
    ids=["desk", "systemd", "systemd with TMPDIR"],
)
def test_the_environment_is_the_contract_and_nothing_else(
    home: Home, environ: dict[str, str], lang: str, tmpdir: str | None
) -> None:
    """80-security: environment leaks (engine's agents, NOTIFY_SOCKET, tokens)."""
    state = run_engine(home, environ)
    times = {"SCHEDULED_AT", "SCHEDULED_DATE"}
    more = {} if tmpdir is None else {"TMPDIR": tmpdir}

    bare = printed(state / "logs/bare/1.log")
    assert {name: value for name, value in bare.items() if name not in times} == {
        **contract("bare", home, state, lang=lang, zone="Europe/Berlin"),
        **more,
        "JOB_OUTPUT": str(state / "logs/bare/1.out"),
    }
    assert bare["SCHEDULED_AT"].startswith(bare["SCHEDULED_DATE"])
    assert times <= bare.keys()

    (log,) = (state / "logs/full").glob("1.*.log")
    inherited = {"SSH_AUTH_SOCK": environ["SSH_AUTH_SOCK"]} if "SSH_AUTH_SOCK" in environ else {}
    assert {name: value for name, value in printed(log).items() if name not in times} == {
        **contract("full", home, state, lang=lang, zone="Asia/Tokyo", run="full[x]"),
        **more,
        **inherited,
        "JOB_OUTPUT": str(log)[: -len("log")] + "out",
        "F": "only-there",
        "A": "env",
        "B": "file+env",
        "OVER": "hunter2",
        "S": "hunter2",
        "C": "printed",
        "P": "p",
        "MATRIX_ITEM": "x",
    }


def test_the_process_starts_as_the_contract_says_whatever_the_engine_was_started_with(home: Home) -> None:
    """umask, folder, standard input, no terminal, limits of the engine, no open files, default signal dispositions."""

    def unusual() -> None:
        os.umask(0o077)
        resource.setrlimit(resource.RLIMIT_NOFILE, (777, 777))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})

    state = run_engine(home, SYSTEMD, preexec_fn=unusual)
    lines = (state / "logs/process/1.log").read_text().splitlines()
    umask, folder, stdin, terminal, files, fds, session, pid = (one.strip() for one in lines)
    assert umask == "0022"
    assert folder == str(home.folder)
    assert stdin == "/dev/null"
    assert terminal == "not a tty"
    assert files == "777"
    assert fds == "0, 1, 2"  # without a pipe: the shell would have its ends open for a moment
    assert session == pid
    of_the_c_library = 0b11 << 31  # 32 and 33, which its posix_spawn ignores and no program can set
    for job in ("signals", "signals-after-secrets"):
        words = (state / f"logs/{job}/1.log").read_text().split()
        assert words[::2] == ["SigBlk:", "SigIgn:"]
        assert [int(word, 16) & ~of_the_c_library for word in words[1::2]] == [0, 0], job
