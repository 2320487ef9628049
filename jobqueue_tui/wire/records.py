"""Records from their stable JSON. The other direction is `to_json` on each record, which owns the words."""

from __future__ import annotations

from functools import partial

from engine.api import Changes
from engine.model.outcome import Outcome
from engine.model.record import (
    AttemptRecord,
    Counters,
    EngineStatus,
    FileNews,
    JobRecord,
    Json,
    RunKind,
    RunRecord,
    StateError,
    Why,
)
from engine.model.states import JobStatus, RunPhase
from jobqueue_tui.wire.reader import Reader


def attempt_from_json(value: Json) -> AttemptRecord:
    """An attempt; WireError if it is none."""
    read = Reader.of(value)
    return AttemptRecord(
        attempt_id=read.text("attempt_id"),
        started_at=read.maybe("started_at", read.time),
        ended_at=read.maybe("ended_at", read.time),
        outcome=read.maybe("outcome", partial(read.word, words=Outcome)),
        reason=read.maybe("reason", read.text),
        exit_code=read.maybe("exit_code", read.integer),
        signal=read.maybe("signal", read.integer),
        pid=read.maybe("pid", read.integer),
        peak_rss_bytes=read.maybe("peak_rss_bytes", read.integer),
        cpu_seconds=read.maybe("cpu_seconds", read.number),
    )


def run_from_json(value: Json) -> RunRecord:
    """A run; WireError if it is none."""
    read = Reader.of(value)
    return RunRecord(
        run_id=read.text("run_id"),
        job=read.text("job"),
        kind=read.word("kind", RunKind),
        planned_at=read.time("planned_at"),
        first_planned_at=read.time("first_planned_at"),
        queued_at=read.time("queued_at"),
        started_at=read.maybe("started_at", read.time),
        ended_at=read.maybe("ended_at", read.time),
        state=read.word("state", RunPhase),
        outcome=read.maybe("outcome", partial(read.word, words=Outcome)),
        reason=read.maybe("reason", read.text),
        exit_code=read.maybe("exit_code", read.integer),
        signal=read.maybe("signal", read.integer),
        pid=read.maybe("pid", read.integer),
        peak_rss_bytes=read.maybe("peak_rss_bytes", read.integer),
        cpu_seconds=read.maybe("cpu_seconds", read.number),
        wall_seconds=read.maybe("wall_seconds", read.number),
        paused_seconds=read.number("paused_seconds"),
        read_bytes=read.maybe("read_bytes", read.integer),
        written_bytes=read.maybe("written_bytes", read.integer),
        throttled_seconds=read.maybe("throttled_seconds", read.number),
        exceeded={name: float(seen) for name, seen in read.object("exceeded").items() if isinstance(seen, int | float)},
        usage={name: float(one) for name, one in read.object("usage").items() if isinstance(one, int | float)},
        cpu_percent=read.maybe("cpu_percent", read.number),
        rss_bytes=read.maybe("rss_bytes", read.integer),
        attempts=read.each("attempts", attempt_from_json),
        count=read.integer("count"),
        count_exact=read.flag("count_exact"),
        priority=read.integer("priority"),
        executor=read.text("executor"),
        host=read.text("host"),
        log_path=read.maybe("log_path", read.text),
        left_behind=read.each("left_behind", _process_from_json),
        data=read.object("data"),
        params={name: str(value) for name, value in read.object("params").items()},
        matrix={name: str(value) for name, value in read.object("matrix").items()},
        facts=read.object("facts"),
        error=StateError(
            read.maybe("error", read.text),
            {
                slot: tuple(map(str, texts))
                for slot, texts in read.object("hook_errors").items()
                if isinstance(texts, list)
            },
        ),
        recovered=read.flag("recovered"),
        outputs={name: str(value) for name, value in read.object("outputs").items()},
        may_still_run=read.flag("may_still_run"),
        acked_at=read.maybe("acked_at", read.time),
        acked_by=read.maybe("acked_by", read.text),
        ack_reason=read.maybe("ack_reason", read.text),
    )


def job_from_json(value: Json) -> JobRecord:
    """A job; WireError if it is none."""
    read = Reader.of(value)
    return JobRecord(
        id=read.text("id"),
        name=read.text("name"),
        description=read.text("description"),
        tags=read.texts("tags"),
        status=read.word("status", JobStatus),
        enabled=read.flag("enabled"),
        suspended=read.flag("suspended"),
        paused=read.flag("paused"),
        priority=read.integer("priority"),
        effective_priority=read.number("effective_priority"),
        schedule=read.text("schedule"),
        needs=read.texts("needs"),
        next_run=read.maybe("next_run", read.time),
        last_run=read.maybe("last_run", read.time),
        last_outcome=read.maybe("last_outcome", partial(read.word, words=Outcome)),
        last_reason=read.maybe("last_reason", read.text),
        counters=Counters(
            starts=read.integer("starts"),
            success=read.integer("success"),
            failed=read.integer("failed"),
            timed_out=read.integer("timed_out"),
            stopped=read.integer("stopped"),
            lost=read.integer("lost"),
            skipped=read.integer("skipped"),
            missed=read.integer("missed"),
        ),
        active=read.each("active", run_from_json),
        queued=read.integer("queued"),
        reason=read.maybe("reason", read.text),
        changed=read.texts("changed"),
        stats=read.object("stats"),
        inactive=read.flag("inactive"),
        metadata=read.object("metadata"),
        params=read.object("params"),
    )


def why_from_json(value: Json) -> Why:
    """The answer of `ctl why`; WireError if it is none."""
    read = Reader.of(value)
    return Why(
        id=read.text("id"),
        status=read.word("status", JobStatus),
        reason=read.text("reason"),
        details=read.texts("details"),
        holds=read.texts("holds"),
        bump_helps=read.flag("bump_helps"),
    )


def status_from_json(value: Json) -> EngineStatus:
    """The engine's status; WireError if it is none."""
    read = Reader.of(value)
    return EngineStatus(
        version=read.text("version"),
        pid=read.integer("pid"),
        uptime_seconds=read.number("uptime_seconds"),
        job_file=read.text("job_file"),
        jobs=read.integer("jobs"),
        running=read.integer("running"),
        queued=read.integer("queued"),
        max_running=read.integer("max_running"),
        state_dir=read.text("state_dir"),
        socket=read.text("socket"),
        executors=read.texts("executors"),
        damaged_state=read.maybe("damaged_state", read.text),
        warnings=read.texts("warnings"),
        holds=read.texts("holds"),
        trouble=read.maybe("trouble", read.text),
        job_file_followed=read.flag("job_file_followed"),
        job_file_news=read.maybe("job_file_news", lambda key: _news(read.object(key))),
    )


def _news(value: Json) -> FileNews:
    read = Reader.of(value)
    return FileNews(read.time("at"), read.text("text"), read.flag("waits"))


def changes_to_json(changes: Changes) -> dict[str, Json]:
    """Changes as JSON; ids sorted, so that equal changes have equal bytes."""
    return {"jobs": [*sorted(changes.jobs)], "resync": changes.resync}


def changes_from_json(value: Json) -> Changes:
    """Changes; WireError if these are none."""
    read = Reader.of(value)
    return Changes(frozenset(read.texts("jobs")), read.flag("resync"))


def _process_from_json(value: Json) -> tuple[int, str]:
    read = Reader.of(value)
    return read.integer("pid"), read.text("command")
