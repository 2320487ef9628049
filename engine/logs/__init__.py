"""Logs of runs: files that the jobs write themselves; here they are read."""
