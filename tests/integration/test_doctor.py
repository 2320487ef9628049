"""`doctor`: what this machine offers, said without an engine and without starting anything."""

from __future__ import annotations

import json
import os

from engine.executors.local.enforcement import GroupsFound, enforcement
from tests.integration.program import Home


def test_it_names_what_is_there_and_what_is_done_without_the_rest(home: Home) -> None:
    ran = home.run("doctor", "--format", "json")
    assert ran.code == 0
    found = {one["what"]: one for one in json.loads(ran.out)}
    assert {"pidfd", "subreaper", "/proc", "timerfd", "clock", "cgroup", "disk", "terminal", "braille"} <= found.keys()
    assert {found[name]["state"] for name in ("pidfd", "subreaper", "/proc")} == {"ok"}, "no test would run without"
    assert found["terminal"]["state"] == "lacking"
    assert found["memory"]["then"].startswith(("watchdog", "kernel"))
    assert found["affinity"]["then"].startswith("processors ")
    assert ("needs root" in found["user, group"]["then"]) == (os.geteuid() != 0)
    assert home.run("doctor").out.splitlines()[0].split() == ["WHAT", "STATE", "THEN"]


def test_how_each_limit_is_held_follows_from_what_the_keeper_found() -> None:
    """The kernel where it has the controller, else by our own looks, and why."""

    def held(path: str, controllers: set[str], why: str) -> dict[str, str]:
        return {one.limit: one.how for one in enforcement(GroupsFound(path, frozenset(controllers), why))}

    none = held("", set(), "/sys/fs/cgroup: permission denied")
    assert none["memory"].endswith("(no cgroup delegated: /sys/fs/cgroup: permission denied)")
    assert none["stop, pause"].startswith("inherited tag (no cgroup delegated")
    bare = held("/sys/fs/cgroup/x", set(), "")
    assert bare["cpu"] == "the tree is stopped and let go in turn (cgroup without the cpu controller)"
    assert bare["stop, pause"] == "cgroup, and inherited tag"
    full = held("/sys/fs/cgroup/x", {"cpu", "memory"}, "")
    assert (full["cpu"], full["memory"][:6]) == ("kernel (cgroup cpu.max)", "kernel")
