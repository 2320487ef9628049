"""What a job says of the environment of its runs."""

from __future__ import annotations

import os
from pathlib import Path

from engine import Engine
from engine.jobfile import load
from engine.model.environment import Environment

FILE = """\
jobs:
  a:
    command: x
    manual: only
    inherit: [LANG]
    env_file: [db.env]
    env: {B: hunter2, A: hunter2}
    secrets: {KEY: {env: HUNTER2}}
"""


async def test_a_job_names_what_its_environment_is_made_of_and_no_value(tmp_path: Path) -> None:
    """Not even the names of what an environment file sets: the job file does not tell them either."""
    (tmp_path / "db.env").write_text("PW=hunter2\n")
    (tmp_path / "jobs.yaml").write_text(FILE)
    file = load(tmp_path / "jobs.yaml", os.environ).file
    assert file is not None
    async with Engine.from_file(file, state_dir=tmp_path / "s", version="0") as engine:
        assert engine.job("a").environment == Environment(
            inherit=("LANG",), env_files=(str(tmp_path / "db.env"),), env=("B", "A"), secrets=("KEY",)
        )
