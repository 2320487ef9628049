"""Runs on this machine: a keeper process is their parent, the engine talks to it over a socket."""
