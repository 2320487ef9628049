"""Fields of a job: what each one reads, and what it says to a value of another kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, SIGUSR1

import pytest

from engine.jobfile import Loaded
from engine.spec.config import EngineSpec, OnFileChange, OnQuit, OnTerm, PoolOrder, PoolSpec
from engine.spec.job import Argv, CatchUp, JobSpec, Manual, OnFailure, Overlap, Retry, Shell, StopPolicy, Timeout

Load = Callable[..., Loaded]


def job(loaded: Loaded) -> JobSpec:
    """The one job of a file without errors."""
    assert loaded.file is not None, loaded.text()
    return loaded.file.jobs[0]


def findings(loaded: Loaded) -> list[str]:
    """`line:column: severity: path: …` of each."""
    return [str(found).rpartition("jobs.yaml:")[2] for found in loaded.diagnostics]


def test_the_shortest_file_has_all_defaults(load_text: Load, tmp_path: Path) -> None:
    loaded = load_text('jobs: {hello: {command: echo hi, schedule: "* * * * *"}}')
    assert loaded.diagnostics == ()
    assert loaded.file is not None
    assert loaded.file.path == str(tmp_path / "jobs.yaml")
    assert loaded.file.engine == EngineSpec()
    built_in = JobSpec(id="hello", command=Shell("echo hi"), working_dir=str(tmp_path), schedule=job(loaded).schedule)
    assert job(loaded) == built_in


def test_every_key_is_read(load_job: Load) -> None:
    spec = job(
        load_job(
            """\
name: Backup
description: All of it
tags: [x, 1.10]
metadata: {owner: dba, n: 5, deep: {list: [1, 2.5, true, null, "5", 22:00]}}
command: ls
shell: [/bin/bash, -c]
working_dir: /srv
env: {A: b, N: 1.10, B: true, E: ""}
inherit: [SSH_AUTH_SOCK]
umask: "027"
stdin: some text
every: 90
align: true
timezone: Europe/Berlin
enabled: false
manual: confirm
on_failure: halt
catch_up: latest
catch_up_window: 12h
late_grace: 0
start_deadline: 30m
overlap: queue
max_queued: 3
concurrency: 2
priority: -5
exclusive: night
timeout: {run: 40m}
stop: {signal: SIGINT, grace: 20s}
retry: {limit: 3, delay: 30s, backoff: 2.0, max_delay: 10m, jitter: 0.1}
success_codes: [0, 3]
skip_codes: [99]
pausable: false"""
        )
    )
    assert (spec.name, spec.description, spec.tags, spec.shell) == (
        "Backup",
        "All of it",
        ("x", "1.10"),
        ("/bin/bash", "-c"),
    )
    assert spec.metadata == {"owner": "dba", "n": 5, "deep": {"list": (1, 2.5, True, None, "5", "22:00")}}
    assert (spec.working_dir, spec.env) == ("/srv", {"A": "b", "N": "1.10", "B": "true", "E": ""})
    assert (spec.inherit, spec.umask, spec.stdin) == (("SSH_AUTH_SOCK",), 0o027, "some text")
    assert (spec.timezone, spec.enabled, spec.manual) == ("Europe/Berlin", False, Manual.CONFIRM)
    assert (spec.on_failure, spec.catch_up, spec.catch_up_window) == (OnFailure.HALT, CatchUp.LATEST, 43_200)
    assert (spec.late_grace, spec.start_deadline) == (0, 1800)
    assert (spec.overlap, spec.max_queued, spec.concurrency) == (Overlap.QUEUE, 3, 2)
    assert (spec.priority, spec.exclusive, spec.timeout) == (-5, "night", Timeout(2400))
    assert (spec.stop, spec.retry) == (StopPolicy(SIGINT, 20), Retry(3, 30, 2, 600, 0.1))
    assert (spec.success_codes, spec.skip_codes, spec.pausable) == (frozenset({0, 3}), frozenset({99}), False)


def test_engine_and_pools_are_read(load_text: Load, tmp_path: Path) -> None:
    loaded = load_text(
        """\
engine:
  name: main
  timezone: Europe/Berlin
  max_running: 3
  ageing: {every: 1m, step: 0.5}
  drain: 1m
  on_term: leave
  on_quit: stop
  reload: watch
  state_dir: state
  history: {keep_runs: 5, keep_days: 1.5}
pools: {db: 2, net: {slots: 4, order: fifo}}
jobs: {a: {command: x, pools: {db: 2}}, b: {command: x, pools: [db, net]}}
"""
    )
    assert loaded.file is not None, loaded.text()
    engine = loaded.file.engine
    assert (engine.name, engine.timezone, engine.max_running) == ("main", "Europe/Berlin", 3)
    assert (engine.ageing.every, engine.ageing.step, engine.drain) == (60, 0.5, 60)
    assert (engine.on_term, engine.on_quit, engine.state_dir) == (OnTerm.LEAVE, OnQuit.STOP, str(tmp_path / "state"))
    assert engine.reload is OnFileChange.WATCH
    assert (engine.history.keep_runs, engine.history.keep_days) == (5, 1.5)
    assert loaded.file.pools == {"db": PoolSpec(2), "net": PoolSpec(4, PoolOrder.FIFO)}
    assert [spec.pools for spec in loaded.file.jobs] == [{"db": 2}, {"db": 1, "net": 1}]


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ("command: true", Shell("true")),
        ("command: [ls, -l, '5', 5]", Argv(("ls", "-l", "5", "5"))),
        ("script: |\n  a\n  b", Shell("a\nb\n")),
        ('command: echo "${HOME}" ${X:-y} $${Z}', Shell('echo "${HOME}" ${X:-y} $${Z}')),
    ],
)
def test_a_text_is_for_the_shell_untouched_and_a_list_is_executed(
    load_job: Load, written: str, command: object
) -> None:
    assert job(load_job(written)).command == command


@pytest.mark.parametrize(
    ("written", "shell"),
    [
        ("shell: /bin/bash", ("/bin/bash", "-c")),
        ("shell: bash -eu -c", ("bash", "-eu", "-c")),
        ("shell: [sh]", ("sh",)),
    ],
)
def test_a_shell_can_be_a_text(load_job: Load, written: str, shell: tuple[str, ...]) -> None:
    assert job(load_job(f"command: x\n{written}")).shell == shell


@pytest.mark.parametrize(("written", "mask"), [("022", 0o22), ('"077"', 0o77), ("0o27", 0o27), ("7", 7), ("0", 0)])
def test_a_umask_is_octal_with_and_without_quotes(load_job: Load, written: str, mask: int) -> None:
    assert job(load_job(f"command: x\numask: {written}")).umask == mask


@pytest.mark.parametrize(
    ("written", "signal"), [("TERM", SIGTERM), ("SIGINT", SIGINT), ("usr1", SIGUSR1), ("9", SIGKILL), ("2", SIGINT)]
)
def test_signals_are_read_by_name_and_number(load_job: Load, written: str, signal: int) -> None:
    assert job(load_job(f"command: x\nstop: {{signal: {written}}}")).stop.signal == signal


@pytest.mark.parametrize(
    ("written", "retry"),
    [
        ("3", Retry(3)),
        ("unlimited", Retry(None)),
        ("{limit: unlimited, delay: 0}", Retry(None)),
        ("{limit: 1, delay: 2h}", Retry(1, 7200, max_delay=7200)),
    ],
)
def test_a_retry_is_a_number_or_a_map_and_the_default_limit_shortens_no_delay(
    load_job: Load, written: str, retry: Retry
) -> None:
    assert job(load_job(f"command: x\nretry: {written}")).retry == retry


def test_none_takes_a_limit_away(load_job: Load) -> None:
    spec = job(load_job("command: x\ntimeout: none\nstart_deadline: none"))
    assert (spec.timeout, spec.start_deadline) == (Timeout(None), None)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("timeout: soon", "timeout: 'soon' is not a duration"),
        ("timeout: -5s", "is negative"),
        ("timeout: 0", "is 0s, must be longer than 0s"),
        ("timeout: [5]", "expected a duration such as 90s or 1h30m, not a list"),
        ("every: 50ms", "is 50ms, must be at least 100ms"),
        ("delay: 0", "must be longer than 0s"),
        ("priority: 101", "is 101, outside -100 to 100"),
        ("priority: high", 'expected a whole number, not "high"'),
        ('priority: "5"', 'expected a whole number, not the text "5"; remove the quotes'),
        ("priority: 1.5", "expected a whole number"),
        ("priority: 99999999999999999999999", "expected a whole number"),
        ("enabled: yes", 'expected true or false, not "yes"; write true, without quotes'),
        ('enabled: "false"', 'expected true or false, not the text "false"; write false, without quotes'),
        ("enabled: 1", "expected true or false"),
        ("exclusive: on", "expected true or false"),
        ("exclusive: {a: b}", "expected true, false, or the name of a group, not a map"),
        ("exclusive: a/b", "expected true, false, or the name of a group"),
        ("overlap: qeue", 'expected one of skip, queue, allow, replace, not "qeue"; did you mean `queue`?'),
        ("tags: backup", 'expected a list of tags, not "backup"; write [backup]'),
        ("tags: [a, [b]]", "tags[1]: expected a text, not a list"),
        ("tags:", "has no value"),
        ("schedule: ~", "has no value"),
        ("umask: 999", "expected a mask in octal digits"),
        ("success_codes: [256]", "is 256, outside 0 to 255"),
        ("skip_codes: [0]", 'skip_codes: "0" means success as well'),
        ("stop: {signal: SIGFOO}", "is not a signal"),
        ("stop: INT", 'expected a map such as {signal: …}, not "INT"'),
        ("retry: {limit: many}", "expected a number of retries, or `unlimited`"),
        ("retry: {limit: -1}", "is -1, outside 0"),
        ("retry: {backoff: 0.5}", "is 0.5, outside 1 to 1000"),
        ("retry: {delay: 2h, max_delay: 1h}", "retry.max_delay: is shorter than `delay`"),
        ("limits: {cpu: 0}", "limits.cpu: is 0, outside 0.01 to 4096"),
        ("limits: {memory: 1000}", "limits.memory: is 1kB, a limit must be at least 1M"),
        ("limits: 1", 'expected a map such as {cpu: …}, not "1"'),
        ("retry: {limits: 3}", '"limits" is not a key of `retry`; did you mean `limit`?'),
        ("metadata: [a]", "expected a map, not a list"),
        ("inherit: [A-B]", "expected the name of a variable"),
        ("env: {A: }", 'env.A: has no value; write ""'),
        ("env: {1A: x}", 'env.1A: "1A" is not the name of a variable'),
        ("env: {A: [x]}", "expected a text, not a list"),
        ('env: {A: "a\\0b"}', "holds a NUL character"),
        ("env: [A]", "env[0]: is not NAME=value"),
        ('shell: "bash \'"', "cannot be split into words"),
        ("shell: []", "names no program"),
        ("working_dir: ' '", "is empty"),
        ("concurrency: 0", "is 0, outside 1"),
        ("name: {}", "expected a text, not a map"),
        ("description: null", "has no value"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_what_was_expected(load_job: Load, written: str, message: str) -> None:
    loaded = load_job(f"command: x\n{written}")
    assert loaded.file is None
    assert message in "\n".join(findings(loaded))
    assert all(line.startswith(("4:", "5:")) for line in findings(loaded))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("name: b", "jobs.a: has no command"),
        ("command:", "has no value; a command"),
        ("command: {a: b}", "expected a command: a text for the shell, or a list"),
        ("command: []", "names no program"),
        ("command: ['']", "names no program"),
        ("command: ' '", "is empty"),
        ("command: [echo, ~]", 'command[1]: has no value; a text is expected; quote it: "~"'),
        ("command: [echo, [x]]", "command[1]: expected a text, not a list"),
        ("script: |\n  #!/usr/bin/python3\n  print()", "begins with #!"),
        ("command: x\nscript: y", "`script` and `command` (line 3) cannot stand together"),
        ("command: echo ${needs.b-c.outputs.rows}", 'use "$JOB_NEEDS_B_C_ROWS"'),
        ("command: 'echo ${params.DB}'", 'use "$DB"'),
        (f"command: {'x' * 131_072}", "is longer than 131,071 bytes"),
        (f"command: [echo, {'ü' * 65_536}]", "is longer than 131,071 bytes"),
    ],
)
def test_a_command_that_could_not_run_is_refused(load_job: Load, written: str, message: str) -> None:
    (found,) = findings(load_job(written))
    assert message in found


def test_a_misspelt_command_is_not_missing_as_well(load_job: Load) -> None:
    assert findings(load_job("comand: x")) == [
        '3:5: error: jobs.a.comand: "comand" is not a key of a job; did you mean `command`?'
    ]


@pytest.mark.parametrize(
    "key",
    [
        "executor",
    ],
)
def test_a_key_that_this_version_cannot_honour_is_refused_by_name(load_job: Load, key: str) -> None:
    (found,) = findings(load_job(f"command: x\n{key}: 1"))
    assert found.startswith(f"4:5: error: jobs.a.{key}: `{key}` is not available in this version")


@pytest.mark.parametrize("key", ["engine: {metrics", "engine: {executors"])
def test_sections_that_this_version_cannot_honour_are_refused_by_name(load_text: Load, key: str) -> None:
    loaded = load_text(f"{key}: 1{'}' if '{' in key else ''}\njobs: {{}}")
    name = key.rpartition("{")[2]
    assert f"`{name}` is not available in this version" in findings(loaded)[0]


@pytest.mark.parametrize("name", ["-a", "a/b", "..", "a b", "a:1", "ä", "a" * 65, "", "..a", "a[1]", "."])
def test_a_job_id_is_safe_as_a_file_name(load_text: Load, name: str) -> None:
    (found,) = findings(load_text(f'jobs: {{"{name}": {{command: x}}}}'))
    assert "is not a job id" in found


@pytest.mark.parametrize("name", ["a", "7", "A.b_c-d", "x" * 64])
def test_good_job_ids_are_taken(load_text: Load, name: str) -> None:
    assert job(load_text(f"jobs: {{{name}: {{command: x}}}}")).id == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobs: [a]", "jobs: expected a map, not a list"),
        ("jobs:", "jobs: has no value"),
        ("jobs: {a: echo hi}", 'jobs.a: expected a map such as {command: …}, not "echo hi"'),
        ("jobs: {a: }", "jobs.a: has no value"),
        (
            "version: 2\njobs: {a: {nonsense: x}}",
            "version: is 2; this program reads job files up to version 1; upgrade the program",
        ),
        ("version: one\njobs: {}", "version: expected a whole number"),
        ("engine: {max_running: 0}\njobs: {}", "is 0, outside 1"),
        ("pools: {db: 0}\njobs: {}", "pools.db: is 0, outside 1"),
        ("pools: {db: {order: fifo}}\njobs: {}", "does not say how many slots it has"),
        ("pools: {a b: 1}\njobs: {}", "is not a name for a pool"),
        ("pools: [db]\njobs: {}", "expected a map of pools, not a list"),
        ("defaults: {extends: .a}\njobs: {}", "`extends` belongs to one job"),
        ("engine: {timezone: Berlin}\njobs: {}", 'engine.timezone: "Berlin" is not a time zone'),
        ("engine: {state_dir: 'x/${JOB_ID}'}\njobs: {}", "engine.state_dir: ${JOB_ID} is known only when a run starts"),
        ("version: 1", "defines no `jobs`"),
    ],
)
def test_faults_of_the_file_itself_are_told(load_text: Load, text: str, message: str) -> None:
    (found,) = findings(load_text(text))
    assert message in found


def test_a_file_without_jobs_yet_is_fine(load_text: Load) -> None:
    assert load_text("jobs: {}").ok


def test_inherit_all_passes_everything_and_is_warned_about(load_job: Load) -> None:
    loaded = load_job("command: x\ninherit: all")
    assert job(loaded).inherit == ("*",)
    assert "warning: jobs.a.inherit:" in findings(loaded)[0]


def test_nothing_is_read_from_the_null_device(load_job: Load) -> None:
    assert job(load_job("command: x\nstdin: /dev/null")).stdin == ""


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "every: 5s\nschedule: '* * * * *'",
            "5:5: error: jobs.a.schedule: `schedule` and `every` (line 4) cannot stand together",
        ),
        ("delay: 5s\nat: '@start'", "5:5: error: jobs.a.at: `at` and `delay` (line 4) cannot stand together"),
        ("align: true", "4:5: error: jobs.a.align: belongs to `every`"),
        ("every: 5s\nmanual: only", "5:5: error: jobs.a.manual: `manual` and `every` (line 4) contradict each other"),
        ("exclusive: true\nconcurrency: 2", "5:5: warning: jobs.a.concurrency: is without effect"),
    ],
)
def test_a_conflict_stands_at_the_later_key_and_names_the_other(load_job: Load, written: str, message: str) -> None:
    (found,) = findings(load_job(f"command: x\n{written}"))
    assert found.startswith(message)
