"""Step 6 of the loop: start what may start.

A run goes queue -> claimed (its attempt is being made durable) -> ordered (the executor has it) -> started. Claims
run ahead of free slots, and so do orders (the executor starts a waiting launch the moment another run ends), so
that neither a commit nor a wake of the loop stands between one short run and the next; how far, `core.pace` says. Only
runs that take nothing but a slot run ahead; and whenever a better run turns up, those behind it are taken back.
"""

from __future__ import annotations

from functools import partial

from engine.clock import SECOND
from engine.core.admission import blocked, delays, free_at, free_slots, release, reserve, reserves, reserves_until
from engine.core.ageing import age_or_stand
from engine.core.course import COMMAND, Step, first_step
from engine.core.gates import closed_by
from engine.core.ready import SIMPLE, takes
from engine.core.shards import in_turn
from engine.core.sides import attempt_id, claim
from engine.core.state import Attempt, Job, Run, concurrency
from engine.core.turn import Turn
from engine.model.record import RunKind
from engine.model.states import Queued, Retrying, RunPhase, Starting
from engine.ports.executor import AttemptId, Withdraw
from engine.spec.job import OnFailure, WhenNotDurable
from engine.spec.params import BadParams, defaults, take


def offer(turn: Turn, run: Run) -> None:
    """Let a queued or retrying run wait for its turn, if its job may start and has room for one more."""
    job = run.job
    if run.entry or on_its_way(turn, run) or not job.may_start or turn.state.draining:
        return
    match run.state:
        case Queued() if run.not_before <= turn.now and _room(turn, run) and closed_by(run, turn.now) is None:
            turn.ready.push(run)
        case Retrying(until=until) if until <= turn.now:
            turn.ready.push(run)
        case _:
            pass


def offer_next(turn: Turn, job: Job) -> None:
    """A place became free, or the job was let go: its next runs wait for their turn."""
    for run in job.active:
        offer(turn, run)
    if job.queue and job.may_start and not turn.state.draining:
        _offer_queued(turn, job)


def _offer_queued(turn: Turn, job: Job) -> None:
    """As many as the job has room for, those of a backfill last."""
    limit, taken, backfill = concurrency(job.spec), len(job.active) + job.lingering, 0
    waiting: list[Run] = []
    busy = [*job.active]
    for run in job.queue:
        if run.entry or on_its_way(turn, run):
            busy.append(run)
            taken += 1
            backfill += run.kind is RunKind.BACKFILL
        elif run.not_before <= turn.now and closed_by(run, turn.now) is None:
            waiting.append(run)
    backfill += sum(run.kind is RunKind.BACKFILL for run in job.active)
    for run in in_turn(job, busy, sorted(waiting, key=lambda run: run.kind is RunKind.BACKFILL)):
        is_backfill = run.kind is RunKind.BACKFILL
        if (limit is not None and taken >= limit) or (is_backfill and backfill >= job.parallel):
            return
        turn.ready.push(run)
        taken += 1
        backfill += is_backfill


def on_its_way(turn: Turn, run: Run) -> bool:
    """Claimed or ordered, and not started."""
    return run.attempt is not None and (run.attempt.ordered or run in turn.pipeline.claimed)


def _room(turn: Turn, run: Run) -> bool:
    """The job's concurrency counts what is active and what is on its way there; so does the bound of a backfill."""
    job, limit = run.job, concurrency(run.job.spec)
    is_backfill = run.kind is RunKind.BACKFILL
    if limit is None and not is_backfill:
        return True  # `overlap: allow`: nothing takes turns
    counted = [*job.active, *[one for one in job.queue if one.entry or on_its_way(turn, one)]]
    if not in_turn(job, counted, [run]):
        return False
    if is_backfill and sum(one.kind is RunKind.BACKFILL for one in counted) >= job.parallel:
        return False
    return limit is None or len(counted) + job.lingering < limit


def start_what_may(turn: Turn) -> list[tuple[Run, Attempt]]:
    """Claim what will start soon and return, in order, the attempts whose launch is to be ordered now."""
    turn.state.reserving = turn.state.reserving_until = None
    if turn.state.draining or turn.state.opening or turn.state.blackout is not None:
        return _order_in_slot(turn)
    _shut_gates(turn)
    _make_way(turn)
    _claim(turn)
    return _order_in_slot(turn) + _order(turn)


def _shut_gates(turn: Turn) -> None:
    """What was offered earlier in this tick, or before, and needs a job of which a run has come since: it waits for that."""
    for job in turn.fx.jobs.values():
        for dependant in job.needed_by:
            for run in dependant.queue:
                if run.entry and closed_by(run, turn.now) is not None:
                    turn.ready.drop(run)


def begins_with(run: Run, step: Step) -> bool:
    """Is this what the run's current attempt begins with, when its turn has come."""
    return step == (COMMAND if run.attempts_made > 1 else first_step(run.spec))


def _order_in_slot(turn: Turn) -> list[tuple[Run, Attempt]]:
    """What goes on in a slot that is taken, or beside its run."""
    out: list[tuple[Run, Attempt]] = []
    in_slot = turn.pipeline.in_slot
    while in_slot and in_slot[0][1].durable:
        in_slot[0][1].ordered = True
        out.append(in_slot.popleft())
    return out


def _make_way(turn: Turn) -> None:
    """Take back what stands behind a better run that could start in its place, or that reserves all slots.

    A better run that is blocked otherwise must not: what was taken back would go ahead of it again, for ever.
    """
    if not len(turn.pipeline) or not len(turn.ready) or free_slots(turn) > 0:
        return
    first = turn.ready.first()
    if first is None or not reserves(turn, first):
        first = turn.ready.first_free(partial(blocked, turn))
    if first is None:
        return
    for run in (*turn.pipeline.claimed, *turn.pipeline.ahead.values()):
        if run.key > first.key and takes(run) == SIMPLE:
            take_back(turn, run)


def _claim(turn: Turn) -> None:
    if not len(turn.ready):
        return
    room = free_slots(turn) + 2 * turn.pipeline.pace.ahead(turn.now)
    while room > 0 and len(turn.ready):
        first = turn.ready.first()
        if first is None:
            return
        run: Run | None = first
        if blocked(turn, takes(first)):
            run = turn.ready.first_free(partial(blocked, turn))
            if run is not None and reserves(turn, first):
                turn.state.reserving, turn.state.reserving_until = first, reserves_until(turn, first)
                run = _beside(turn, first, run)
        if run is None:
            return
        if free_slots(turn) <= 0 and not goes_ahead(run):
            return  # first in order and unblocked, but it cannot go ahead: the next free slot is its
        turn.ready.drop(run)
        reserve(turn, run)
        if run.attempt is None:
            number = run.attempts_made + 1
            step = COMMAND if run.attempts_made else first_step(run.spec)
            run.attempt = claim(turn, run, step, attempt_id(run, step, number), number)
            turn.fx.touch(run.job)
        turn.pipeline.claimed.append(run)
        room -= 1


def goes_ahead(run: Run) -> bool:
    """May the executor start it before the engine has heard whose slot it gets: not if it takes more than the slot, or
    keeps it over several steps, or if the failure of another run of its job is to keep it from starting."""
    spec = run.spec
    return not spec.staged and spec.on_failure is OnFailure.CONTINUE and takes(run) == SIMPLE


def _beside(turn: Turn, first: Run, run: Run) -> Run | None:
    """The best run that may start although `first` reserves: in nobody's way, or usually over before the way is free."""
    if not delays(turn, first, takes(run)):
        return run
    free, usual = free_at(turn, first), run.job.usual
    if free is not None and usual is not None and turn.now + round(usual * SECOND) <= free:
        return run
    return turn.ready.first_free(lambda needs: blocked(turn, needs) or delays(turn, first, needs))


def _order(turn: Turn) -> list[tuple[Run, Attempt]]:
    """Durable claims go out in order, up to the window; those for which a slot is free are `starting` from here on.

    While a run with later steps lives, none goes ahead: the executor would give its slot away between two of them.
    """
    out: list[tuple[Run, Attempt]] = []
    pipeline = turn.pipeline
    ahead = pipeline.pace.ahead(turn.now) if pipeline.claimed else 0
    at = 0  # beyond 0 only while the store fails: behind runs that wait for it
    while at < len(pipeline.claimed):
        run = pipeline.claimed[at]
        attempt = run.attempt
        assert attempt is not None
        if not attempt.durable and not _starts_anyway(turn, run):
            if not turn.state.store_fails:
                break
            at += 1
            continue
        window = ahead if not turn.state.staged and goes_ahead(run) else 0
        if turn.state.taken + len(pipeline.ahead) >= turn.state.spec.max_running + window:
            break
        del pipeline.claimed[at]
        attempt.ordered = True
        in_time = not pipeline.ahead and turn.state.taken < turn.state.spec.max_running
        pipeline.hand_over(attempt.id, run)
        if in_time:
            enter_starting(turn, run)
        out.append((run, attempt))
    return out


def _starts_anyway(turn: Turn, run: Run) -> bool:
    """No start that is not durable, unless the job says that it is worth a second one (`when_not_durable: run`)."""
    return turn.state.store_fails and run.spec.when_not_durable is WhenNotDurable.RUN


def enter_starting(turn: Turn, run: Run) -> None:
    """The run takes its slot and counts as started."""
    assert run.attempt is not None
    job = run.job
    run.go(Starting(turn.now))
    turn.pipeline.ahead.pop(run.attempt.id, None)
    if run.attempts_made == 0:
        turn.state.dequeue(run)
        job.active.append(run)
        job.tally.starts += 1
        job.counted += run.counts
    run.attempts_made = run.attempt.number
    job.served_at = turn.now
    turn.ready.served(job)
    turn.state.taken += 1
    turn.state.staged += run.spec.staged
    turn.pipeline.pace.note(turn.now)
    turn.fx.note(run)


def take_back(turn: Turn, run: Run) -> None:
    """Back to the ready queue, as far as it has not started; an ordered one comes back by `withdrawn`."""
    if run.attempt is None:
        return
    if run.attempt.ordered:
        turn.fx.orders.append(Withdraw((run.attempt.id,)))
        return
    if run in turn.pipeline.claimed:
        turn.pipeline.claimed.remove(run)
        release(turn, run)
        reoffer(turn, run)


def take_out(turn: Turn, job: Job) -> None:
    """What waits stays in the job's queue, and starts nothing until it is offered again; nor does it age, if the job may not start."""
    for run in (*job.queue, *job.active):
        if not run.live:
            turn.ready.drop(run)
            take_back(turn, run)
    age_or_stand(turn, job)


def reoffer(turn: Turn, run: Run) -> None:
    """A claimed run that is in no queue waits for its turn again; its attempt stays its own, since it never started."""
    if run.job.may_start and not turn.state.draining and run.not_before <= turn.now:
        turn.ready.push(run)


def withdrawn(turn: Turn, attempts: tuple[AttemptId, ...]) -> list[Run]:
    """The executor gave these launches back. Returns the runs that were to end rather than to start."""
    doomed: list[Run] = []
    for withdrawn_id in attempts:
        run = turn.pipeline.leave(withdrawn_id)
        if run is None or run.attempt is None:
            continue
        run.attempt.ordered = False
        release(turn, run)
        if run.live:
            undo_starting(turn, run)
        renew(turn, run)
        if run.wish is not None:
            doomed.append(run)
        elif turn.state.draining:
            forget_claim(turn, run)  # on record as well: see `begin_shutdown`
            turn.fx.save(run)
        else:
            reoffer(turn, run)
    return doomed


def renew(turn: Turn, run: Run) -> None:
    """Let a run that waits, and holds nothing, go by its job's present spec, with new parameters at their defaults.

    It keeps its own where the new one asks for what it was not given: another matrix, a value that is none any more.
    """
    old, new = run.spec, run.job.spec
    if new is old or run.phase is not RunPhase.QUEUED or new.matrix != old.matrix:
        return
    if new.params != old.params:
        unset = defaults(old.params).values
        chosen = {name: value for name, value in run.given.values.items() if unset.get(name) != value}
        try:
            run.given = take(new.params, {name: value for name, value in chosen.items() if name in new.params})
        except BadParams:
            return
    again = run.entry != 0
    turn.ready.drop(run)  # its place there is that of what it took
    run.spec = new
    if again:
        turn.ready.push(run)
    if run.attempt is not None and not (begins_with(run, run.attempt.step) and goes_ahead(run)):
        # claimed ahead of its slot, maybe: lost in a crash, its hooks would run beyond `max_running`
        forget_claim(turn, run)
    turn.fx.save(run)


def forget_claim(turn: Turn, run: Run) -> None:
    """Drop an attempt that never started."""
    if run.attempt is None:
        return
    if run in turn.pipeline.claimed:
        turn.pipeline.claimed.remove(run)
        release(turn, run)
    turn.state.by_attempt.pop(run.attempt.id, None)
    run.attempt = None


def undo_starting(turn: Turn, run: Run) -> None:
    """It was thought to start and did not: the slot is free, and it counts as never started."""
    job = run.job
    turn.state.taken -= 1
    turn.state.staged -= run.spec.staged
    run.attempts_made -= 1
    if run.attempts_made == 0:
        run.go(Queued(run.queued_at))
        job.active.remove(run)
        turn.state.enqueue(run)
        job.tally.starts -= 1
        job.counted -= run.counts
    else:
        run.go(Retrying(turn.now, turn.now))
    turn.fx.save(run)
    turn.fx.save_job(job)
