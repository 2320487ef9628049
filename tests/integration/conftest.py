"""A home for the program under test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.program import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh home with an empty runtime folder."""
    (tmp_path / "runtime").mkdir(mode=0o700)
    return Home(tmp_path)
