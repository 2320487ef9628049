"""Rows 67 and 68: limits of a job file on real processes, as history has them."""

from __future__ import annotations

import json
import sys

from tests.integration.program import Home

JOBS = """
engine: {max_running: 4}
jobs:
  hoard:
    command: [PYTHON, -c, "kept = [bytearray(b'x') * (1 << 20) for _ in range(2000)]"]
    limits: {memory: 64M}
    retry: 1
  slow:
    command: 'timeout 1.5 sh -c "while :; do :; done"'
    success_codes: [124]
    ResourceLimits: {CPULimit: 0.2, MemoryLimit: 0}
  small:
    command: echo little
    limits: {memory: 1GiB, cpu: 2}
"""


def test_memory_and_cores_are_limited_and_the_record_says_why(home: Home) -> None:
    home.write(JOBS.replace("PYTHON", sys.executable))
    assert home.run("--no-ui", "--until-idle", "jobs.yaml").code == 1
    runs = {run["job"]: run for run in json.loads(home.run("history", "--format", "json").out)}
    hoard, slow = runs["hoard"], runs["slow"]
    assert hoard["outcome"] == "failed"
    assert hoard["reason"].startswith("memory_limit(")
    assert hoard["peak_rss_bytes"] > 64 << 20
    assert len(hoard["attempts"]) == 2, "a failure like others: it is tried again"
    assert slow["outcome"] == "success"
    assert slow["cpu_seconds"] < 1.0, "a second and a half of a fifth of a core; it would have used all of it"
    assert (runs["small"]["outcome"], runs["small"]["reason"]) == ("success", "exit(0)")
