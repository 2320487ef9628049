"""From a claimed run to the order that starts it: argv, the clean environment of the contract, folder, log file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from engine.clock import Instant, moment
from engine.core.course import OUTPUTS, SIDES, Step, command_of
from engine.core.retry import attempt_timeout
from engine.core.state import Attempt, Run
from engine.executors.call.child import child_argv, child_env
from engine.executors.local import patterns
from engine.logs.masking import marks_of, marks_path
from engine.logs.outputs import last_lines
from engine.logs.secret_child import fault_of
from engine.model.outcome import Outcome
from engine.ports.executor import Calling, Home, Identity, Launch
from engine.runtime.environment import TOLD, inherited
from engine.runtime.identity import identity_of, user_facts
from engine.runtime.secrets import fetching, mark, read_now
from engine.spec.command import Argv, Call, Command, PythonFunction, Shell
from engine.spec.hooks import CommandHolds, Condition, FileExists, TextMatches, VariableMatches
from engine.spec.job import JobSpec, OnLeftBehind
from engine.spec.limits import NO_LIMITS
from engine.spec.secret import FromCommand
from engine.spec.template import at_start, variable

PATTERNS: Final = (sys.executable, "-I", "-S", patterns.__file__)
"""Matches users' patterns in a process of its own."""

LOOK_TIMEOUT: Final = 60.0
"""Seconds for a precondition, and for reading outputs out of a log."""


def step_timeout(run: Run, step: Step) -> float | None:
    """Seconds that this step of the run may take, pauses left out; None: any."""
    if step.slot is not None:
        hook = run.spec.hooks.get(step.slot)
        return LOOK_TIMEOUT if hook is None else hook.timeout
    return attempt_timeout(run) if step.main else LOOK_TIMEOUT


class Launcher:
    """Builds launches. `environ` is the engine's environment, of which only what the contract names passes on."""

    def __init__(
        self,
        logs: Path,
        environ: Mapping[str, str],
        default_zone: str,
        *,
        make_folders: bool = True,
        secrets: bool = True,
    ) -> None:
        self._logs = str(logs)
        self._make_folders = make_folders
        self._reads_secrets = secrets
        self._environ = dict(environ)
        self._default_zone = default_zone
        self._user = user_facts(environ)
        self._folders: set[str] = set()

    def give_log(self, run: Run) -> None:
        """Where the run's output goes: `logs/JOB/N.log` (`N.HASH.log` of a shard), one file for all its attempts.

        Known, and on record, with its claim.
        """
        if run.log_path is None:
            shard = "" if run.shard is None else f".{run.shard.file_key}"
            run.log_path = f"{self._logs}/{run.job.id}/{run.occurrence}{shard}.log"

    def runs_log(self, run: Run) -> str:
        """The job's `runs.log`."""
        return f"{self._logs}/{run.job.id}/runs.log"

    def launch(self, run: Run, attempt: Attempt) -> Launch:
        """The order for an attempt of the run. SecretUnavailable, UnknownAccount."""
        spec, step = run.spec, attempt.step
        assert run.log_path is not None
        facts = self._facts(run, attempt)
        handed_on: dict[str, str] = {}
        if run.job.needed:
            names, handed_on = self._needs_facts(run)
            facts |= names
        command = command_of(spec, step)
        log_path = run.log_path if step.main else self._beside(run, "outputs" if step == OUTPUTS else "hooks.log")
        timeout = step_timeout(run, step)
        calling = self._calling(run, attempt, command)
        secrets = self._secrets(run, command)
        if isinstance(command, Call):
            return Launch(
                attempt=attempt.id,
                argv=(),
                env={},
                cwd="",
                log_path=log_path,
                tag=attempt.tag,
                timeout=timeout,
                grace=spec.stop.grace,
                slot=step.kind not in SIDES,
                waits=attempt.waits,
                calling=calling,
            )
        matrix = {} if run.shard is None else run.shard.env()
        env = {**self._env(spec, facts), **secrets, **run.given.values, **matrix, **handed_on}
        if step.main:
            env["JOB_OUTPUT"] = self._beside(run, "out")
        elif step.slot is not None:
            env |= self._hook_facts(run)
        argv, stdin = self._argv(run, command, step, facts, env)
        if spec.secrets and command is not None:
            argv, more = fetching(
                spec.secrets, spec.shell, facts, argv, (run.log_path, attempt.id, env.get("LC_CTYPE"))
            )
            env |= more
        return Launch(
            attempt=attempt.id,
            argv=argv,
            env=env | child_env(calling, log_path),
            cwd=at_start(spec.working_dir, facts) or "/",
            log_path=log_path,
            tag=attempt.tag,
            umask=spec.umask,
            stdin=stdin,
            timeout=timeout,
            stop_signal=int(spec.stop.signal),
            grace=spec.stop.grace,
            slot=step.kind not in SIDES,
            waits=attempt.waits,
            idle=spec.timeout.idle if step.main else None,
            limits=spec.limits if step.main else NO_LIMITS,
            monitor=spec.monitor,
            calling=calling,
            left_behind=spec.left_behind if step.main else OnLeftBehind.RELEASE,
            identity=self._identity(spec, argv),
        )

    def _identity(self, spec: JobSpec, argv: tuple[str, ...]) -> Identity | None:
        """As the job's user, all but what reads the run's log for its outputs or matches a text: that is ours. UnknownAccount."""
        return None if argv[: len(PATTERNS)] == PATTERNS else identity_of(spec.user, spec.group)

    def _secrets(self, run: Run, command: Command | None) -> dict[str, str]:
        """Those of an attempt that runs something of the job's, and that are not printed by commands. SecretUnavailable."""
        spec, given = run.spec, run.given
        if not (spec.secrets or given.secret) or command is None:
            return {}
        assert run.log_path is not None
        secrets = {} if isinstance(command, Call) or not self._reads_secrets else read_now(spec.secrets, self._environ)
        mark(run.log_path, secrets | {name: given.values[name] for name in given.secret & given.values.keys()})
        return secrets

    def unstarted(self, run: Run, attempt: Attempt) -> str:
        """Why the program of an attempt that ended was never run; empty: it was."""
        if run.log_path is None or not any(isinstance(one, FromCommand) for one in run.spec.secrets.values()):
            return ""
        return fault_of(marks_path(run.log_path), attempt.id) or ""

    def hide(self, run: Run) -> Callable[[str], str] | None:
        """Hides the run's secrets in a text that is to stand on its record; None: it has none."""
        if run.log_path is None or not (run.spec.secrets or run.given.secret):
            return None
        marks = marks_of(run.log_path)
        return None if marks is None else marks.hide_text

    def outputs_file(self, run: Run, attempt: Attempt) -> str | None:
        """Where the attempt leaves what it hands on; None: it cannot hand on anything."""
        if attempt.step.main and run.home is not Home.CALL:
            return self._beside(run, "out")
        return self._beside(run, "outputs") if attempt.step == OUTPUTS else None

    def _beside(self, run: Run, ending: str) -> str:
        """A file of the run beside its log."""
        assert run.log_path is not None
        return f"{run.log_path.removesuffix('.log')}.{ending}"

    def new_folders(self, claims: Iterable[tuple[Run, Attempt]]) -> list[str]:
        """Log folders that these claims will need and that were not asked for before.

        They are made by the store's thread ahead of the commit: an mkdir on the loop waits for a sync that is under way
        (0.6 ms each, a third of the whole throughput).
        """
        wanted = {f"{self._logs}/{run.job.id}" for run, _ in claims} - self._folders
        self._folders |= wanted
        return sorted(wanted)

    def make_folder_anew(self, run: Run) -> None:
        """The run's log folder was removed while the engine ran. OSError if it cannot be had."""
        os.makedirs(f"{self._logs}/{run.job.id}", mode=0o700, exist_ok=True)  # noqa: PTH103 - beside its like in the store

    def _argv(
        self, run: Run, command: Command | None, step: Step, facts: Mapping[str, str], env: Mapping[str, str]
    ) -> tuple[tuple[str, ...], str]:
        """The arguments, and what stands on standard input."""
        spec = run.spec
        match command:
            case Shell(text=text):
                argv: tuple[str, ...] = (*spec.shell, text)
            case Argv(args=args):
                argv = tuple(at_start(arg, facts) for arg in args)
            case PythonFunction(text=text):
                argv = child_argv(text)
            case Call():
                argv = ()
            case None if step == OUTPUTS:
                assert run.log_path is not None
                return (*PATTERNS, "find", run.log_path), json.dumps(dict(spec.outputs))
            case None:
                return self._look(spec.conditions[step.index], facts, env)
        return argv, at_start(spec.stdin, facts) if step.main else ""

    def _look(
        self, condition: Condition, facts: Mapping[str, str], env: Mapping[str, str]
    ) -> tuple[tuple[str, ...], str]:
        """A precondition that is no command, as one: looked at as the job's user, within a time limit."""
        match condition:
            case FileExists(path=path):
                return ("/usr/bin/test", "-e", at_start(path, facts)), ""
            case TextMatches(text=text, pattern=pattern):
                return (*PATTERNS, "holds", pattern or "."), at_start(text, facts)
            case VariableMatches(name=name, pattern=pattern):
                return (*PATTERNS, "holds", pattern or "."), env.get(name, "")
            case CommandHolds():
                raise AssertionError("a command is run as it is")

    def _hook_facts(self, run: Run) -> dict[str, str]:
        """What a hook is told beside the job's environment (20-engine, Attempts). Values only, never shell text."""
        last = run.past[-1] if run.past else None
        verdict = run.course.verdict
        status = run.outcome or (verdict[0] if verdict else run.phase)
        reason = run.reason or (verdict[1] if verdict else None)
        code = run.exit_code if run.exit_code is not None else ""
        return {
            "EXIT_CODE": str(code),
            "RUN_STATUS": str(status),
            "ERROR": "" if status is Outcome.SUCCESS else str(reason or (last.reason if last else "") or ""),
            "LOG_FILE": run.log_path or "",
            "LAST_LINES": last_lines(run.log_path or ""),
        }

    def _calling(self, run: Run, attempt: Attempt, command: Command | None) -> Calling | None:
        if not isinstance(command, Call | PythonFunction):
            return None
        return Calling(
            function=command.function if isinstance(command, Call) else None,
            job_id=run.job.id,
            run_id=run.run_id,
            number=attempt.number,
            scheduled_at=moment(run.planned_at),
            data=run.data,
            job_data=run.job.data,
            pause_timeout=run.spec.pause_timeout,
            params=run.given.values,
        )

    def _env(self, spec: JobSpec, facts: Mapping[str, str]) -> dict[str, str]:
        """10-job-file, Environment of a job: the same at a desk, under systemd and after a reboot."""
        user = self._user if spec.user is None else user_facts(self._environ, spec.user)
        env = {**user, "TZ": spec.timezone or self._default_zone}
        env |= inherited(spec, self._environ)
        env.update((name, facts[name]) for name in TOLD)
        for name, value in spec.env.items():
            env[name] = at_start(value, facts)
        return env

    def _needs_facts(self, run: Run) -> tuple[dict[str, str], dict[str, str]]:
        """Outputs of the needed jobs' last runs: as names of templates, and as variables."""
        names: dict[str, str] = {}
        env: dict[str, str] = {}
        for needed in run.job.needed:
            for key, value in needed.outputs.items():
                names[f"needs.{needed.id}.outputs.{key}"] = value
                env[variable("needs", f"{needed.id}.outputs.{key}")] = value
        return names, env

    def _facts(self, run: Run, attempt: Attempt) -> dict[str, str]:
        scheduled_at, scheduled_date = _scheduled(run.planned_at)
        return {
            "JOB_ID": run.job.id,
            "RUN_ID": run.run_id,
            "JOB_RUN_ID": run.run_id,
            "ATTEMPT": str(attempt.number),
            "SCHEDULED_AT": scheduled_at,
            "SCHEDULED_DATE": scheduled_date,
            **{f"params.{name}": value for name, value in run.given.values.items()},
            **{f"matrix.{name}": value for name, value in (run.shard.values.items() if run.shard else ())},
        }


@lru_cache(maxsize=64)
def _scheduled(at: Instant) -> tuple[str, str]:
    """An instant and its day as runs are told; many runs are of one instant."""
    planned = moment(at)
    return planned.isoformat(), planned.date().isoformat()
