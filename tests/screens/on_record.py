"""What is on record in the snapshots: runs of all outcomes, next times, verbs, events, counts per day."""

from __future__ import annotations

import random
from dataclasses import replace

from engine.clock import SECOND
from engine.model.audit import AuditRecord, Done
from engine.model.coming import Coming
from engine.model.day import DayRecord
from engine.model.events import RunEnded, RunStarted
from engine.model.outcome import Outcome
from engine.model.record import RunKind
from engine.spec.limits import Limits
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import MIB, ended_run


def fill(engine: FakeEngine) -> None:
    """Put it on record, beside the runs of the dump."""
    minute, hour, day = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
    at = engine.at
    dump, extract, rates = engine.job("db-dump"), engine.job("extract"), engine.job("fetch-rates")
    dump.every(86400, 30, usual=1260.0)
    dump.limits = Limits(cpu=2.0, memory=512 * MIB)
    extract.every(900, usual=48.0)
    rates.every(300, usual=1.8)
    renew = engine.job("cert-renew")
    renew.times = [Coming("cert-renew", renew.next_run or at, renew.next_run or at, "operator")]
    mirror = engine.job("mirror")
    shifted = "02:30 does not exist on this day (DST gap); runs at 03:00"
    mirror.times = [
        Coming("mirror", at + 12 * hour, at + 12 * hour),
        Coming("mirror", at + 20 * hour, at + 20 * hour + 40 * SECOND, note=shifted),
    ]
    runs = [
        ended_run(
            f"extract:{1204 - n}", "extract", at - 7 * minute - n * 15 * minute, Outcome.SUCCESS, seconds=48.0 + n
        )
        for n in range(12)
    ]
    runs.append(ended_run("load:1189", "load", at - 5 * minute, Outcome.FAILED, seconds=24.0, reason="exit(3)"))
    runs.append(ended_run("seed-cache:1", "seed-cache", at - 2 * hour, Outcome.FAILED, seconds=2, reason="signal(11)"))
    late = ended_run("index-mail:88", "index-mail", at - hour, Outcome.TIMED_OUT, seconds=600, reason="timeout")
    skipped = ended_run("index-mail:87", "index-mail", at - 2 * hour, Outcome.SKIPPED, reason="overlap")
    missed = ended_run("vacuum:9", "vacuum", at - 3 * hour, Outcome.MISSED, reason="engine_down")
    runs += [
        replace(late, kind=RunKind.MANUAL),
        replace(skipped, started_at=None, wall_seconds=None, cpu_seconds=None, peak_rss_bytes=None),
        replace(missed, started_at=None, wall_seconds=None, cpu_seconds=None, peak_rss_bytes=None, count=3),
    ]
    engine.records += runs
    engine.records.sort(key=lambda run: -run.planned_at)
    engine.bad = [run for run in engine.records if run.outcome in (Outcome.FAILED, Outcome.TIMED_OUT)]
    dice = random.Random(7)
    today = at // day
    for job, most in (("db-dump", 1), ("extract", 96), ("load", 40), ("index-mail", 24), ("vacuum", 0)):
        for number in range(today - 60, today + 1):
            bad = max(0, dice.randrange(-4 * most - 1, most + 1)) if job != "extract" else 0
            engine.day_records.append(
                DayRecord(
                    job, number, max(0, most - bad), bad, 0, 0, 0, 0, int(job == "vacuum" and number % 7 == 0),
                    most * 10.0, 20.0, 1.0, most * 3.0, MIB,
                )
            )  # fmt: skip
    engine.deeds = [
        AuditRecord(
            no=5, at=at - 40 * SECOND, who="console", verb="hold", target="db-dump", arguments={"for": None}, run_id="db-dump:212",
            state="running", reason="disk swap", outcome=Done.REFUSED, code="state",
        ),
        AuditRecord(
            no=4, at=at - 50 * SECOND, who="uid 0", verb="bump", target="db-dump", arguments={"by": 1}, run_id=None,
            state=None, reason="", outcome=Done.DONE, code=None,
        ),
        AuditRecord(
            no=3, at=at - 90 * SECOND, who="operator", verb="pause", target="sync-photos", arguments={"for": None},
            run_id="sync-photos:301", state="running", reason="", outcome=Done.DONE, code=None,
        ),
        AuditRecord(
            no=2, at=at - hour, who="deploy", verb="skip_next", target="cert-renew", arguments={"undo": False},
            run_id=None, state=None, reason="certificate is new", outcome=Done.DONE, code=None,
        ),
        AuditRecord(
            no=1, at=at - 2 * hour, who="operator", verb="bump", target="report", arguments={"by": 1}, run_id=None,
            state=None, reason="", outcome=Done.REFUSED, code="out_of_range",
        ),
    ]  # fmt: skip
    engine.events = [
        RunStarted(seq=41, at=at - 12 * SECOND, job="extract", run_id="extract:1205", attempt=1, pid=5205),
        RunEnded(
            seq=42, at=at - 8 * SECOND, job="thumbnails", run_id="thumbnails:9210", outcome=Outcome.SUCCESS, reason=None,
            exit_code=0, signal=None, wall_seconds=0.34, count=1,
        ),
    ]  # fmt: skip
    engine.warnings = ("held by operator since 11:00: deploy",)
