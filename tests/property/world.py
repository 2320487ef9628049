"""Random job files, and how their processes go: all drawn from one seed, so that a failure can be run again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from engine.clock import moment
from engine.core.course import StepKind
from engine.ports.executor import Cause, Launch
from engine.spec.command import Argv
from engine.spec.config import Ageing, EngineSpec, JobFile, PoolOrder, PoolSpec
from engine.spec.hooks import SKIP, CommandHolds, Condition, Hook, HookSlot, OnFalse
from engine.spec.job import (
    AtSchedule,
    CatchUp,
    CronEntry,
    CronSchedule,
    DelaySchedule,
    EverySchedule,
    JobSpec,
    Join,
    Manual,
    Need,
    OnFailure,
    Overlap,
    Required,
    Reserve,
    Retry,
    RetryCauses,
    Schedule,
    Timeout,
    WhenNotDurable,
)
from engine.spec.notify import FinishBy, Notify, When
from engine.spec.when import Blackout, CalendarSpec, Roll, Window
from engine.testing.clock import START
from engine.testing.executor import Act

POOLS: Final = {"db": PoolSpec(2), "line": PoolSpec(1, PoolOrder.FIFO)}
CALENDARS: Final = {"mondays": CalendarSpec(days=frozenset({0})), "weekend": CalendarSpec(days=frozenset({5, 6}))}
MEMORY: Final = 1 << 30
SKIP_CODE: Final = 9
_BEGIN: Final = moment(START)


def random_file(seed: int) -> JobFile:
    """Two to nine jobs with some of everything that a job file can say and the bench can do."""
    chance = random.Random(seed)
    jobs: list[JobSpec] = []
    for number in range(chance.randint(2, 9)):
        jobs.append(random_job(chance, f"j{number}", jobs))
    dark = _BEGIN + timedelta(seconds=chance.choice([20, 90, 400]))
    blackouts = (Blackout(dark, dark + timedelta(seconds=chance.choice([5, 60])), "quiet"),)
    return JobFile(
        engine=EngineSpec(
            max_running=chance.randint(1, 4),
            ageing=Ageing(chance.choice([1.0, 300.0]), chance.choice([0.0, 1.0])),
            min_ready_memory=chance.choice([0, 0, MEMORY]),
        ),
        pools=POOLS,
        calendars=CALENDARS,
        blackouts=blackouts if chance.random() < 0.4 else (),
        jobs=tuple(jobs),
    )


def random_job(chance: random.Random, job_id: str, others: list[JobSpec]) -> JobSpec:
    """A job that may need some of the others."""
    needs = tuple(
        Need(job.id, chance.choice(list(Required)), chance.choice([None, None, 30.0]))
        for job in chance.sample(others, min(len(others), chance.choice([0, 0, 1, 2])))
    )
    exclusives: list[bool | str] = [False, False, False, False, True, "group"]
    gated = chance.random() < 0.4
    plain = JobSpec(
        id=job_id,
        command=Argv(("true",)),
        tags=tuple(chance.sample(["red", "blue"], chance.randint(0, 2))),
        schedule=None if needs and not gated else chance.choice(_SCHEDULES)(),
        needs=needs,
        join=chance.choice(list(Join)),
        overlap=chance.choice(list(Overlap)),
        max_queued=chance.randint(0, 2),
        concurrency=chance.choice([None, 1, 2]),
        catch_up=chance.choice(list(CatchUp)),
        late_grace=chance.choice([None, 0.0, 20.0]),
        start_deadline=chance.choice([None, None, 15.0]),
        priority=chance.randint(-5, 5),
        exclusive=chance.choice(exclusives),
        pools=chance.choice([{}, {}, {}, {"db": 1}, {"db": 2}, {"line": 1}]),
        reserve=chance.choice([None, None, None, Reserve(2.0, 0), Reserve(0.0, 3 * MEMORY), Reserve(6.0, 12 * MEMORY)]),
        when_not_durable=chance.choice([WhenNotDurable.WAIT, WhenNotDurable.WAIT, WhenNotDurable.RUN]),
        on_failure=chance.choice([OnFailure.CONTINUE, OnFailure.CONTINUE, OnFailure.HALT]),
        manual=chance.choice([Manual.ALLOW, Manual.ALLOW, Manual.DENY]),
        matrix=chance.choice([{}] * 7 + [{"item": ("a", "b", "c")}]),
        success_codes=frozenset({0, 4}),
        skip_codes=frozenset({SKIP_CODE}),
    )
    if (
        plain.overlap is not Overlap.ALLOW and chance.random() < 0.2
    ):  # beside each other they would only make a long queue
        plain = replace(plain, matrix={"item": ("a", "b")})
    return with_limits(chance, with_steps(chance, plain))


_SCHEDULES: Final[list[Callable[[], Schedule | None]]] = [
    lambda: None,
    lambda: EverySchedule(1.0),
    lambda: EverySchedule(7.0),
    lambda: EverySchedule(30.0, align=True),
    lambda: DelaySchedule(1.0),
    lambda: DelaySchedule(20.0),
    lambda: CronSchedule((CronEntry("* * * * *"),)),
    lambda: CronSchedule((CronEntry("*/5 * * * *"), CronEntry("*/20 * * * * *"))),
    lambda: AtSchedule((_BEGIN + timedelta(seconds=30), _BEGIN + timedelta(seconds=90))),
    lambda: AtSchedule((), at_start=True),
    lambda: AtSchedule((), at_reboot=True),
]


def with_steps(chance: random.Random, spec: JobSpec) -> JobSpec:
    """The same job with hooks, preconditions, retries, failover, outputs, timeouts; or without."""
    spec = replace(
        spec,
        retry=Retry(
            limit=chance.choice([0, 0, 1, 2]),
            delay=chance.choice([0.0, 5.0]),
            backoff=chance.choice([1.0, 2.0]),
            jitter=chance.choice([0.0, 0.5]),
            reset_on_success=chance.random() < 0.7,
            only=chance.choice(
                [RetryCauses(), RetryCauses(lost=True), RetryCauses(frozenset({2})), RetryCauses(timeout=False)]
            ),
        ),
        timeout=Timeout(
            run=chance.choice([None, None, 30.0]),
            total=chance.choice([None, None, 45.0]),
            warn=chance.choice([None, 10.0]),
            min=chance.choice([None, 1.0]),
        ),
        notify=chance.choice([None, Notify(frozenset(When), ("desk",))]),
        finish_by=chance.choice([None, None, FinishBy(seconds=30.0)]),
        failover=chance.choice([None, None, None, Argv(("other",))]),
        outputs=chance.choice([{}, {}, {"rows": "rows=([0-9]+)"}]),
    )
    if chance.random() < 0.5:
        return spec
    slots = chance.sample(list(HookSlot), chance.randint(0, len(HookSlot)))
    conditions: tuple[Condition, ...] = (CommandHolds(Argv(("test",))),) * chance.choice([0, 0, 1, 2])
    return replace(
        spec,
        hooks={slot: Hook(Argv((slot.value,)), ignore_error=chance.random() < 0.5) for slot in slots},
        conditions=conditions,
        on_false=chance.choice([SKIP, OnFalse(5.0, 20.0)]),
    )


def with_limits(chance: random.Random, spec: JobSpec) -> JobSpec:
    """The same job with bounds of its schedule, or without."""
    if chance.random() < 0.5:
        return spec
    spec = replace(
        spec,
        start_at=chance.choice([None, None, _BEGIN + timedelta(seconds=25)]),
        end_at=chance.choice([None, None, _BEGIN + timedelta(seconds=500)]),
        max_runs=chance.choice([None, None, 2]),
    )
    if isinstance(spec.schedule, CronSchedule | EverySchedule):
        return replace(
            spec,
            jitter=chance.choice([0.0, 3.0]),
            window=chance.choice([None, None, Window(30, 600), Window(80_000, 120)]),
            calendar=chance.choice([None, None, "mondays"]),
            except_=chance.choice([None, None, "weekend"]),
            roll=chance.choice(list(Roll)) if isinstance(spec.schedule, CronSchedule) else Roll.NONE,
        )
    return spec


def play(seed: int) -> Callable[[Launch], Act]:
    """How each attempt goes: the same for the same id, whatever happened before."""

    def script(launch: Launch) -> Act:
        chance = random.Random(f"{seed} {launch.attempt}")
        step = launch.attempt.rpartition(":")[2].partition(".")[2].partition(".")[0]
        if chance.random() < 0.03:
            return Act(errno=2)
        if not step.isdigit() and step != StepKind.FAILOVER:  # a hook or a precondition
            return Act(chance.choice([0.0, 0.0, 0.5, 4.0]), chance.choice([0, 0, 1]))
        seconds = chance.choice([0.0, 0.5, 3.0, 40.0, 200.0])
        if launch.timeout is not None and seconds > launch.timeout:
            return Act(launch.timeout, cause=Cause.TIMEOUT)
        return Act(seconds, chance.choice([0, 0, 0, 1, 2, SKIP_CODE]))

    return script
