"""An executor on a real keeper, which has left when the test is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.local.bench import Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """An open executor in a folder of its own."""
    bench = Bench(tmp_path)
    await bench.open()
    yield bench
    await bench.clear()
