"""Who is told what, in a job file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest

from engine.jobfile import Loaded
from engine.spec.config import JobFile
from engine.spec.job import Timeout
from engine.spec.notify import BY_DEFAULT, ByCommand, ByPing, ByUrl, FinishBy, Heartbeat, Notify, When

Load = Callable[..., Loaded]

FILE = """
engine:
  notify: ops
  heartbeat: {ping: "https://hc.example.org/${COLOUR}", every: 30s}
notifiers:
  ops: {url: "mailto://mail.internal?to=ops@example.org", attach_log: 64K}
  desk: {command: [notify-send, "${JOB_ID} ${RUN_STATUS} ${COLOUR}"]}
  bell: {command: "printf '\\\\a'"}
  hc: {ping: "https://hc.example.org/${COLOUR}/${JOB_ID}"}
jobs:
  a:
    command: x
    notify: {when: [failure, slow], to: [desk, hc], cooldown: 1h}
    finish_by: "06:00"
    timeout: {run: 40m, warn: 25m, min: 2s}
  b: {command: x, notify: {to: hc}, finish_by: 90m}
"""


def file_of(loaded: Loaded) -> JobFile:
    assert loaded.file is not None, [str(one) for one in loaded.diagnostics]
    return loaded.file


def findings(loaded: Loaded) -> list[str]:
    return [str(one).rpartition("jobs.yaml:")[2].partition("\n")[0] for one in loaded.diagnostics]


def test_notifiers_and_what_they_are_told(load_text: Load) -> None:
    """Row 79: URLs are filled in from the environment at load, facts of an alert when it is sent."""
    file = file_of(load_text(FILE))
    assert file.engine.notify == ("ops",)
    assert file.engine.heartbeat == Heartbeat("https://hc.example.org/blue", 30.0)
    assert file.notifiers == {
        "ops": ByUrl("mailto://mail.internal?to=ops@example.org", 64 << 10),
        "desk": ByCommand(("notify-send", "${JOB_ID} ${RUN_STATUS} blue")),
        "bell": ByCommand(("/bin/sh", "-c", "printf '\\a'")),
        "hc": ByPing("https://hc.example.org/blue/${JOB_ID}"),
    }
    a, b = file.jobs
    assert a.notify == Notify(frozenset({When.FAILURE, When.SLOW}), ("desk", "hc"), 3600.0)
    assert (a.finish_by, b.finish_by) == (FinishBy(at=time(6)), FinishBy(seconds=5400.0))
    assert a.timeout == Timeout(run=2400.0, warn=1500.0, min=2.0)
    assert b.notify == Notify(BY_DEFAULT, ("hc",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobs: {a: {command: x, notify: {to: ops}}}", 'there is no notifier "ops"'),
        ("notifiers: {ops: {ping: x}}\njobs: {a: {command: x, notify: {to: opa}}}", "did you mean"),
        ("notifiers: {ops: {ping: x}}\nengine: {notify: oops}\njobs: {}", "engine.notify: there is no notifier"),
        ("jobs: {a: {command: x, notify: {when: [failure]}}}", "jobs.a.notify: tells nobody"),
        ("notifiers: {ops: {ping: x, url: y}}\njobs: {}", "must have one of `url`, `command`, `ping`"),
        ("notifiers: {ops: {ping: x, attach_log: 1K}}\njobs: {}", "`attach_log` goes with `url`"),
        ("notifiers: {ops: {ping: '${NOWHERE}'}}\njobs: {}", "NOWHERE"),
        ("notifiers: {'a/b': {ping: x}}\njobs: {}", "the name of a notifier"),
        ("engine: {heartbeat: {every: 1m}}\njobs: {}", "has no `ping`"),
        ("jobs: {a: {command: x, finish_by: '25:00'}}", "a time of day"),
        ("jobs: {a: {command: x, finish_by: 0s}}", "longer than 0"),
    ],
)
def test_a_mistake_is_named(load_text: Load, text: str, message: str) -> None:
    found = findings(load_text(text))
    assert len(found) == 1, found
    assert message in found[0]
