"""What is loaded when: heavy libraries only where they are used (00-overview), the engine without any of the program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCREEN = {"textual", "rich", "rich_click"}
SERVER = {"aiohttp"}
HEAVY = SCREEN | SERVER | {"click", "yaml", "pydantic", "croniter", "psutil", "sqlite3", "asyncio"}


def loaded_by(code: str, *argv: str, cwd: Path | None = None) -> set[str]:
    """Top-level packages in sys.modules after `code` ran in a fresh interpreter."""
    program = f"import sys\nsys.argv = ['jobqueue-tui', *{list(argv)!r}]\n{code}\nimport json\n"
    program += "print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, cwd=cwd, timeout=60
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", ["engine", "engine.api", "engine.facade", "engine.jobfile", "engine.schedule"])
def test_the_engine_loads_nothing_of_screens_servers_or_command_lines(module: str) -> None:
    assert not loaded_by(f"import {module}") & (SCREEN | SERVER | {"click", "jobqueue_tui"})


def test_the_engine_by_itself_costs_nothing() -> None:
    """`import engine` names what a program needs and loads none of it."""
    assert not loaded_by("import engine\nassert 'Engine' in dir(engine)") & HEAVY


def test_version_loads_nothing_but_python_and_its_own_entry() -> None:
    packages = loaded_by("from jobqueue_tui.entry import main\nmain()", "version")
    assert not packages & (HEAVY | {"engine", "inspect", "dataclasses"})


def test_ctl_and_check_load_neither_screen_nor_server() -> None:
    for argv in (("ctl", "list"), ("check", "nowhere.yaml"), ("next", "--cron", "0 0 * * *")):
        packages = loaded_by("from jobqueue_tui.entry import main\nmain()", *argv)
        assert not packages & (SCREEN | SERVER | {"pydantic", "sqlite3"})


def test_a_headless_engine_loads_no_screen(tmp_path: Path) -> None:
    (tmp_path / "jobs.yaml").write_text("jobs: {a: {command: ['true']}}")
    argv = ("--no-ui", "--until-idle", "jobs.yaml", "--state-dir", str(tmp_path / "state"))
    packages = loaded_by("from jobqueue_tui.entry import main\nassert main() == 0", *argv, cwd=tmp_path)
    assert "aiohttp" in packages
    assert not packages & SCREEN


def test_a_headless_engine_that_does_not_listen_loads_no_server(tmp_path: Path) -> None:
    (tmp_path / "jobs.yaml").write_text("jobs: {a: {command: ['true']}}")
    argv = ("--no-ui", "--until-idle", "--no-listen", "jobs.yaml", "--state-dir", str(tmp_path / "state"))
    packages = loaded_by("from jobqueue_tui.entry import main\nassert main() == 0", *argv, cwd=tmp_path)
    assert not packages & (SCREEN | SERVER)


@pytest.mark.parametrize(
    "argv",
    [
        ("--no-ui", "--until-idle", "--no-listen", "jobs.yaml", "--state-dir", "state"),
        ("check", "jobs.yaml"),
        ("simulate", "jobs.yaml", "--for", "1h"),
        ("ctl", "--help"),
    ],
)
def test_garbage_is_collected_once_a_program_has_loaded_what_it_needs(tmp_path: Path, argv: tuple[str, ...]) -> None:
    """While it loads the collector sleeps, and not a moment longer."""
    (tmp_path / "jobs.yaml").write_text("jobs: {a: {command: ['true']}}")
    told = "import gc\nfrom jobqueue_tui.entry import main\nassert main() == 0\nassert gc.isenabled(), 'it sleeps'"
    loaded_by(told, *argv, cwd=tmp_path)


def test_frozen_dataclasses_are_made_in_one_way() -> None:
    """`engine.values` says why; the keeper is made of the standard library alone."""
    root = Path(__file__).parents[2]
    others = [
        str(file.relative_to(root))
        for package in ("engine", "jobqueue_tui")
        for file in (root / package).rglob("*.py")
        if "@dataclass(frozen=True" in file.read_text() and file.name != "values.py" and file.parent.name != "keeper"
    ]
    assert others == []
