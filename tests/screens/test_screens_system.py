"""The System screen: what the engine has and uses, and what happens in it."""

from __future__ import annotations

import itertools

from engine.model.events import EngineStopping, RunSampled
from engine.model.machine import MachineLoad
from engine.model.record import EngineStatus
from engine.model.system import Enforced, SystemRecord
from jobqueue_tui.console.screens.system import SystemScreen
from jobqueue_tui.console.widgets.system_facts import facts_of
from tests.screens.fake_engine import FakeEngine
from tests.screens.stage import console


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


async def test_the_system_shows_what_the_engine_has_and_uses() -> None:
    """Pools with their holders, the disk, the store."""
    async with console(size=(120, 40)) as stage:
        await stage.press("7")
        assert stage.has("pools", "1/2", "db", "db-dump")
        assert stage.has("4/4", "net")
        assert stage.has("log disk", "120G free of 250G")
        assert stage.has("operator", "pause", "sync-photos")
        assert stage.has("bump", "report", "refused: out_of_range")


async def test_events_come_as_they_happen() -> None:
    """The newest first; the feed is closed with the screen."""
    async with console(size=(120, 40)) as stage:
        await stage.press("7", "right_square_bracket")
        assert stage.has("ended", "thumbnails:9210")
        feed = stage.engine.event_feeds[0]
        feed.waiting.append(EngineStopping(seq=43, at=stage.engine.at))
        await stage.second()
        assert stage.has("43", EngineStopping.type)
        await stage.press("right_square_bracket")
        assert stage.has("held by operator since 11:00: deploy")
        await stage.press("1")
        assert feed.closed


async def test_many_events_come_a_hundred_at_a_time() -> None:
    """None of them holds the engine up, and samples are not among them; in the end the newest thousand are there."""
    engine = FakeEngine()
    engine.events = [EngineStopping(seq=number, at=engine.at) for number in range(1, 1_051)]
    async with console(engine, size=(120, 40)) as stage:
        await stage.press("7", "right_square_bracket")
        screen = stage.app.screen
        assert isinstance(screen, SystemScreen)
        counts = [len(screen.list.entries)]
        for _ in range(12):
            stage.engine.event_feeds[0].waiting += [
                RunSampled(seq=1_050, at=engine.at, cpu_percent=1.0, rss_bytes=1)
            ] * 500
            await stage.second()
            counts.append(len(screen.list.entries))
        assert all(later - before <= 100 for before, later in itertools.pairwise(counts))
        assert [entry.id for entry in screen.list.entries] == [f"event {number}" for number in range(1_050, 50, -1)]
