"""For tests, of this project and of its users: a clock that jumps, an executor without processes, a store in memory.

Imported when asked for: a double of a screen's engine does not load an engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.testing.bench import Bench as Bench
    from engine.testing.clock import VirtualClock as VirtualClock
    from engine.testing.executor import Act as Act
    from engine.testing.executor import FakeExecutor as FakeExecutor
    from engine.testing.store import MemoryStore as MemoryStore
    from engine.testing.virtual import VirtualEngine as VirtualEngine

_HOMES: Final = {
    "Act": "executor",
    "Bench": "bench",
    "FakeExecutor": "executor",
    "MemoryStore": "store",
    "VirtualClock": "clock",
    "VirtualEngine": "virtual",
}


def __getattr__(name: str) -> object:
    """PEP 562."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine.testing' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where something is asked for

    value = getattr(import_module(f"engine.testing.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
