"""Python functions as jobs: coroutines in the engine's loop, plain functions in threads, `python:` in a child process."""
