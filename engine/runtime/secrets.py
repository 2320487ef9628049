"""The secrets of an attempt: files and variables are read here, commands run in the attempt's own process (`logs.secret_child`)."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.logs import secret_child
from engine.logs.masking import marks_path
from engine.logs.secret_child import LONGEST, Unavailable, add_marks, value_of
from engine.ports.executor import AttemptId
from engine.spec.command import Argv, Shell
from engine.spec.secret import FromCommand, FromFile, FromVariable, Secret
from engine.spec.template import at_start

_CHILD: Final = (sys.executable, "-I", "-S", secret_child.__file__)


class SecretUnavailable(Exception):  # noqa: N818 - says what is the case
    """An attempt cannot have its secrets: `NAME: why`, without anything of the value."""


def read_now(secrets: Mapping[str, Secret], environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets that come from files and from the engine's environment. SecretUnavailable.

    On the loop: files of a few bytes on local disks. One on a network that hangs would hold everything up; such a
    secret belongs in a `command`.
    """
    found: dict[str, str] = {}
    for name, secret in secrets.items():
        try:
            match secret:
                case FromFile(path=path):
                    found[name] = os.fsdecode(value_of(_read(path)))
                case FromVariable(name=variable):
                    if variable not in environ:
                        raise Unavailable(f"{variable} is not set")
                    found[name] = os.fsdecode(value_of(os.fsencode(environ[variable])))
                case FromCommand():
                    pass
        except Unavailable as why:
            raise SecretUnavailable(f"{name}: {why}") from None
    return found


def _read(path: str) -> bytes:
    """80-security: opened once; regular, of root or our own, not writable by others; for root so its folders, too."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise Unavailable(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise Unavailable("is not a regular file")
        _check(facts, "the file")
        if os.geteuid() == 0:
            for folder in Path(f"/proc/self/fd/{fd}").readlink().parents:
                _check(folder.stat(), "a folder above the file")
        return os.read(fd, LONGEST + 2)
    except OSError as error:
        raise Unavailable(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    finally:
        os.close(fd)


def _check(facts: os.stat_result, what: str) -> None:
    if facts.st_uid not in {0, os.geteuid()}:
        raise Unavailable(f"{what} belongs to user {facts.st_uid}, who could change it")
    by_others = facts.st_mode & stat.S_IWOTH or (facts.st_mode & stat.S_IWGRP and facts.st_gid not in {0, os.getegid()})
    if by_others and not (stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX):
        raise Unavailable(f"{what} can be changed by others")


def mark(log_path: str, values: Mapping[str, str]) -> None:
    """Have readers of the log hide these values. SecretUnavailable when that cannot be had: nobody would hide them."""
    try:
        add_marks(marks_path(log_path), [os.fsencode(value) for value in values.values()])
    except FileNotFoundError:
        pass  # the folder of the log is gone: the start fails for that, the folder is made anew and this is done again
    except OSError as error:
        raise SecretUnavailable(f"marks: cannot be written: {(error.strerror or str(error)).lower()}") from None


def fetching(
    secrets: Mapping[str, Secret],
    shell: tuple[str, ...],
    facts: Mapping[str, str],
    argv: tuple[str, ...],
    place: tuple[str, AttemptId, str | None],
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The arguments, and what goes into the environment, of an attempt some of whose secrets are printed by commands.

    `place`: the log, the attempt whose fault is noted beside it, and its LC_CTYPE, which Python sets for its own sake.
    """
    wanted: dict[str, object] = {}
    for name, secret in secrets.items():
        match secret:
            case FromCommand(command=Shell(text=text), timeout=timeout):
                wanted[name] = [[*shell, text], timeout]
            case FromCommand(command=Argv(args=args), timeout=timeout):
                wanted[name] = [[at_start(arg, facts) for arg in args], timeout]
            case _:
                pass
    if not wanted:
        return argv, {}
    log_path, attempt, locale = place
    return (*_CHILD, marks_path(log_path), attempt, *argv), {"JOB_SECRETS": json.dumps([wanted, locale])}
