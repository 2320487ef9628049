"""`left_behind` of a job file on real processes, as history has it."""

from __future__ import annotations

import json

from tests.integration.program import Home

JOBS = """
engine: {max_running: 1}
defaults: {stop: {grace: 1s}}
jobs:
  kills: {command: 'setsid sleep 1000 & sleep 0.2', left_behind: kill}
  holds: {command: 'setsid sleep 1 & sleep 0.2', left_behind: hold}
  next: {command: 'true', needs: [holds]}
"""


def test_what_lives_on_is_on_record_and_what_follows_is_the_jobs(home: Home) -> None:
    home.write(JOBS)
    assert home.run("--no-ui", "--until-idle", "jobs.yaml").code == 0
    runs = {run["job"]: run for run in json.loads(home.run("history", "--format", "json").out)}
    for name, lived in (("kills", "sleep 1000"), ("holds", "sleep 1")):
        assert runs[name]["reason"] == "exit(0)"
        assert [one["command"] for one in runs[name]["left_behind"]] == [lived]
    assert runs["next"]["started_at"] > runs["holds"]["started_at"][:19]
