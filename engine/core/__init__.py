"""Decisions: what follows from the state, an event and the time. No I/O; effects are collected as data."""
