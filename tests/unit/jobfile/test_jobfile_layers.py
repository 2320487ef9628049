"""Layers: defaults, templates and the job itself; maps merge, lists and scalars replace. Includes and what is defined twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobfile import Loaded
from engine.spec.job import Argv, CronEntry, CronSchedule, EverySchedule, JobSpec, Need, Required, Retry, Shell, Timeout

Load = Callable[..., Loaded]


def jobs(loaded: Loaded) -> dict[str, JobSpec]:
    """The jobs by id."""
    assert loaded.file is not None, loaded.text()
    return {job.id: job for job in loaded.file.jobs}


def findings(loaded: Loaded) -> list[str]:
    """The findings without the folder."""
    folder = str(Path(loaded.diagnostics[0].file).parent) + "/" if loaded.diagnostics else ""
    return [str(found).replace(folder, "") for found in loaded.diagnostics]


def test_maps_merge_and_lists_and_scalars_replace(load_text: Load) -> None:
    loaded = load_text(
        """\
pools: {db: 2, net: 2}
defaults:
  tags: [a]
  priority: 5
  env: {A: "1", B: "1"}
  pools: {db: 1}
  retry: {limit: 3, delay: 30s}
  metadata: {owner: {name: x, mail: y}, list: [1]}
jobs:
  same: {command: x}
  other:
    command: x
    tags: [b]
    priority: 0
    env: {B: "2"}
    pools: {net: 2}
    retry: {limit: 1}
    metadata: {owner: {name: z}, list: [2]}
"""
    )
    same, other = jobs(loaded).values()
    assert (same.tags, same.priority, same.env, same.retry.limit) == (("a",), 5, {"A": "1", "B": "1"}, 3)
    assert (other.tags, other.priority, other.env) == (("b",), 0, {"A": "1", "B": "2"})
    assert other.pools == {"db": 1, "net": 2}
    assert other.retry == Retry(1, 30)
    assert other.metadata == {"owner": {"name": "z", "mail": "y"}, "list": (2,)}


def test_a_short_form_stands_for_the_whole_map(load_text: Load) -> None:
    loaded = load_text(
        """\
pools: {db: 1, net: 1}
defaults: {retry: {limit: 3, delay: 30s}, pools: {db: 1}, needs: [n], timeout: 1h}
jobs:
  n: {command: x, needs: [], timeout: none}
  a: {command: x, retry: 2, pools: [net], needs: {n: {is: done}}}
"""
    )
    assert jobs(loaded)["a"].retry == Retry(2)
    assert jobs(loaded)["a"].pools == {"net": 1}
    assert jobs(loaded)["a"].needs == (Need("n", Required.DONE),)
    assert jobs(loaded)["a"].timeout == Timeout(3600)
    assert jobs(loaded)["n"].needs == ()
    assert jobs(loaded)["n"].timeout == Timeout(None)


def test_a_kind_of_schedule_or_command_replaces_the_other_kinds_below_it(load_text: Load) -> None:
    loaded = load_text(
        """\
defaults: {every: 5s, align: true, command: [x]}
jobs:
  a: {}
  b: {schedule: "@daily"}
  c: {every: 1m}
  d: {script: y, delay: 3}
"""
    )
    found = jobs(loaded)
    assert (found["a"].schedule, found["a"].command) == (EverySchedule(5, align=True), Argv(("x",)))
    assert found["b"].schedule == CronSchedule((CronEntry("@daily"),))
    assert found["c"].schedule == EverySchedule(60, align=True)
    assert found["d"].command == Shell("y")


def test_templates_extend_each_other_and_never_run(load_text: Load) -> None:
    loaded = load_text(
        """\
defaults: {env: {A: defaults, B: defaults, C: defaults, D: defaults}}
jobs:
  a: {extends: .inner, env: {D: job}}
  .inner: {extends: .outer, env: {C: inner}, command: y}
  .outer: {env: {B: outer, C: outer}, command: x, tags: [t]}
"""
    )
    assert list(jobs(loaded)) == ["a"]
    assert jobs(loaded)["a"].env == {"A": "defaults", "B": "outer", "C": "inner", "D": "job"}
    assert (jobs(loaded)["a"].command, jobs(loaded)["a"].tags) == (Shell("y"), ("t",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "jobs: {a: {command: x, extends: .bse}, .base: {}}",
            "jobs.a.extends: there is no template `.bse`; did you mean `.base`?",
        ),
        (
            "jobs: {a: {command: x, extends: b}, b: {command: x}}",
            "expected the id of a template, which begins with a dot",
        ),
        ("jobs: {a: {extends: .x}, .x: {extends: .y}, .y: {extends: .x}}", "extend each other: a -> .x -> .y -> .x"),
        ("jobs: {a: {command: x, needs: [.t]}, .t: {command: y}}", "`.t` is a template and never runs"),
        ("jobs: {.t: {priority: 500}}", "jobs..t.priority: is 500"),
    ],
)
def test_faults_with_templates_are_told(load_text: Load, text: str, message: str) -> None:
    assert message in findings(load_text(text))[0]


def test_a_chain_of_templates_ends_somewhere(load_text: Load) -> None:
    chain = "".join(f"  .t{n}: {{extends: .t{n + 1}}}\n" for n in range(100))
    loaded = load_text(f"jobs:\n  a: {{extends: .t0}}\n{chain}  .t100: {{command: x}}\n")
    assert any("more than 32 deep" in line for line in findings(loaded))


def test_includes_bring_jobs_and_pools_and_keep_their_own_defaults_and_folder(load_text: Load, tmp_path: Path) -> None:
    loaded = load_text(
        """\
include: [jobs.d/*.yaml, one.yaml]
defaults: {priority: 1, tags: [root]}
jobs: {a: {command: x, needs: [b], pools: [p]}}
""",
        {
            "jobs.d/b.yaml": "defaults: {priority: 2}\npools: {p: 1}\njobs: {b: {extends: .t}, b2: {command: x, working_dir: sub}}",
            "jobs.d/c.yaml": "# all commented out\n",
            "jobs.d/notes.txt": "not read",
            "one.yaml": "include: ['*.yaml']\njobs: {c: {command: x}, .t: {command: y, env_file: e.env}}",
            "e.env": "E=1",
        },
    )
    found = jobs(loaded)
    assert list(found) == ["a", "b", "b2", "c"]
    assert [(job.priority, job.tags) for job in found.values()] == [
        (1, ("root",)),
        (2, ("root",)),
        (2, ("root",)),
        (1, ("root",)),
    ]
    assert [job.working_dir for job in found.values()] == [
        str(tmp_path),
        str(tmp_path / "jobs.d"),
        str(tmp_path / "jobs.d/sub"),
        str(tmp_path),
    ]
    assert found["b"].env == {"E": "1"}


def test_what_is_defined_in_two_files_names_both_places(load_text: Load) -> None:
    loaded = load_text(
        "include: [b.yaml]\nengine: {drain: 1s}\npools: {p: 1}\njobs: {a: {command: x}}\n",
        {"b.yaml": "jobs:\n  a: {command: y}\npools:\n  p: 2\nengine:\n  drain: 2s\n"},
    )
    messages = findings(loaded)
    assert len(messages) == 3
    assert messages[0].startswith("b.yaml:2:3: error: jobs.a: is defined at ")
    assert "jobs.yaml:4:8 as well" in messages[0]
    assert messages[1].startswith("b.yaml:4:3: error: pools.p: is defined at ")
    assert messages[2].startswith("b.yaml:5:1: error: engine: is defined at ")


@pytest.mark.parametrize("pattern", ["../*.yaml", "/etc/*.yaml", "~/x.yaml", "a/../../x"])
def test_includes_stay_below_the_folder_of_the_file(load_text: Load, pattern: str) -> None:
    (message,) = findings(load_text(f"include: ['{pattern}']\njobs: {{}}"))
    assert message.startswith("jobs.yaml:1:11: error: include[0]: the pattern")


def test_a_link_does_not_lead_an_include_out_of_the_folder(
    load_text: Load, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text("jobs: {b: {command: x}}")
    (tmp_path / "in.yaml").symlink_to(outside)
    (message,) = findings(load_text("include: [in.yaml]\njobs: {}"))
    assert message.startswith("in.yaml:1:1: error: leads out of the folder of the job file")


def test_a_named_include_has_to_exist_and_a_pattern_may_match_nothing(load_text: Load) -> None:
    (message,) = findings(load_text("include: [none.yaml, 'none/*.yaml']\njobs: {}"))
    assert message == 'jobs.yaml:1:11: error: include[0]: there is no file "none.yaml"; remove it, or create the file'


def test_nothing_of_an_included_file_that_is_no_job_file_is_shown(load_text: Load) -> None:
    loaded = load_text("include: [x.txt]\njobs: {}", {"x.txt": "password: [hunter2"})
    assert "x.txt:1:1: error: is not a job file" in loaded.text()
    assert "hunter2" not in loaded.text()


def test_findings_come_by_file_in_the_order_of_reading_then_by_place(load_text: Load) -> None:
    loaded = load_text(
        "include: [a.yaml]\njobs:\n  z: {command: x, needs: [y], priority: 500}\n",
        {"a.yaml": "jobs:\n  q: {comand: x}\n"},
    )
    assert [line[: line.index(" ")] for line in findings(loaded)] == [
        "jobs.yaml:3:27:",
        "jobs.yaml:3:41:",
        "a.yaml:2:7:",
    ]
