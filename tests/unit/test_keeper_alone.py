"""What the keeper's own process is made of: it must stay small, and come up anywhere."""

from __future__ import annotations

import json
import subprocess
import sys

from engine.executors.local.connection import FOLDER

COSTLY = {"typing", "dataclasses", "pathlib", "contextlib", "asyncio", "subprocess", "logging", "inspect"}


def _loaded() -> tuple[set[str], set[str]]:
    """All modules of an interpreter started as the keeper's is, after everything of the keeper was loaded; those of the bare one."""
    code = (
        "import sys; bare = sorted(sys.modules); import json; sys.path.append(sys.argv[1]); import keeper.process\n"
        "print(json.dumps([sorted(sys.modules), bare]))"
    )
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", code, str(FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    every, bare = json.loads(done.stdout)
    return set(every), set(bare)


def test_the_keeper_loads_the_standard_library_alone_and_nothing_costly_of_it() -> None:
    """It has no other package on its path, and every child's peak of memory begins at its own."""
    every, bare = _loaded()
    tops = {name.partition(".")[0] for name in every - bare}
    assert tops <= sys.stdlib_module_names | {"keeper"}
    assert not tops & COSTLY


def test_no_module_of_the_keeper_is_left_out_of_its_process() -> None:
    """What only the engine needs belongs to the engine."""
    every, _ = _loaded()
    there = {path.stem for path in (FOLDER / "keeper").glob("*.py")} - {"__init__"}
    assert {name.removeprefix("keeper.") for name in every if name.startswith("keeper.")} == there
