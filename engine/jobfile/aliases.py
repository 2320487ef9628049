"""Spellings of the neighbours that load as ours: compose, dagu, and the words of job-queues and orbit files.

`check --strict` warns at each use. A spelling whose target this version lacks is refused like the target.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from engine.jobfile import hooks, policies
from engine.jobfile.tables import Alias

_COMPOSE: Final = {
    "depends_on": Alias("needs"),
    "environment": Alias("env"),
    "stop_signal": Alias("stop", "signal", policies.STOP_SIGNAL.read),
    "stop_grace_period": Alias("stop", "grace", policies.STOP_GRACE.read),
}

_DAGU: Final = {
    "depends": Alias("needs"),
    "timeout_sec": Alias("timeout", read=policies.timeout_seconds),
    "retry_policy": Alias("retry", read=policies.retry_policy),
    "handler_on": Alias("hooks"),
    "preconditions": Alias("if", read=hooks.dagu_conditions),
}

_SEEDS: Final = {
    "Id": Alias("id"),
    "Name": Alias("name"),
    "Description": Alias("description"),
    "Command": Alias("command"),
    "Priority": Alias("priority"),
    "Exclusive": Alias("exclusive"),
    "MaxRuns": Alias("max_runs", read=policies.seed_max_runs),
    "Concurrency": Alias("concurrency"),
    "Schedule": Alias("schedule"),
    "Timeout": Alias("timeout"),
    "Retries": Alias("retry", "limit", policies.RETRY_LIMIT.read),
    "retries": Alias("retry", "limit", policies.RETRY_LIMIT.read),
    "RetryDelay": Alias("retry", "delay", policies.RETRY_DELAY.read),
    "retry_delay": Alias("retry", "delay", policies.RETRY_DELAY.read),
    "ResourceLimits": Alias("limits"),
    "resource_limits": Alias("limits"),
    "Dependencies": Alias("needs"),
    "dependencies": Alias("needs"),
    "Tags": Alias("tags"),
    "Metadata": Alias("metadata"),
}

JOB_ALIASES: Final = MappingProxyType({**_COMPOSE, **_DAGU, **_SEEDS})
