"""The loop: one owner of the state. Everything else sends it messages and is called back.

It is a plain function, run by `soon` whenever something woke it, not a task that awaits: nothing can slip in between
two steps of a tick, a thousand ends in one packet cost one tick, and `simulate` runs it without asyncio.

Each tick, in this order: (1) note a clock step or suspend, (2) take what executors report, (3) take commands,
(4) turn what has come due into runs or fates and expire deadlines, (5) tell dependants, (6) start what may start,
(7) perform: orders out, rows to the store, watchers told, the alarm set. What waits for the store, and what is
on its way there, is in `commits`; what is durable comes back by `_committed`: only then are claims ordered, ends
acknowledged to the executor, and replies given.

Long, since it is one class, whose parts are the steps above in their order.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from errno import ENOENT
from typing import Final, Protocol, TypeAlias, TypeVar

from engine.clock import SECOND, Clock, Instant, moment
from engine.core import needs
from engine.core.blackouts import take_edge
from engine.core.boot import adopt
from engine.core.changes import take_changed
from engine.core.clock_steps import take_step
from engine.core.dispatch import offer, start_what_may
from engine.core.going_on import go_on
from engine.core.occurrences import miss_deadline, plan_some, take_due
from engine.core.reports import take_report
from engine.core.settling import settle_some
from engine.core.sides import attempt_of
from engine.core.state import Attempt, Job, Run
from engine.core.stopping import end_tree
from engine.core.timers import BlackoutEdge, DeadlineAt, DrainEnd, Due, GoOn, HoldEnd, LookAt, OverAt, ResumeAt, RetryAt
from engine.core.turn import Turn
from engine.core.verbs.hold import end_hold
from engine.core.verbs.resume import release_job, resume_run
from engine.core.watching import look
from engine.errors import EngineFault, Refused, RefusedCode
from engine.logs.outputs import drop
from engine.model.alert import Alert
from engine.model.audit import Deed
from engine.model.events import ClockStepped, EngineStarted, Event, StoreFailed, StoreRecovered
from engine.model.outcome import Because, Reason
from engine.model.states import RunPhase
from engine.ports.executor import (
    Acknowledge,
    AttemptId,
    Ended,
    Executor,
    Order,
    Recovered,
    Report,
    Sampled,
    SpawnFailed,
)
from engine.ports.store import Batch, Store
from engine.runtime.batches import Batches
from engine.runtime.commits import Commits
from engine.runtime.ends import look_at_end
from engine.runtime.events import BOUND, EventLog
from engine.runtime.flight import Flight, Reply
from engine.runtime.foretelling import Foretelling
from engine.runtime.identity import UnknownAccount
from engine.runtime.launching import Launcher
from engine.runtime.rows import audit_row
from engine.runtime.secrets import SecretUnavailable
from engine.runtime.telling import Teller

_LOG: Final = logging.getLogger(__name__)

SLICE: Final = 5_000
"""Microseconds of due work before the loop lets others run."""

STEP: Final = SECOND
"""A difference between wall and monotonic time beyond this is a clock step or a suspend."""

MEMORY_LOOK: Final = SECOND
"""Between two looks at the machine's free memory, while a run waits that may need it."""

T = TypeVar("T")
Act: TypeAlias = Callable[[Turn], T]


class Watcher(Protocol):
    """Told after each tick what changed."""

    def changed(self, jobs: set[str], resync: bool) -> None:
        """Ids of jobs that look different now."""

    def ended(self, runs: Sequence[Run]) -> None:
        """Runs whose fate is durable now."""

    def turned(self) -> None:
        """A tick or a commit is over: whoever waits for a condition may look again."""


class Loop:
    """See the module. `soon(f)` calls f from the event loop, soon, once per call."""

    def __init__(
        self,
        turn: Turn,
        *,
        clock: Clock,
        store: Store,
        executor: Executor,
        launcher: Launcher,
        soon: Callable[[Callable[[], None]], object],
        free_memory: Callable[[], int] | None = None,
        make_batch: Callable[[Flight], Batch] | None = None,
        foretells: bool = True,
    ) -> None:
        """`make_batch`: what the store is given of a flight; the rows of all that changed, unless nothing is to be kept.
        `foretells`: functions that are due together begin by `core.foretold`."""
        self.turn = turn
        self.clock_note: str | None = None
        """The last step of the wall clock, in words."""
        self.watchers: list[Watcher] = []
        self.events = EventLog(self.remember)
        self._teller = Teller()
        self._clock = clock
        self._executor = executor
        self._launcher = launcher
        self._soon = soon
        self._free_memory = free_memory
        """Bytes available on the machine; asked at most once a second, and only when something depends on it."""
        self._memory_seen: int | None = None
        self.on_alerts: Callable[[Sequence[tuple[int, Alert]]], None] | None = None
        """Told of alerts with their numbers, once they are durable."""
        self.on_fault: Callable[[EngineFault], None] | None = None
        """Told once when the loop has ended by a fault of its own."""
        self.fault: EngineFault | None = None
        """Why it turns no more."""
        self._awake = False
        self._reports: list[Report] = []
        self._acts: list[tuple[Callable[[Turn], Reply], Callable[[Exception], None], Deed | None]] = []
        self._commits = Commits(
            turn, clock=clock, store=store, make=make_batch or Batches(turn, launcher).make, done=self._committed_or_end
        )
        self._ordered_again: set[AttemptId] = set()
        self._answers: dict[AttemptId, tuple[Run, list[Callable[[Refused | None], None]]]] = {}
        """Who waits for a pause or a resume, by the attempt that it was ordered of."""
        self._offset = clock.now() - clock.monotonic()
        self._foretelling = Foretelling(
            turn, on=foretells, clock=clock, executor=executor, launcher=launcher, remember=self.remember
        )
        self._begun = False
        """Runs have begun by their drafts; what they changed is performed as soon as their functions have been called."""

    # -- messages in ---------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Have a tick run soon."""
        if not self._awake:
            self._awake = True
            self._soon(self._tick_or_end)

    def report(self, reports: Sequence[Report]) -> None:
        """The executor's sink."""
        self._reports.extend(reports)
        self.wake()

    def act(
        self,
        act: Act[T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        deed: Deed | None = None,
    ) -> None:
        """Let `act` change the state in the next tick; `done` gets its result once the change is durable.

        `deed` is what the audit says of it, in the same commit; None: nobody's verb.
        """

        def perform(turn: Turn) -> Reply:
            result = act(turn)
            return lambda: done(result)

        if self.fault is not None:
            failed(self.fault)
            return
        self._acts.append((perform, failed, deed))
        self.wake()

    def act_now(self, act: Act[T], deed: Deed | None = None) -> T:
        """Let `act` change the state in a tick that runs at once; for plain calls from the loop's thread, not from a tick."""
        results: list[T] = []
        failures: list[Exception] = []

        def perform(turn: Turn) -> Reply:
            results.append(act(turn))
            return lambda: None

        self._acts.append((perform, failures.append, deed))
        self._tick_or_end()
        if self.fault is not None:
            raise self.fault
        if failures:
            raise failures[0]
        return results[0]

    def on_answer(self, run: Run, answer: Callable[[Refused | None], None]) -> None:
        """Tell `answer` how the order to pause or resume this run went: None, or why it could not be done.

        To be called in the act that orders it, while the run has its attempt.
        """
        assert run.attempt is not None
        self._answers.setdefault(run.attempt.id, (run, []))[1].append(answer)

    def remember(self, name: str, value: str) -> None:
        """Keep a fact in the store."""
        self._commits.waiting.facts[name] = value
        self.wake()

    def tell(self, kind: type[Event], **values: object) -> None:
        """Let subscribers hear of something that the rows do not say, with the next commit."""
        self._commits.waiting.tellings.append((kind, {"at": self._clock.now(), **values}))
        self.wake()

    def now(self) -> Instant:
        """Wall time."""
        return self._clock.now()

    @property
    def trouble(self) -> str | None:
        """Why the store cannot be written, while it cannot: nothing starts meanwhile."""
        return self._commits.trouble

    @property
    def settled(self) -> bool:
        """Everything that happened is durable and nothing waits to be taken."""
        return self._commits.settled and not (self._reports or self._acts or self._begun)

    def just_over(self) -> Sequence[Run]:
        """Runs that are over and whose fate is not durable yet."""
        return self._commits.just_over()

    @property
    def at_rest(self) -> bool:
        """As `settled`, and no tick is to come before time passes or somebody acts."""
        return self.settled and not self._awake

    # -- the tick ------------------------------------------------------------------------------------------------

    def fail(self, error: Exception) -> None:
        """Something that must not fail did, here or in an executor: what the state says may not be so any more.

        The loop turns no more and writes nothing more, as if the process had been killed: what is durable is right, and
        the next engine goes on from there. A loop that went on would start runs on a state that nobody can vouch for.
        """
        if self.fault is not None:
            return
        _LOG.critical("the engine met a fault of its own and ends", exc_info=error)
        self.fault = EngineFault(error)
        self._clock.arm(None, self.wake)
        if self.on_fault is not None:
            self.on_fault(self.fault)

    def _or_end(self, step: Callable[[], None]) -> None:
        """Take this step; a fault in it ends the engine."""
        if self.fault is not None:
            return
        try:
            step()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody else would end the engine for it
            self.fail(error)

    def _tick_or_end(self) -> None:
        self._or_end(self.tick)

    def tick(self) -> None:
        """One turn of the loop."""
        self._perform_begun()
        self._awake = False
        turn = self.turn
        turn.now = self._clock.now()
        turn.fx.clear()
        self._note_clock()
        self._take_reports()
        if self._answers:
            self._answer_too_late()
        self._take_acts()
        if self._foretelling.has_come and self._begin_foretold():
            return
        until = self._clock.monotonic() + SLICE
        self._take_timers(until)
        if turn.state.changed:
            take_changed(turn)
        needs.spread(turn)
        self._look_at_memory()
        self._perform(start_what_may(turn))
        self._plan_ahead(until)
        if self._foretelling.go_on(until):
            self.wake()
        self._tell()

    def first_tick(self, begin: Callable[[Turn], None], recovered: Iterable[Recovered] = ()) -> None:
        """The tick in which the engine begins: what the executor says of earlier attempts, and `begin`, take the place of
        messages."""
        self.turn.now = self.turn.state.began_at = self._clock.now()
        take_edge(self.turn)
        self.events.go_on(self.turn.state.facts.get(BOUND))
        self._teller.know(self.turn.state.runs.values(), self.turn.state.jobs.values())
        self.tell(EngineStarted, jobs=len(self.turn.state.jobs))
        adopt(self.turn, [self._look_at_end(one) if isinstance(one, Ended) else one for one in recovered])
        begin(self.turn)
        needs.spread(self.turn)
        self._look_at_memory()
        self._perform(start_what_may(self.turn))
        self._tell()
        self.wake()  # what fell due before is given its fate in slices, from here on

    def _note_clock(self) -> None:
        offset = self.turn.now - self._clock.monotonic()
        moved, self._offset = offset - self._offset, offset
        if abs(moved) <= STEP:
            return
        self._commits.clock_moved(moved)
        self._foretelling.forget()
        how = "on" if moved > 0 else "back"
        self.clock_note = f"at {moment(self.turn.now).isoformat(timespec='seconds')} the clock was found put {how}"
        self.clock_note += f" by {abs(moved) / SECOND:.0f} s, or the machine slept" * (moved > 0)
        _LOG.info("%s", self.clock_note)
        self.turn.fx.facts["clock_step"] = self.clock_note
        self.tell(ClockStepped, by=moved)
        take_step(self.turn, moved)

    def _take_reports(self) -> None:
        reports, self._reports = self._reports, []
        for report in reports:
            if isinstance(report, SpawnFailed) and self._folder_was_gone(report):
                continue
            if isinstance(report, Ended):
                report = self._look_at_end(report)  # noqa: PLW2901 - the same end, with what only the rim can see
            take_report(self.turn, report, self._answer)
            if isinstance(report, Sampled) and self.events.listening:
                self._tell_sample(report)

    def _tell_sample(self, report: Sampled) -> None:
        run = self.turn.state.by_attempt.get(report.attempt)
        if run is not None:
            sample = {"cpu_percent": report.cpu_percent, "rss_bytes": report.rss}
            about = {"job": run.job.id, "run_id": run.run_id, "attempt_id": report.attempt}
            self.events.sample({"at": report.at, **about, **sample})

    def _look_at_end(self, end: Ended) -> Ended:
        end, read = look_at_end(self.turn, self._launcher, end)
        if read is not None:
            self._commits.waiting.read.append(read)
        return end

    def _folder_was_gone(self, report: SpawnFailed) -> bool:
        """The log folder was removed while the engine ran: make it anew and order the same attempt once more."""
        run = self.turn.state.by_attempt.get(report.attempt)
        if report.step != "log" or report.errno != ENOENT or run is None or report.attempt in self._ordered_again:
            return False
        attempt = attempt_of(run, report.attempt)
        self._ordered_again.add(report.attempt)
        try:
            self._launcher.make_folder_anew(run)
        except OSError:
            return False
        # the failure first: an executor never starts an attempt that it keeps the end of
        self.turn.fx.orders += [Acknowledge((attempt.id,)), *self._launches([(run, attempt)])]
        return True

    def _launches(self, launches: Iterable[tuple[Run, Attempt]]) -> list[Order]:
        """The orders for these attempts; one that cannot have its secrets or its user fails to start in the next tick."""
        orders: list[Order] = []
        for run, attempt in launches:
            try:
                orders.append(self._launcher.launch(run, attempt))
            except SecretUnavailable as why:
                self.report([SpawnFailed(attempt.id, self.turn.now, 0, "secret", str(why))])
            except UnknownAccount as unknown:
                self.report([SpawnFailed(attempt.id, self.turn.now, unknown.errno, str(unknown))])
        return orders

    def _answer(self, run: Run, why: Refused | None) -> None:
        if run.attempt is not None:
            self._answer_of(run.attempt.id, why)

    def _answer_of(self, attempt: AttemptId, why: Refused | None) -> None:
        _, answers = self._answers.pop(attempt, (None, ()))
        for answer in answers:
            answer(why)

    def _answer_too_late(self) -> None:
        """An executor says nothing of an order about an attempt that has ended meanwhile."""
        over = [attempt for attempt in self._answers if attempt not in self.turn.state.by_attempt]
        for attempt in over:
            run, _ = self._answers[attempt]
            what = run.run_id if run.outcome is not None else f"attempt {attempt}"
            self._answer_of(attempt, Refused(RefusedCode.STATE, f"{what} has ended"))

    def _take_acts(self) -> None:
        acts, self._acts = self._acts, []
        for perform, failed, deed in acts:
            try:
                self._commits.waiting.replies.append(perform(self.turn))
            except (Refused, KeyError, ValueError) as error:
                if deed is not None and isinstance(error, Refused):
                    self._commits.waiting.audit.append(audit_row(self.turn.now, deed, error))
                failed(error)
            else:
                if deed is not None:
                    self._commits.waiting.audit.append(audit_row(self.turn.now, deed, None))

    def _take_timers(self, until: int) -> None:
        """What has come up, then what fell due while nothing could start; the rest in the next tick."""
        turn = self.turn
        if turn.state.opening:
            return
        while (timer := turn.fx.timers.pop(turn.now)) is not None:
            match timer:
                case DrainEnd():
                    for run in list(turn.state.runs.values()):
                        self._stop_for_shutdown(run)
                case _ if turn.state.draining:
                    pass  # it is on record; the next engine takes it up
                case Due(job=job):
                    take_due(turn, job)
                case RetryAt(run=run):
                    offer(turn, run)
                case DeadlineAt(run=run):
                    miss_deadline(turn, run)
                case HoldEnd(scope=scope):
                    end_hold(turn, scope)
                case GoOn(jobs=jobs):
                    go_on(turn, jobs.popleft())
                    if jobs:
                        turn.fx.timers.add(turn.now, timer)
                case ResumeAt(target=target):
                    self._resume(target)
                case LookAt(job=job):
                    look(turn, job)
                case BlackoutEdge():
                    take_edge(turn)
                case OverAt(job=job):
                    if job.limits.end is not None and turn.now > job.limits.end:  # it may have been put off since
                        job.over = True
                        turn.fx.touch(job)
            if self._clock.monotonic() > until:
                self.wake()
                return
        while turn.state.settling and not turn.state.draining:
            settle_some(turn)
            if self._clock.monotonic() > until:
                self.wake()
                return

    def _plan_ahead(self, until: int) -> None:
        """Next times, after what is due now has started."""
        while self.turn.state.unplanned:
            if self._clock.monotonic() > until:
                self.wake()
                return
            plan_some(self.turn)

    # -- what is due together --------------------------------------------------------------------------------------

    def _begin_foretold(self) -> bool:
        """At their instant, those that start by their drafts go before everything else: what follows from that, and whatever else
        is due, waits until they have been called. False: none did, and all are due as ever."""
        launches = self._foretelling.begin()
        if launches:
            self._executor.submit(launches)
            self._begun = True
            self._soon(lambda: self._or_end(self._perform_begun))
        self._foretelling.forget()  # and with that wake the loop: not before the functions stand in line
        return self._begun

    def _perform_begun(self) -> None:
        if self._begun:
            self._begun = False
            self._perform(())
            self._tell()

    def _resume(self, target: Run | Job) -> None:
        turn = self.turn
        match target:
            case Run():
                if (
                    target.phase is RunPhase.PAUSED
                    and target.pause_until is not None
                    and target.pause_until <= turn.now
                ):
                    resume_run(turn, target)
            case Job():
                if target.hold_until is not None and target.hold_until <= turn.now:
                    release_job(turn, target)

    def _stop_for_shutdown(self, run: Run) -> None:
        if run.live:
            end_tree(self.turn, run, Reason(Because.SHUTDOWN), None)

    # -- performing ----------------------------------------------------------------------------------------------

    def _look_at_memory(self) -> None:
        """Before anything is started, if the file or a waiting run asks for free memory."""
        turn = self.turn
        if self._free_memory is None or not len(turn.ready):
            return
        if not (turn.state.spec.min_ready_memory or turn.state.memory_asked):
            return
        now = self._clock.monotonic()
        if self._memory_seen is None or now - self._memory_seen >= MEMORY_LOOK:
            self._memory_seen = now
            turn.state.free_memory = self._free_memory()

    def _perform(self, launches: Sequence[tuple[Run, Attempt]]) -> None:
        fx = self.turn.fx
        for run, _ in fx.claims:
            self._launcher.give_log(run)
        orders: list[Order] = list(fx.orders)
        orders += self._launches(launches)
        if orders:
            self._executor.submit(orders)
        runs = self._teller.runs(fx.runs.values(), self.turn.now)
        self._commits.collect(fx, [*runs, *self._teller.jobs(fx.jobs.values(), self.turn.now)])
        self._tell_noted(fx.noted.values())
        self._commits.depart()

    def _tell(self) -> None:
        """Whoever looks is told what changed, and the alarm is set."""
        fx = self.turn.fx
        if fx.touched or fx.resync:
            for watcher in self.watchers:
                watcher.changed(fx.touched, fx.resync)
        self._tell_turned()
        self._set_alarm()

    def _tell_turned(self) -> None:
        for watcher in self.watchers:
            watcher.turned()

    def _tell_noted(self, noted: Iterable[Run]) -> None:
        """A start is a fact once the executor says so, durable or not; only what was told before it must come before."""
        tellings = self._teller.runs(noted, self.turn.now)
        if tellings and not self._commits.after_what_waits(tellings):
            self.events.publish(tellings)

    def _set_alarm(self) -> None:
        # memory sends no events: while something waits, look again
        look_at = (
            self.turn.now + MEMORY_LOOK if self.turn.state.free_memory is not None and len(self.turn.ready) else None
        )
        herd_at, next_at = self._foretelling.look_at, self.turn.fx.timers.head
        times = (herd_at, next_at, look_at, self.turn.state.reserving_until, *self._commits.due())
        heads = [at for at in times if at is not None and not self.turn.state.opening]
        self._clock.arm(min(heads, default=None), self.wake)

    def _committed_or_end(self, problem: Exception | None) -> None:
        self._or_end(lambda: self._committed(problem))

    def _committed(self, problem: Exception | None) -> None:
        if problem is not None and not isinstance(problem, OSError):
            raise problem
        if problem is not None:
            if self._commits.failed(problem):
                self.events.publish([(StoreFailed, {"at": self._clock.now(), "problem": str(problem)})])
            self.wake()
            self._set_alarm()
            return
        flight, recovered = self._commits.landed()
        if flight is None or flight.claims or recovered or self._commits.waiting:
            self.wake()  # before anything is submitted: what the tick orders travels in the same packet
        if recovered:
            self.events.publish([(StoreRecovered, {"at": self._clock.now()})])
        if flight is not None:
            self._durable(flight)
        if not self._awake:
            self._tell_turned()

    def _durable(self, flight: Flight) -> None:
        """What could not be done before all this was on record."""
        self._foretelling.landed(flight.facts)
        for path in flight.read:
            drop(path)
        if flight.ends:
            self._executor.submit([Acknowledge(tuple(flight.ends))])
        flight.reply_all()
        if flight.over:
            for watcher in self.watchers:
                watcher.ended(flight.over)
        if flight.alerts and self.on_alerts is not None:
            self.on_alerts(flight.alerts)
        if flight.tellings:
            self.events.publish(flight.tellings)
