"""`show`: the job in the words of the file, which loads again as the same job, and where each value came from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.jobfile import Loaded, load
from engine.jobfile.showing import show_job
from engine.jobfile.tree import TreeReader
from engine.jobfile.words import flow
from engine.runtime.environment import describe
from engine.spec.job import JobSpec
from tests.unit.jobfile.conftest import ENVIRON

Load = Callable[..., Loaded]

RICH = r"""
pools: {db: 2}
calendars: {holidays: {days: sun}}
notifiers: {ops: {command: 'true'}}
jobs:
  b: {command: x}
  rich:
    was: poor
    name: "Nightly: dump"
    description: "50% of # it, \"quoted\" \\ and ${not} filled"
    tags: [db, "true", "1.5"]
    metadata: {owner: dba, n: 3, deep: {list: [1, null, x]}}
    command: [pg_dump, "${DB}", "${params.DAYS:-7}", "$${HOME}", "${matrix.item}", "${needs.b.outputs.rows}", "a\tb\e"]
    shell: [/bin/bash, -euo, pipefail, -c]
    working_dir: /data/${JOB_ID}
    env: {A: "${COLOUR} x", B: "${RUN_ID}"}
    env_file: more.env
    inherit: [SSH_AUTH_SOCK]
    umask: 027
    stdin: "line one\nline two\n"
    params:
      DB: {default: main, enum: [main, audit], description: which database}
      DAYS: {type: int}
      EMPTY: {default: ""}
    secrets: {PW: {file: /run/pw}, T: {env: TOKEN}, K: {command: [pass, show, k], timeout: 5s}}
    matrix: {item: [a, "b c", "1"]}
    schedule: [{cron: "H 2 * * *", timezone: Asia/Tokyo}, {cron: "0 12 * * 1-5"}]
    watch: {paths: ["/in/*.csv", "/$${x}/**"], debounce: 2s}
    timezone: Europe/Berlin
    dst: {gap: skip, overlap: both}
    jitter: 2m
    start_at: "2026-01-01"
    end_at: "2027-12-31T23:59:59+01:00"
    window: {from: "06:00", to: "24:00", days: [mon-fri, sun]}
    except: holidays
    roll: next
    max_runs: 100
    manual: confirm
    on_failure: halt
    catch_up: latest
    catch_up_window: 12h
    late_grace: 90s
    start_deadline: 30m
    overlap: queue
    max_queued: 3
    concurrency: 2
    priority: -5
    exclusive: group
    pools: [db]
    reserve: {cpu: 1.5, memory: 512M}
    limits: {cpu: 0.5, memory: 200M, nofile: 64}
    monitor: {every: 5s, children: false}
    log: {max_size: 20M, keep: {runs: 3, failed: 4, days: 2.5, total: 1G}, compress: false, format: json}
    needs: {b: {is: done, within: 1d}}
    join: any
    if: [{env: A, matches: "^(1|yes)$"}, {file: /x}, {value: "${needs.b.outputs.rows}", matches: "[1-9]"}, {command: test x}]
    on_false: {retry_every: 5m, for: 2h}
    hooks: {start: {command: df, timeout: 10s, ignore_error: true}, error: [mail, "${JOB_ID}"]}
    failover: ./other.sh
    outputs: {rows: 'regex:^rows=(\d+)'}
    timeout: {run: 40m, warn: 25m, min: 500ms}
    stop: {signal: SIGINT, grace: 20s}
    left_behind: hold
    retry: {limit: unlimited, delay: 30s, backoff: 2.0, jitter: 0.1, only: {exit_codes: [1, "70-72"], signals: true}}
    success_codes: [0, 3]
    skip_codes: [99]
    notify: {when: [failure, recovery], to: [ops], cooldown: 1h}
    finish_by: "06:00"
    pausable: false
"""

TOP = "pools: {db: 2}\ncalendars: {holidays: {days: sun}}\nnotifiers: {ops: {command: 'true'}}\n"


def shown(loaded: Loaded, job_id: str, *, resolved: bool = False, settings: dict[str, str] | None = None) -> str:
    assert loaded.file is not None, loaded.text()
    spec = next(one for one in loaded.file.jobs if one.id == job_id)
    return show_job(spec, loaded.resolved[job_id], settings or {}, resolved=resolved)


def one(loaded: Loaded, job_id: str) -> JobSpec:
    assert loaded.file is not None, loaded.text()
    return next(spec for spec in loaded.file.jobs if spec.id == job_id)


@pytest.mark.parametrize("resolved", [False, True])
def test_what_is_shown_loads_again_as_the_same_job(load_text: Load, tmp_path: Path, resolved: bool) -> None:
    loaded = load_text(RICH, {"more.env": "FROM_FILE=1"})
    text = TOP + shown(loaded, "rich", resolved=resolved) + "  b: {command: x}\n"
    (tmp_path / "again.yaml").write_text(text)
    again = load(tmp_path / "again.yaml", {})
    before, after = one(loaded, "rich"), one(again, "rich")
    built_in = JobSpec(id="x", command=before.command)
    unset = {f.name for f in fields(before) if getattr(before, f.name) == getattr(built_in, f.name)}
    assert unset <= {"command", "enabled", "calendar", "pause_timeout", "when_not_durable", "user", "group"}, (
        "a new key belongs above"
    )
    assert {f.name: getattr(after, f.name) for f in fields(before)} == {
        f.name: getattr(before, f.name) for f in fields(before)
    }


def test_a_job_of_nothing_but_a_command_shows_what_is_built_in(load_text: Load) -> None:
    text = shown(load_text("jobs: {a: {script: 'echo hi'}}"), "a", resolved=True)
    assert re.search(r"^    command: echo hi +# job, jobs.yaml:1$", text, re.MULTILINE)
    assert re.search(r"^    catch_up: none +# built-in$", text, re.MULTILINE)
    assert re.search(r"^    timeout:\n      run: none +# built-in$", text, re.MULTILINE)
    assert all(line.endswith(":") or "  # " in line for line in text.splitlines()[2:]), "each value has its origin"


def test_each_value_has_the_layer_and_the_line_it_came_from(load_text: Load) -> None:
    loaded = load_text(
        "include: [more.yaml]\n"
        "defaults:\n  timeout: {run: 1h, warn: 30m}\n  priority: 3\n  params: {DB: {default: main, description: which}}\n"
        "jobs:\n  a:\n    extends: .base\n    timeout: {run: 2h}\n    command: x\n",
        {"more.yaml": "jobs:\n  .base:\n    retry: 3\n    tags: [base]\n"},
    )
    text = shown(loaded, "a", resolved=True, settings={"DB": "audit"})
    origins = dict(re.findall(r"^ +([a-z_]+): .*?  # (.*)$", text, re.MULTILINE))
    assert origins["run"] == "job, jobs.yaml:9"
    assert origins["warn"] == "defaults, jobs.yaml:3"
    assert origins["min"] == "built-in"
    assert origins["priority"] == "defaults, jobs.yaml:4"
    assert origins["limit"] == "template .base, more.yaml:3"
    assert origins["tags"] == "template .base, more.yaml:4"
    assert origins["default"] == "--set"
    assert origins["description"] == "defaults, jobs.yaml:5"
    assert origins["overlap"] == "built-in"


def test_environment_files_and_secrets_are_shown_as_what_they_are_called(load_text: Load) -> None:
    """80-security: `show` reads no secret; role `view` sees names, not values."""
    loaded = load_text(
        "jobs: {a: {command: x, env_file: [e], env: {A: '${F} a'}, secrets: {S: {file: nowhere}},"
        " params: {PW: {default: hunter2, secret: true}}, matrix: {item: [i, j]}, inherit: [COLOUR]}}",
        {"e": "F=from-file"},
    )
    for resolved in (False, True):
        text = shown(loaded, "a", resolved=resolved)
        assert "hunter2" not in text
        assert re.search(r"^    env_file: \[/.*/e\]", text, re.MULTILINE), "in full, so that it is found from anywhere"
        assert not re.search(r"^ +F: ", text, re.MULTILINE)
    spec = one(loaded, "a")
    listed = {v.name: v for v in describe(spec, ENVIRON, "UTC", spec.from_env_files)}
    assert "hunter2" not in repr(listed)
    assert (listed["F"].value, listed["F"].origin) == ("from-file", "env_file")
    assert (listed["A"].value, listed["A"].origin) == ("from-file a", "env")
    assert (listed["COLOUR"].value, listed["COLOUR"].origin) == ("blue", "inherit")
    assert listed["S"].value is None
    assert listed["S"].origin.startswith("secret, file /")
    assert (listed["PW"].value, listed["JOB_ID"].value, listed["RUN_ID"].value) == ("***", "a", None)
    assert (listed["MATRIX_ITEM"].value, listed["TZ"].value) == ("i", "UTC")


@given(st.text())
def test_any_text_is_one_line_that_a_reader_of_yaml_takes_for_the_same_text(text: str) -> None:
    """80-security: names, commands, tags as terminal code."""
    written = flow(text)
    assert all(sign.isprintable() for sign in written)
    text.encode("utf-8", "surrogatepass")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        return  # no text of a file
    told: list[str] = []
    node = TreeReader(lambda *found: told.append(str(found))).read(f"{{a: {written}}}")
    assert node is not None, told
    assert node.pairs[0][1].text == text  # type: ignore[union-attr] # a map with a scalar
