"""What the environment of a job's runs is made of, by names alone: values may be secret, and are in the job as a file."""

from __future__ import annotations

from engine.values import sealed


@sealed(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the job file puts on top of the clean environment, in the order of what goes before what."""

    inherit: tuple[str, ...] = ()
    """Variables of the engine that pass to the job; ("*",): all."""
    env_files: tuple[str, ...] = ()
    """Paths; what they set is not told."""
    env: tuple[str, ...] = ()
    """Variables that the job file itself sets."""
    secrets: tuple[str, ...] = ()
    """Variables that are read anew for each attempt."""
