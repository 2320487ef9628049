"""The System screen's facts, as texts: what it says without drawing anything."""

from __future__ import annotations

from engine.model.machine import MachineLoad
from engine.model.record import EngineStatus
from engine.model.system import Enforced, SystemRecord
from jobqueue_tui.console.widgets.system_facts import facts_of


def test_what_can_be_enforced_here_is_listed_limit_by_limit() -> None:
    """Under one heading, the words in a column; control characters of nobody reach the screen."""
    limits = (Enforced("memory", "watchdog (no cgroup delegated)"), Enforced("stop, pause", "inherited\x1b tag"))
    system = SystemRecord(pools=(), store_bytes=None, log_disk_free=None, log_disk_total=None, limits=limits)
    status = EngineStatus(
        version="1",
        pid=1,
        uptime_seconds=1.0,
        job_file="",
        jobs=0,
        running=0,
        queued=0,
        max_running=1,
        state_dir="",
        socket="",
        executors=("local",),
        damaged_state=None,
        warnings=(),
    )
    facts = facts_of(status, MachineLoad(0.0, 0, 0, 0.0), system, connected=True)
    listed = [(name, "".join(text for text, _ in cells)) for name, cells in facts][-2:]
    assert listed[0] == ("limits", "memory       watchdog (no cgroup delegated)")
    assert listed[1][0] == ""
    assert listed[1][1].startswith("stop, pause  inherited")
    assert "\x1b" not in listed[1][1]
