"""The engine's own objects: `Engine`, and the handles of jobs and runs whose verbs go through the loop."""

from engine.facade.engine import Engine

__all__ = ["Engine"]
