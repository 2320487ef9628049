"""Jobs that nothing happens to."""

from __future__ import annotations

from engine.core.idle import is_inactive
from engine.spec.config import EngineSpec, JobFile
from engine.spec.job import Argv, EverySchedule, JobSpec, Manual
from engine.testing import Bench


def test_a_job_without_anything_due_or_run_is_marked_inactive_and_stays() -> None:
    """Row 22: after `idle_timeout` without a run and with none due a job is inactive; it is never deleted."""
    jobs = (
        JobSpec(id="hand", command=Argv(("true",)), manual=Manual.ONLY),
        JobSpec(id="once", command=Argv(("true",))),
        JobSpec(id="tick", command=Argv(("true",)), schedule=EverySchedule(90_000.0)),
    )
    b = Bench(JobFile(engine=EngineSpec(idle_timeout=3600.0), jobs=jobs))

    def inactive() -> list[str]:
        return [job.id for job in b.state.listed_jobs() if is_inactive(b.state, job, b.now)]

    b.run_for(3500)
    assert inactive() == []
    b.run_for(200)
    assert inactive() == ["hand", "once"]
    assert len(list(b.state.listed_jobs())) == 3
