"""What each verb does to one job or run: the call, and the words that report it. Decided by what was on screen.

The engine refuses a verb whose aim has changed (`Aim`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from engine.api import EngineView, RunView
from engine.clock import Instant
from engine.errors import BadJobFile, Refused, RefusedCode
from engine.model.file_changes import FileChanges
from engine.model.undo import PrioritySet, Undo
from engine.values import lean
from jobqueue_tui.console import words
from jobqueue_tui.console.aiming import Aimed, AimedRun, Meant
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
    job, aim, runs = at.job, at.seen.aim, at.seen.runs
    what = f"{at.name}: {len(runs)} runs" if len(runs) > 1 else at.name
    if at.seen.stands:
        goes = "go on" if len(runs) > 1 else "goes on"
        return Order(at.name, lambda: job.resume(aim=aim), f"{what} {goes}", "go on")
    done = f"{what} paused" if runs else f"{at.name} held: nothing starts"
    return Order(at.name, lambda: job.pause(aim=aim), done, "paused" if runs else "held")


def suspend(at: Aimed) -> Order:
    """The schedule stands still, or goes on; runs by hand stay possible."""
    job, aim = at.job, at.seen.aim
    if at.seen.suspended:
        return Order(at.name, lambda: job.unsuspend(aim=aim), f"{at.name}: the schedule goes on", "schedules go on")
    return Order(at.name, lambda: job.suspend(aim=aim), f"{at.name}: the schedule stands still", "schedules suspended")


def bump(at: Aimed, by: int, *, from_shown: bool = False) -> Order:
    """Priority by so much from what it is, which several presses may have made of it; or from what was shown."""
    aim = at.seen.aim if from_shown else None
    return Order(at.name, lambda: at.job.bump(by, aim=aim), at.name, "raised" if by > 0 else "lowered")


def trigger(at: Aimed, values: Mapping[str, str], *, bypass: bool = False, downstream: bool = False) -> Order:
    """A run now. Whoever gives this order has asked where `manual: confirm` says so."""

    async def call() -> str:
        run = await at.job.trigger(params=values, bypass=bypass, downstream=downstream, confirmed=True)
        return f"{one_line(run.run_id)} triggered"

    return Order(at.name, call, "", "triggered")


def stop(at: Aimed, *, job: bool) -> Order:
    """End its runs; `job`: and nothing starts until it is resumed."""
    done = f"{at.name} stopped until it is resumed" if job else f"{_runs(at)} told to stop"
    return Order(at.name, lambda: at.job.stop(job=job, aim=at.seen.aim), done, "stopped" if job else "told to stop")


def kill(at: Aimed) -> Order:
    """End its runs at once."""
    return Order(at.name, lambda: at.job.kill(aim=at.seen.aim), f"{_runs(at)} killed", "killed")


def signal(at: Aimed, number: int, name: str) -> Order:
    """A signal to every process of its runs."""
    return Order(at.name, lambda: at.job.signal(number, aim=at.seen.aim), f"{name} sent to {_runs(at)}", "signalled")


def _runs(at: Aimed) -> str:
    return at.name if len(at.seen.runs) < 2 else f"{len(at.seen.runs)} runs of {at.name}"


def stop_run(engine: EngineView, at: AimedRun) -> Order:
    """End one run."""
    return _on_run(engine, at, lambda run: run.stop(aim=at.aim), f"{at.name} told to stop", "told to stop")


def kill_run(engine: EngineView, at: AimedRun) -> Order:
    """End one run at once."""
    return _on_run(engine, at, lambda run: run.kill(aim=at.aim), f"{at.name} killed", "killed")


def signal_run(engine: EngineView, at: AimedRun, number: int, name: str) -> Order:
    """A signal to every process of one run."""
    return _on_run(engine, at, lambda run: run.signal(number, aim=at.aim), f"{name} sent to {at.name}", "signalled")


def _on_run(
    engine: EngineView, at: AimedRun, give: Callable[[RunView], Awaitable[None]], done: str, word: str
) -> Order:
    async def call() -> None:
        try:
            run = engine.run(at.run_id)
        except KeyError:
            raise Refused(RefusedCode.CHANGED, f"{at.name} is over") from None
        await give(run)

    return Order(at.name, call, done, word)


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
    return Order(at.name, lambda: at.job.hold(reason, seconds, aim=at.seen.aim), f"{at.name} held{until}", "held")


def release(at: Aimed) -> Order:
    """End such a hold."""
    return Order(at.name, lambda: at.job.release(aim=at.seen.aim), f"{at.name} released", "released")


def set_timeout(at: Aimed, seconds: float) -> Order:
    """How long an attempt may run, those in progress included."""
    said = f"may run {words.span(seconds)}" if seconds else "may run as long as it likes"
    done = f"{at.name} {said}"
    return Order(at.name, lambda: at.job.set_timeout(seconds, aim=at.seen.aim), done, "timeouts set")


def backfill(at: Aimed, start: Instant, end: Instant, parallel: int) -> Order:
    """Runs for the occurrences of a span."""

    async def call() -> str:
        count = await at.job.backfill(start, end, parallel=parallel)
        return f"{at.name}: {words.counted(count, 'run')} queued" if count else f"{at.name}: no occurrence in that span"

    return Order(at.name, call, "", "backfilled")


def enable(at: Aimed) -> Order:
    """It follows its schedule, whatever the file says; or, where it does, it no longer does."""
    job, aim = at.job, at.seen.aim
    if at.seen.enabled:
        return Order(at.name, lambda: job.disable(aim=aim), f"{at.name} disabled", "disabled")
    return Order(at.name, lambda: job.enable(aim=aim), f"{at.name} enabled", "enabled")


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


def acknowledge(engine: EngineView, target: str, reason: str, until: Instant) -> Order:
    """A run, or all runs of a job that had ended by then, leave the Inbox."""

    async def call() -> str:
        count = await engine.ack(target, reason, until=until)
        runs = "1 run leaves" if count == 1 else f"{count} runs leave"
        return f"{runs} the Inbox" if count else f"{one_line(target)} has nothing in the Inbox"

    return Order(one_line(target), call, "", "acknowledged")
