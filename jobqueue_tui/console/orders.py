"""What each verb does to one job: the call, and the words that report it. Decided by what was on screen.

The engine refuses a verb whose aim has changed (`Aim`); what depends on no run (a priority, a hold) has none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from engine.api import EngineView
from engine.clock import Instant
from engine.errors import BadJobFile, Refused, RefusedCode
from engine.model.file_changes import FileChanges
from engine.model.undo import PrioritySet, Undo
from engine.values import lean
from jobqueue_tui.console import words
from jobqueue_tui.console.aiming import Aimed, Meant
from jobqueue_tui.terminal import one_line

Result: TypeAlias = "Undo | PrioritySet | str | None"


@lean(frozen=True, slots=True)
class Order:
    """One verb for one job. `done` reports it unless the call returns a text of its own; `word` counts many of them."""

    name: str
    call: Callable[[], Awaitable[Result]]
    done: str
    word: str


def pause(at: Aimed) -> Order:
    """Pause or resume its runs, hold or release the job, let a stopped job go on."""
    job, aim = at.job, at.seen.aim
    if at.seen.stands:
        return Order(at.name, lambda: job.resume(aim=aim), f"{at.name} goes on", "go on")
    done = f"{at.name} paused" if aim.run_id else f"{at.name} held: nothing starts"
    return Order(at.name, lambda: job.pause(aim=aim), done, "paused" if aim.run_id else "held")


def suspend(at: Aimed) -> Order:
    """The schedule stands still, or goes on; runs by hand stay possible."""
    job, stands = at.job, at.seen.suspended

    async def call() -> Undo:
        at.check_schedule()
        return await (job.unsuspend() if stands else job.suspend())

    done = f"{at.name}: the schedule goes on" if stands else f"{at.name}: the schedule stands still"
    return Order(at.name, call, done, "schedules go on" if stands else "schedules suspended")


def bump(at: Aimed, by: int) -> Order:
    """Priority by so much."""
    return Order(at.name, lambda: at.job.bump(by), at.name, "raised" if by > 0 else "lowered")


def trigger(at: Aimed, values: Mapping[str, str], *, bypass: bool = False, downstream: bool = False) -> Order:
    """A run now. Whoever gives this order has asked where `manual: confirm` says so."""

    async def call() -> str:
        run = await at.job.trigger(params=values, bypass=bypass, downstream=downstream, confirmed=True)
        return f"{one_line(run.run_id)} triggered"

    return Order(at.name, call, "", "triggered")


def stop(at: Aimed, *, job: bool) -> Order:
    """End its runs; `job`: and nothing starts until it is resumed."""
    done = f"{at.name} stopped until it is resumed" if job else f"{at.name} is told to stop"
    return Order(at.name, lambda: at.job.stop(job=job, aim=at.seen.aim), done, "stopped" if job else "told to stop")


def kill(at: Aimed) -> Order:
    """End its runs at once."""
    return Order(at.name, lambda: at.job.kill(aim=at.seen.aim), f"{at.name} killed", "killed")


def signal(at: Aimed, number: int, name: str) -> Order:
    """A signal to every process of its runs."""
    return Order(at.name, lambda: at.job.signal(number, aim=at.seen.aim), f"{name} sent to {at.name}", "signalled")


def skip(at: Aimed, one: Meant) -> Order:
    """An occurrence of its schedule is skipped."""
    return Order(at.name, lambda: at.job.skip_next(at=one.at), f"{at.name}: {one.said} is skipped", "skipped")


def postpone(at: Aimed, seconds: float, one: Meant) -> Order:
    """An occurrence of its schedule starts so much later."""
    said = f"starts {words.span(seconds)} later" if seconds else "starts as planned"
    return Order(at.name, lambda: at.job.postpone(seconds, at=one.at), f"{at.name}: {one.said} {said}", "postponed")


def hold(at: Aimed, reason: str, seconds: float | None) -> Order:
    """Nothing of it starts until it is released, or for so long."""
    until = "" if seconds is None else f" for {words.span(seconds)}"
    return Order(at.name, lambda: at.job.hold(reason, seconds), f"{at.name} held{until}", "held")


def release(at: Aimed) -> Order:
    """End such a hold."""
    return Order(at.name, at.job.release, f"{at.name} released", "released")


def set_timeout(at: Aimed, seconds: float) -> Order:
    """How long an attempt may run, those in progress included."""
    said = f"may run {words.span(seconds)}" if seconds else "may run as long as it likes"
    return Order(at.name, lambda: at.job.set_timeout(seconds), f"{at.name} {said}", "timeouts set")


def backfill(at: Aimed, start: Instant, end: Instant, parallel: int) -> Order:
    """Runs for the occurrences of a span."""

    async def call() -> str:
        count = await at.job.backfill(start, end, parallel=parallel)
        return f"{at.name}: {words.counted(count, 'run')} queued" if count else f"{at.name}: no occurrence in that span"

    return Order(at.name, call, "", "backfilled")


def enable(at: Aimed) -> Order:
    """It follows its schedule, whatever the file says; or, where it does, it no longer does."""
    job = at.job
    if job.enabled:
        return Order(at.name, job.disable, f"{at.name} disabled", "disabled")
    return Order(at.name, job.enable, f"{at.name} enabled", "enabled")


def rerun(engine: EngineView, at: Aimed, run_id: str) -> Order:
    """A run on record once more."""

    async def call() -> str:
        return f"{one_line(await engine.rerun(run_id))} repeats {one_line(run_id)}"

    return Order(at.name, call, "", "started again")


def reload(engine: EngineView, changes: FileChanges, *, stop: bool) -> Order:
    """The job file as it was shown is taken, or nothing. `stop`: runs of jobs that vanish are stopped."""

    async def call() -> str:
        try:
            done = await engine.reload(changes.digest, confirmed=True, stop=stop)
        except BadJobFile as bad:
            raise Refused(RefusedCode.CHANGED, str(bad), "it was written again since it was shown") from bad
        return f"reloaded: {done.summary()}"

    return Order("reload", call, "", "reloaded")


def acknowledge(engine: EngineView, target: str, reason: str) -> Order:
    """A run, or all runs of a job, leave the Inbox."""

    async def call() -> str:
        count = await engine.ack(target, reason)
        runs = "1 run leaves" if count == 1 else f"{count} runs leave"
        return f"{runs} the Inbox" if count else f"{one_line(target)} has nothing in the Inbox"

    return Order(one_line(target), call, "", "acknowledged")
