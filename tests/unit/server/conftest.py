"""A served engine: the real server on a real socket, around the fake engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobqueue_tui.server.app import serving
from jobqueue_tui.server.listen import listening
from jobqueue_tui.server.wish import Shutdown
from tests.unit.server.fake_view import FakeJob, FakeRun, FakeView, run_record
from tests.unit.server.served import Served


@pytest.fixture
def view() -> FakeView:
    """Three jobs: `etl` runs twice and has a past, `load` waits, `denied` may not be started by hand."""
    etl = FakeJob(
        "etl",
        tags=("nightly",),
        last_run_id="etl:3",
        active=[FakeRun("etl:3"), FakeRun("etl:4")],
        queued=[FakeRun("etl:5")],
    )
    return FakeView(
        jobs=[etl, FakeJob("load", tags=("nightly", "db")), FakeJob("denied")],
        past=[run_record("etl:3"), run_record("etl:2"), run_record("load:1")],
        logs={"etl:3": b"one\ntwo\x1b[31m\xff\nthree\n"},
    )


@pytest.fixture
async def served(view: FakeView, tmp_path: Path) -> AsyncIterator[Served]:
    """The server around `view`."""
    wishes: list[Shutdown] = []
    path = tmp_path / "run" / "control.sock"
    with listening(path) as sock:
        async with serving(view, sock, path, version="0.1.0", on_shutdown=wishes.append):
            yield Served(view, path, wishes)
