"""Job specs and benches in one line, for tests."""

from __future__ import annotations

from engine.ports.executor import Launch
from engine.spec.config import EngineSpec, JobFile, PoolSpec
from engine.spec.job import Argv, JobSpec
from engine.testing import Bench
from engine.testing.executor import Act


def spec(job_id: str, **fields: object) -> JobSpec:
    """A job that runs `true`."""
    return JobSpec(id=job_id, command=Argv(("true",)), **fields)  # type: ignore[arg-type] # fields of many types


def bench(*jobs: JobSpec, max_running: int = 8, acts: dict[str, Act] | None = None, **engine: object) -> Bench:
    """An engine with these jobs; `acts` by attempt or job say how runs go (default: a second, exit 0)."""
    pools = {name: PoolSpec(1) for job in jobs for name in job.pools}
    file = JobFile(engine=EngineSpec(max_running=max_running, **engine), pools=pools, jobs=jobs)  # type: ignore[arg-type] # of many types
    script = acts or {}

    def play(launch: Launch) -> Act:
        return script.get(launch.attempt, script.get(launch.attempt.partition(":")[0], Act(1.0)))

    return Bench(file, script=play)
