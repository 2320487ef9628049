"""Who gives a verb: set once at the rim (console, control socket), read where the verb is put to the loop.

A context variable, so that none of the calls in between carries an argument that only the audit needs; tasks inherit it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

LIBRARY: Final = "library"
"""A program that uses the engine as a library."""

_ACTOR: Final = ContextVar("actor", default=LIBRARY)


def actor() -> str:
    """Who acts in this task: `console`, `uid 1000`, `library`."""
    return _ACTOR.get()


@contextmanager
def acting_as(who: str) -> Iterator[None]:
    """Everything inside, and every task that begins there, is done by `who`."""
    token = _ACTOR.set(who)
    try:
        yield
    finally:
        _ACTOR.reset(token)
