"""For tests, of this project and of its users: a clock that jumps, an executor without processes, a store in memory."""

from engine.testing.bench import Bench
from engine.testing.clock import VirtualClock
from engine.testing.executor import Act, FakeExecutor
from engine.testing.store import MemoryStore
from engine.testing.virtual import VirtualEngine

__all__ = ["Act", "Bench", "FakeExecutor", "MemoryStore", "VirtualClock", "VirtualEngine"]
