"""The scheduling engine. Usable alone as a library; imports nothing of Textual, Rich or a server.

    from engine import Engine, JobSpec

What a program needs is named here and imported when it is asked for, so that `import engine` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.errors import JobCancelled as JobCancelled
    from engine.errors import PauseTimeout as PauseTimeout
    from engine.errors import Refused as Refused
    from engine.facade.engine import Engine as Engine
    from engine.model.outcome import Outcome as Outcome
    from engine.model.record import RunRecord as RunRecord
    from engine.monitoring import InMemoryMonitoring as InMemoryMonitoring
    from engine.ports.monitoring import Monitoring as Monitoring
    from engine.prometheus import PrometheusMonitoring as PrometheusMonitoring
    from engine.spec.context import JobContext as JobContext
    from engine.spec.hooks import Hook as Hook
    from engine.spec.job import Need as Need
    from engine.spec.job import StopPolicy as StopPolicy
    from engine.spec.library import At as At
    from engine.spec.library import Cron as Cron
    from engine.spec.library import Delay as Delay
    from engine.spec.library import Every as Every
    from engine.spec.library import Hooks as Hooks
    from engine.spec.library import JobSpec as JobSpec
    from engine.spec.library import Retry as Retry
    from engine.spec.library import Watch as Watch
    from engine.spec.limits import IoClass as IoClass
    from engine.spec.limits import IoNice as IoNice
    from engine.spec.limits import Limits as Limits
    from engine.spec.limits import OnExceed as OnExceed
    from engine.spec.limits import Remedy as Remedy
    from engine.spec.log import LogKeep as LogKeep
    from engine.spec.log import LogPolicy as LogPolicy
    from engine.spec.monitor import Monitor as Monitor

_HOMES: Final = {
    "Engine": "engine.facade.engine",
    "JobCancelled": "engine.errors",
    "PauseTimeout": "engine.errors",
    "Refused": "engine.errors",
    "Outcome": "engine.model.outcome",
    "RunRecord": "engine.model.record",
    "InMemoryMonitoring": "engine.monitoring",
    "Monitoring": "engine.ports.monitoring",
    "PrometheusMonitoring": "engine.prometheus",
    "JobContext": "engine.spec.context",
    "Hook": "engine.spec.hooks",
    **dict.fromkeys(("IoClass", "IoNice", "Limits", "OnExceed", "Remedy"), "engine.spec.limits"),
    "Need": "engine.spec.job",
    "StopPolicy": "engine.spec.job",
    "LogKeep": "engine.spec.log",
    "LogPolicy": "engine.spec.log",
    "Monitor": "engine.spec.monitor",
    **dict.fromkeys(("At", "Cron", "Delay", "Every", "Hooks", "JobSpec", "Retry", "Watch"), "engine.spec.library"),
}


def __getattr__(name: str) -> object:
    """PEP 562."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - `version` and `ctl` never ask

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
