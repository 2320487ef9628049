"""Engines in a defined state: the small one that the snapshots show, and one of many jobs, for measuring."""

from __future__ import annotations

import random

from engine.clock import SECOND
from engine.model.environment import Environment
from engine.model.file_changes import FileChanges, JobChange, ValueChange
from engine.model.outcome import Outcome
from engine.model.record import Counters
from engine.model.states import JobStatus, RunPhase
from tests.screens.fake_engine import FakeEngine
from tests.screens.fake_job import MIB, FakeJob, FakeRun, ended_run
from tests.screens.on_record import fill


def wave(seed: int, count: int, base: float, swing: float) -> list[float]:
    """A seeded curve that wanders."""
    dice = random.Random(seed)
    value, curve = base, []
    for _ in range(count):
        value = max(0.0, min(base + swing, value + dice.uniform(-swing, swing) / 4))
        curve.append(value)
    return curve


def small_engine() -> FakeEngine:
    """Sixteen jobs, every state there is: what the snapshots show."""
    engine = FakeEngine()
    engine.file = FileChanges(
        path="/srv/jobs.yaml",
        digest="written anew",
        added=("archive", "import-old"),
        at_once=("import-old",),
        removed=("report",),
        changed=(
            JobChange("extract", (ValueChange("every", "15m", "10m"), ValueChange("priority", "0", "5"))),
            JobChange("load", ()),
        ),
        settings=(ValueChange("engine.max_running", "8", "12"), ValueChange("engine.timezone", None, "Europe/Berlin")),
        after_restart=("engine.timezone",),
    )
    minute, hour, day = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
    at = engine.at

    job = engine.add("db-dump", title="Nightly database dump", tags=("db", "night"), priority=50)
    job.schedule_text = "H(0-29) 2 * * *"
    job.counters, job.next_run = Counters(starts=211, success=209, failed=2), at + 14 * hour
    engine.ended(job, 35880, 1267.0, Outcome.SUCCESS)
    engine.running(job, 754, 87.5, 412 * MIB)
    job.environment = Environment(
        inherit=("SSH_AUTH_SOCK",), env_files=("/etc/jobs/db.env",), env=("BACKUPS", "DB"), secrets=("PGPASSWORD",)
    )
    job.cpu_ring, job.rss_ring = wave(1, 120, 60, 40), [int(v) for v in wave(2, 120, 300 * MIB, 200 * MIB)]

    job = engine.add("extract", title="Extract from the shop", tags=("etl",), schedule_text="every 15m")
    job.counters, job.next_run = Counters(starts=1204, success=1198, failed=6), at + 8 * minute + 17 * SECOND
    engine.ended(job, 402, 48.2, Outcome.SUCCESS)
    engine.running(job, 12.4, 132.0, 96 * MIB)
    job.cpu_ring, job.rss_ring = wave(3, 60, 90, 110), [int(v) for v in wave(4, 60, 60 * MIB, 60 * MIB)]

    job = engine.add("transform", title="transform", tags=("etl",), needs=("extract",), schedule_text="needs")
    job.counters = Counters(starts=1190, success=1189, failed=1)
    engine.ended(job, 340, 61.0, Outcome.SUCCESS)
    job.queued.append(FakeRun("transform:1191", job.id, RunPhase.QUEUED, at, at - 3 * minute, None))
    job.priority, job.effective_priority = 5, 7.2

    job = engine.add("load", title="Load into the warehouse", tags=("etl", "db"), needs=("transform",))
    job.schedule_text, job.counters = "needs", Counters(starts=1189, success=1170, failed=19)
    engine.ended(job, 255, 24.0, Outcome.FAILED, "exit(3)")
    job = engine.add("report", needs=("load", "db-dump"), schedule_text="needs", tags=("mail",))
    job.counters = Counters(starts=40, success=40)
    engine.ended(job, 2 * 86400, 3.1, Outcome.SUCCESS)

    job = engine.add("sync-photos", tags=("home",), schedule_text="every 1h")
    job.counters, job.next_run = Counters(starts=300, success=300), at + 43 * minute
    engine.running(job, 131, 0.0, 31 * MIB, RunPhase.PAUSED)
    job.cpu_ring, job.rss_ring = [*wave(5, 40, 20, 20), *[0.0] * 20], [31 * MIB] * 60

    job = engine.add("index-mail", schedule_text="0 * * * *", tags=("mail",))
    job.counters, job.next_run = Counters(starts=88, success=80, timed_out=8), at + hour
    engine.ended(job, 3590, 600.0, Outcome.TIMED_OUT, "timeout")
    job = engine.add("cert-renew", schedule_text="17 4 * * 1", tags=("web",), priority=10)
    job.counters, job.next_run = Counters(starts=12, success=12), at + 6 * day + 16 * hour
    engine.ended(job, 28000, 5.2, Outcome.SUCCESS)
    job = engine.add("thumbnails", schedule_text="every 30s", tags=("web",))
    job.counters, job.next_run = Counters(starts=9210, success=9208, stopped=2), at + 22 * SECOND
    engine.ended(job, 8, 0.34, Outcome.SUCCESS)
    job = engine.add("fetch-rates", schedule_text="*/5 * * * *")
    job.counters, job.next_run = Counters(starts=410, success=402, failed=8), at
    engine.ended(job, 300, 1.8, Outcome.SUCCESS)
    engine.running(job, 0.4, 0.0, 2 * MIB, RunPhase.STARTING)
    job = engine.add("mirror", title="Mirror of the archive", schedule_text="@daily", tags=("net",))
    job.counters, job.next_run = Counters(starts=77, success=70, failed=7), at + 12 * hour
    engine.ended(job, 86400 / 2, 4120.0, Outcome.SUCCESS)
    engine.running(job, 9.0, 3.2, 18 * MIB, RunPhase.STOPPING)
    job.cpu_ring, job.rss_ring = wave(6, 9, 2, 4), [18 * MIB] * 9

    job = engine.add("vacuum", schedule_text="@weekly", status=JobStatus.STOPPED)
    engine.ended(job, 5 * 86400, 310.0, Outcome.STOPPED, "operator")
    job = engine.add("migrate", schedule_text="one-shot", status=JobStatus.COMPLETED)
    job.counters = Counters(starts=1, success=1)
    engine.ended(job, 7200, 93.0, Outcome.SUCCESS)
    job = engine.add("seed-cache", schedule_text="one-shot", status=JobStatus.ERROR, needs=("migrate",))
    job.counters = Counters(starts=1, failed=1)
    engine.ended(job, 7100, 2.0, Outcome.FAILED, "signal(11)")
    job = engine.add("advent", schedule_text="@daily", status=JobStatus.ENDED)
    engine.ended(job, 75 * 86400, 1.0, Outcome.SUCCESS)
    engine.add("ad-hoc", enabled=False)

    lines = [f"2026-03-09T11:{m:02d}:{s:02d}Z dumped table {m * 60 + s}" for m in range(47, 60) for s in (0, 20, 40)]
    engine.logs["db-dump:212"] = ("\n".join(lines) + "\n").encode()
    engine.logs["extract:1205"] = b"page 1\npage 2\n\x1b[32mok\x1b[0m \x1b]0;pwned\x07page 3\n"
    engine.records = [
        ended_run(f"db-dump:{211 - n}", "db-dump", at - n * day - 10 * hour, outcome, seconds=1200 + 13 * n, reason=why)
        for n, (outcome, why) in enumerate(
            [(Outcome.SUCCESS, None), (Outcome.FAILED, "exit(3)"), (Outcome.SUCCESS, None), (Outcome.SUCCESS, None)]
        )
    ]
    fill(engine)
    return engine


def big_engine(count: int, seed: int = 1) -> FakeEngine:
    """Many jobs in likely states, for measuring."""
    dice = random.Random(seed)
    engine = FakeEngine()
    for number in range(count):
        job = FakeJob(engine, f"job-{number:05d}", tags=("etl",) if number % 3 else ("db", "night"))
        job.schedule_text = "every 5m"
        job.next_run = engine.at + dice.randrange(1, 300) * SECOND
        job.counters = Counters(starts=number, success=number)
        engine.by_id[job.id] = job
        engine.ended(job, dice.randrange(1, 5000), dice.random() * 100, dice.choice((Outcome.SUCCESS, Outcome.FAILED)))
        if number < 50:
            engine.running(job, dice.randrange(1, 500), dice.random() * 100, dice.randrange(1, 500) * MIB)
            job.cpu_ring = wave(number, 120, 30, 60)
            job.rss_ring = [int(value) for value in wave(number + 1, 120, 50 * MIB, 200 * MIB)]
    return engine
