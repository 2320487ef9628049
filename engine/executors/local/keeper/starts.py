"""How runs begin: at once, or in line for a slot."""

from __future__ import annotations

from .forking import SpawnError
from .kernel import wall
from .run import Run
from .spawning import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .attempts import Attempts
    from .children import Children
    from .deadlines import Deadlines
    from .forking import Asked
    from .groups import Groups
    from .limits import Limits
    from .reports import Reports


class Starts:
    """The order `launch`, and who waits for a slot."""

    __slots__ = ("attempts", "children", "deadlines", "groups", "limits", "reports")

    def __init__(
        self,
        attempts: Attempts,
        reports: Reports,
        groups: Groups,
        children: Children,
        deadlines: Deadlines,
        limits: Limits,
    ) -> None:
        self.attempts = attempts
        self.reports = reports
        self.groups = groups
        self.children = children
        self.deadlines = deadlines
        self.limits = limits

    def launch(self, attempt: str, *rest: Any) -> None:  # Any: arguments of `start`, as they came from JSON
        """At once, or in line where `waits` (the last argument) says so. Known attempts are told again, never started again."""
        if attempt in self.attempts.alive:
            self.reports.add(self.attempts.alive[attempt].started())
        elif attempt in self.attempts.kept:
            self.reports.add(self.attempts.kept[attempt])
        elif attempt not in self.attempts.waiting:
            *now, waits = rest
            if waits:
                self.attempts.waiting[attempt] = now
            else:
                self.start(attempt, *now)

    def start(
        self, attempt: str, argv: list[str], env: dict[str, str], cwd: str, log_path: str, tag: int, umask: int,
        stdin: str, timeout: float | None, stop_signal: int, grace: float, slot: bool, idle: float | None,
        asked: Asked,
    ) -> None:  # fmt: skip
        at = wall()
        group = self.group_for(tag, asked) if asked is not None else ""
        if asked is not None and group:
            asked = {**asked, "cgroup": group}
        try:
            pid, ticks, span = spawn(argv, env, cwd, log_path, tag, umask, stdin, asked)
        except SpawnError as error:
            if group:
                self.groups.drop(group)
            self.attempts.keep(attempt, ["spawn_failed", attempt, at, error.code, error.step])
            return
        run = Run(attempt, tag, at, pid, ticks, span, slot)
        self.children.leaders[pid] = run
        run.group = group
        run.output = env.get("JOB_OUTPUT", "")
        self.admit(run, timeout, stop_signal, grace, idle, log_path, asked)
        self.reports.add(run.started())

    def group_for(self, tag: int, asked: dict[str, Any]) -> str:
        """A control group where a limit of the tree is asked for and we may have one, with what the kernel is to enforce."""
        if not self.groups.path or ("memory" not in asked and "cpu" not in asked):
            return ""
        kills, throttles = asked.get("on_memory", "kill") == "kill", asked.get("on_cpu", "throttle") == "throttle"
        memory = asked.get("memory") if kills and not asked.get("sustain") else None
        return self.groups.make(tag, memory, asked.get("cpu") if throttles else None)

    def admit(
        self, run: Run, timeout: float | None, stop_signal: int, grace: float, idle: float | None, log_path: str,
        asked: Asked,
    ) -> None:  # fmt: skip
        """From now on it is ours, and what bounds it is watched."""
        run.stop_signal = stop_signal
        run.grace = grace
        self.attempts.add(run)
        run.timeout = timeout
        self.deadlines.set(run)
        if idle is not None:
            run.log_path = log_path
            self.deadlines.look_for_output(run, idle, None, run.began)
        if asked is not None:
            self.limits.set(run, asked)

    def start_waiting(self) -> None:
        """Without an engine nothing new starts: its reasons to start it may be gone."""
        engine, attempts = self.reports.engine, self.attempts
        if engine is None or not engine.greeted:
            return
        while attempts.waiting and attempts.slots_taken < attempts.limit:
            attempt = next(iter(attempts.waiting))
            self.start(attempt, *attempts.waiting.pop(attempt))
