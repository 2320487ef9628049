"""Who a job runs as: `user` and `group` looked up, as numbers for the executor and as facts for the environment."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Mapping
from errno import ENOENT
from typing import Final

from engine.ports.executor import Identity

CLEAN_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class UnknownAccount(Exception):  # noqa: N818 - says what is the case
    """The machine has no such user or group. `step` is the key that names it, `errno` what a failed start says."""

    def __init__(self, step: str, name: str) -> None:
        super().__init__(f"{step} {name}")
        self.step = step
        self.errno = ENOENT


def identity_of(user: str | None, group: str | None) -> Identity | None:
    """What `user` and `group` mean now; None: who runs the engine, with the groups it has. UnknownAccount.

    Asked at each launch of such a job, on the loop: accounts change, and a local look-up takes some 20 us. One that a
    slow directory service answers is answered by its cache (nscd, sssd).
    """
    if user is None and group is None:
        return None
    own = os.geteuid()
    entry = _own_entry() if user is None else _entry(user)
    uid = entry.pw_uid if entry is not None else own if user is None else int(user)
    if uid == own and group is None:
        return None
    gid = _gid(group) if group is not None else uid if entry is None else entry.pw_gid
    groups = [gid] if entry is None else os.getgrouplist(entry.pw_name, gid)
    return Identity(uid, gid, tuple(groups))


def _entry(user: str) -> pwd.struct_passwd | None:
    """None: a number that nobody has given a name. Its group is the same number then. UnknownAccount for a name."""
    try:
        return pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
    except KeyError:
        if user.isdigit():
            return None
        raise UnknownAccount("user", user) from None


def _gid(group: str) -> int:
    if group.isdigit():
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise UnknownAccount("group", group) from None


def user_facts(environ: Mapping[str, str], user: str | None = None) -> dict[str, str]:
    """What concerns the user who runs the job (None: the engine's), and the two things of the engine's environment that
    pass by themselves. UnknownAccount."""
    entry = _own_entry() if user is None else _entry(user)
    home, name, shell = environ.get("HOME", "/"), str(os.getuid()), "/bin/sh"
    if user is not None:
        home, name = "/", user
    if entry is not None:
        home, name, shell = entry.pw_dir, entry.pw_name, entry.pw_shell or "/bin/sh"
    facts = {
        "PATH": CLEAN_PATH,
        "HOME": home,
        "USER": name,
        "LOGNAME": name,
        "SHELL": shell,
        "LANG": environ.get("LANG") or "C.UTF-8",
    }
    if "TMPDIR" in environ:
        facts["TMPDIR"] = environ["TMPDIR"]
    return facts


def _own_entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(os.getuid())
    except KeyError:  # a container's arbitrary uid has no entry
        return None
