"""The small synchronous client behind `ctl`, and how it finds the engine."""
