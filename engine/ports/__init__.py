"""Protocols of what the engine needs from outside: executors, the store."""
