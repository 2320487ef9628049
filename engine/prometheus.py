"""A `Monitoring` that keeps its sums as Prometheus expects them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.clock import SECOND
from engine.model.record import Json, RunRecord

BUCKETS: Final = (0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0)
"""Seconds: jobs last from an instant to a day."""


class PrometheusMonitoring:
    """Runs by job and outcome, their durations, CPU seconds, peak memory, and when the last of each outcome ended.

    In `registry`, or in one of its own: a program that exposes the registry has them among its other metrics, else
    `exposition` is what a scrape, or a file for the node exporter, is to hold.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._runs = Counter("jobqueue_runs", "Runs that are over.", ["job", "outcome"], registry=self.registry)
        self._seconds = Histogram(
            "jobqueue_run_seconds", "How long runs took.", ["job"], registry=self.registry, buckets=BUCKETS
        )
        self._cpu = Counter("jobqueue_run_cpu_seconds", "CPU time of runs.", ["job"], registry=self.registry)
        self._peak = Gauge(
            "jobqueue_run_peak_rss_bytes", "Peak memory of the last run.", ["job"], registry=self.registry
        )
        self._ended = Gauge(
            "jobqueue_last_end_timestamp_seconds",
            "When the last run with this outcome ended.",
            ["job", "outcome"],
            registry=self.registry,
        )

    def save_metrics(self, record: RunRecord) -> None:
        """See `Monitoring`."""
        outcome = str(record.outcome)
        self._runs.labels(record.job, outcome).inc(record.count)
        if record.wall_seconds is not None:
            self._seconds.labels(record.job).observe(record.wall_seconds)
        if record.cpu_seconds is not None:
            self._cpu.labels(record.job).inc(record.cpu_seconds)
        if record.peak_rss_bytes is not None:
            self._peak.labels(record.job).set(record.peak_rss_bytes)
        if record.ended_at is not None:
            self._ended.labels(record.job, outcome).set(record.ended_at / SECOND)

    def get_metrics(self) -> Mapping[str, Json]:
        """See `Monitoring`: values by the names and labels of the exposition."""
        found: dict[str, Json] = {}
        for metric in self.registry.collect():
            for sample in metric.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
                found[f"{sample.name}{{{labels}}}"] = sample.value
        return found

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
