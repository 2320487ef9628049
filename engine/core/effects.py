"""What a decision wants done, as data: the runner performs it after the tick, in this order.

1. rows of `runs` and `jobs` are written durably; 2. once they are, `claims` may be ordered and `ends` acknowledged;
`orders` that need no durability (stop, pause) go out at once; `timers` are set. What was only noted is written with
the next row of its job, within a second at the latest: a start that the keeper knows of is not worth a commit of its
own, since most short runs are over by then.
"""

from __future__ import annotations

from dataclasses import field

from engine.clock import Instant
from engine.core.state import Attempt, Job, Run
from engine.core.timers import Timers
from engine.model.alert import Alert
from engine.ports.executor import AttemptId, Order
from engine.values import lean, mutable


@lean(frozen=True, slots=True)
class Ack:
    """An operator has seen how a run on record ended."""

    run_id: str
    at: Instant
    by: str
    reason: str


@mutable(slots=True)
class Effects:
    """Collector of one tick. A run or job is written once per tick however often it changed."""

    timers: Timers
    runs: dict[int, Run] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    noted: dict[int, Run] = field(default_factory=dict)
    """Runs whose row, with their job's, may be written a little later."""
    attached: list[tuple[str, str]] = field(default_factory=list)
    """Facts for the records of runs that are over: run id and JSON."""
    claims: list[tuple[Run, Attempt]] = field(default_factory=list)
    ends: list[AttemptId] = field(default_factory=list)
    over: list[Run] = field(default_factory=list)
    """Runs that got their fate in this tick."""
    alerts: list[Alert] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    """Single values to keep in the store."""
    touched: set[str] = field(default_factory=set)
    """Ids of jobs whose looks changed."""
    resync: bool = False
    offs_changed: bool = False
    """What an operator has turned off is different now: the second file is to be written anew (`core.offs`)."""
    acks: list[Ack] = field(default_factory=list)

    def save(self, run: Run) -> None:
        """Write this run and show its job anew."""
        self.runs[run.no] = run
        # here and in the next two `touch` as it stands there: nine of them for each run were its dearest calls
        job = run.job
        job.version += 1
        self.touched.add(job.id)

    def note(self, run: Run) -> None:
        """Write this run and its job soon, and show the job anew."""
        self.noted[run.no] = run
        job = run.job
        job.version += 1
        self.touched.add(job.id)

    def save_job(self, job: Job) -> None:
        """Write this job's row and show it anew."""
        self.jobs[job.id] = job
        job.version += 1
        self.touched.add(job.id)

    def touch(self, job: Job) -> None:
        """Show this job anew."""
        job.version += 1
        self.touched.add(job.id)

    def clear(self) -> None:
        """Begin a new tick."""
        self.runs = {}
        self.jobs = {}
        self.noted = {}
        self.attached = []
        self.claims = []
        self.ends = []
        self.over = []
        self.alerts = []
        self.orders = []
        self.facts = {}
        self.touched = set()
        self.resync = False
        self.offs_changed = False
        self.acks = []
