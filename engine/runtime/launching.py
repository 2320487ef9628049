"""From a claimed run to the order that starts it: argv, the clean environment of the contract, folder, log file."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from engine.clock import moment
from engine.core.state import Run
from engine.executors.call.child import child_argv, child_env
from engine.ports.executor import Calling, Launch
from engine.spec.job import Argv, Call, JobSpec, PythonFunction, Shell
from engine.spec.template import at_start

CLEAN_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Launcher:
    """Builds launches. `environ` is the engine's environment, of which only what the contract names passes on."""

    def __init__(self, logs: Path, environ: Mapping[str, str], default_zone: str, *, make_folders: bool = True) -> None:
        self._logs = str(logs)
        self._make_folders = make_folders
        self._environ = dict(environ)
        self._default_zone = default_zone
        self._user = _user_facts(environ)
        self._folders: set[str] = set()

    def log_path(self, run: Run) -> str:
        """Where the run's output goes: `logs/JOB/N.log`, one file for all its attempts."""
        return f"{self._logs}/{run.job.id}/{run.run_id.rpartition(':')[2]}.log"

    def runs_log(self, run: Run) -> str:
        """The job's `runs.log`."""
        return f"{self._logs}/{run.job.id}/runs.log"

    def launch(self, run: Run) -> Launch:
        """The order for the run's current attempt."""
        spec, attempt = run.job.spec, run.attempt
        assert attempt is not None
        facts = self._facts(run)
        if run.log_path is None:
            run.log_path = self.log_path(run)
        calling = self._calling(run)
        if isinstance(spec.command, Call):
            return Launch(
                attempt=attempt.id,
                argv=(),
                env={},
                cwd="",
                log_path=run.log_path,
                tag=attempt.tag,
                timeout=spec.timeout.run,
                grace=spec.stop.grace,
                waits=True,
                calling=calling,
            )
        return Launch(
            attempt=attempt.id,
            argv=self._argv(spec, facts),
            env=self._env(spec, facts) | child_env(calling, run.log_path),
            cwd=at_start(spec.working_dir, facts) or "/",
            log_path=run.log_path,
            tag=attempt.tag,
            umask=spec.umask,
            stdin=at_start(spec.stdin, facts),
            timeout=run.job.timeout,
            stop_signal=int(spec.stop.signal),
            grace=spec.stop.grace,
            waits=True,
            calling=calling,
        )

    def new_folders(self, claims: Iterable[Run]) -> list[str]:
        """Log folders that these claims will need and that were not asked for before.

        They are made by the store's thread ahead of the commit: an mkdir on the loop waits for a sync that is under way
        (0.6 ms each, a third of the whole throughput).
        """
        wanted = {f"{self._logs}/{run.job.id}" for run in claims} - self._folders
        self._folders |= wanted
        return sorted(wanted)

    def make_folder_anew(self, run: Run) -> None:
        """The run's log folder was removed while the engine ran. OSError if it cannot be had."""
        os.makedirs(f"{self._logs}/{run.job.id}", mode=0o700, exist_ok=True)  # noqa: PTH103 - beside its like in the store

    def _argv(self, spec: JobSpec, facts: Mapping[str, str]) -> tuple[str, ...]:
        match spec.command:
            case Shell(text=text):
                return (*spec.shell, text)
            case Argv(args=args):
                return tuple(at_start(arg, facts) for arg in args)
            case PythonFunction(text=text):
                return child_argv(text)
            case Call():
                return ()

    def _calling(self, run: Run) -> Calling | None:
        spec, attempt = run.job.spec, run.attempt
        assert attempt is not None
        if not isinstance(spec.command, Call | PythonFunction):
            return None
        return Calling(
            function=spec.command.function if isinstance(spec.command, Call) else None,
            job_id=run.job.id,
            run_id=run.run_id,
            number=attempt.number,
            scheduled_at=moment(run.planned_at),
            data=run.data,
            job_data=run.job.data,
            pause_timeout=spec.pause_timeout,
        )

    def _env(self, spec: JobSpec, facts: Mapping[str, str]) -> dict[str, str]:
        """10-job-file, Environment of a job: the same at a desk, under systemd and after a reboot."""
        env = {**self._user, "TZ": spec.timezone or self._default_zone}
        names = self._environ if "*" in spec.inherit else spec.inherit
        env.update((name, self._environ[name]) for name in names if name in self._environ)
        env.update(facts)
        for name, value in spec.env.items():
            env[name] = at_start(value, facts)
        return env

    def _facts(self, run: Run) -> dict[str, str]:
        assert run.attempt is not None
        planned = moment(run.planned_at)
        return {
            "JOB_ID": run.job.id,
            "RUN_ID": run.run_id,
            "JOB_RUN_ID": run.run_id,
            "ATTEMPT": str(run.attempt.number),
            "SCHEDULED_AT": planned.isoformat(),
            "SCHEDULED_DATE": planned.date().isoformat(),
        }


def _user_facts(environ: Mapping[str, str]) -> dict[str, str]:
    uid = os.getuid()
    try:
        entry = pwd.getpwuid(uid)
        home, name, shell = entry.pw_dir, entry.pw_name, entry.pw_shell or "/bin/sh"
    except KeyError:  # a container's arbitrary uid has no entry
        home, name, shell = environ.get("HOME", "/"), str(uid), "/bin/sh"
    facts = {
        "PATH": CLEAN_PATH,
        "HOME": home,
        "USER": name,
        "LOGNAME": name,
        "SHELL": shell,
        "LANG": environ.get("LANG") or "C.UTF-8",
    }
    if "TMPDIR" in environ:
        facts["TMPDIR"] = environ["TMPDIR"]
    return facts
