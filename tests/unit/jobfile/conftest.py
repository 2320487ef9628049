"""Loading job files from texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobfile import Loaded, load

ENVIRON = {"HOME": "/home/me", "COLOUR": "blue", "EMPTY": ""}


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[..., Loaded]:
    """Load a text as `jobs.yaml` of an own folder; keywords are further files, `strict=True` is passed on."""

    def run(text: str | bytes, files: dict[str, str] | None = None, *, strict: bool = False) -> Loaded:
        for name, content in {"jobs.yaml": text, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(tmp_path / "jobs.yaml", ENVIRON, strict=strict)

    return run


@pytest.fixture
def load_job(load_text: Callable[..., Loaded]) -> Callable[..., Loaded]:
    """Load a file with one job `a`, given as the lines of its map; `rest` are lines of the file after it."""

    def run(job: str, rest: str = "", *, strict: bool = False) -> Loaded:
        indented = "".join(f"    {line}\n" for line in job.splitlines())
        return load_text(f"jobs:\n  a:\n{indented}{rest}\n", strict=strict)

    return run
