"""What a job file that was written anew would change: what `reload` shows before it does it."""

from __future__ import annotations

from engine.model.record import Json
from engine.values import sealed


@sealed(frozen=True, slots=True)
class FilePlace:
    """A line of a file on the engine's machine, counted from 1."""

    path: str
    line: int

    def to_json(self) -> dict[str, Json]:
        """Stable JSON."""
        return {"path": self.path, "line": self.line}


@sealed(frozen=True, slots=True)
class ValueChange:
    """One key, and what it says before and after, as it would stand in a file; None: nothing of its own."""

    key: str
    before: str | None
    after: str | None

    def text(self) -> str:
        """`every: 10s -> 20s`."""
        return f"{self.key}: {'(none)' if self.before is None else self.before} -> {'(none)' if self.after is None else self.after}"

    def to_json(self) -> dict[str, Json]:
        """Stable JSON."""
        return {"key": self.key, "before": self.before, "after": self.after}


@sealed(frozen=True, slots=True)
class JobChange:
    """A job that is in both files, and what differs. No key differs where only a calendar that it names does. Of values that
    are not told a key says that they are others."""

    id: str
    values: tuple[ValueChange, ...]

    def to_json(self) -> dict[str, Json]:
        """Stable JSON."""
        return {"id": self.id, "values": [one.to_json() for one in self.values]}


@sealed(frozen=True, slots=True, kw_only=True)
class FileChanges:
    """The difference between the jobs of an engine and its file as it stands there now."""

    path: str
    digest: str
    """Names this state of the file, for `reload` to be held to what was shown."""
    added: tuple[str, ...] = ()
    at_once: tuple[str, ...] = ()
    """Those that run as soon as they are there: one-shots that were added, or that a job which has not run becomes."""
    removed: tuple[str, ...] = ()
    changed: tuple[JobChange, ...] = ()
    settings: tuple[ValueChange, ...] = ()
    """What is no job: `engine.max_running`, `pools.gpu`, `blackouts`."""
    after_restart: tuple[str, ...] = ()
    """Keys of `settings` that hold from the next start of the engine on."""

    @property
    def nothing(self) -> bool:
        """There is no difference."""
        return not (self.added or self.removed or self.changed or self.settings)

    @property
    def asks(self) -> bool:
        """Somebody has to confirm it: jobs vanish, or some run at once."""
        return bool(self.removed or self.at_once)

    def summary(self) -> str:
        """One line: `2 jobs added, 1 removed, 3 changed`."""
        counts = {"added": len(self.added), "removed": len(self.removed), "changed": len(self.changed)}
        parts = [f"{count} {word}" for word, count in counts.items() if count]
        if parts:
            first, *rest = parts
            number, _, word = first.partition(" ")
            parts = [f"{number} {'job' if number == '1' else 'jobs'} {word}", *rest]
        if self.settings:
            parts.append(f"{len(self.settings)} {'setting' if len(self.settings) == 1 else 'settings'} changed")
        return ", ".join(parts) or "nothing has changed"

    def lines(self) -> tuple[str, ...]:
        """The difference for people, a line each: `+ new`, `- gone`, `~ changed` and below it its keys."""
        lines = [f"+ {one}  (runs at once)" if one in self.at_once else f"+ {one}" for one in self.added]
        lines += [f"- {one}" for one in self.removed]
        for job in self.changed:
            lines.append(f"~ {job.id}  (runs at once)" if job.id in self.at_once else f"~ {job.id}")
            lines += [f"    {one.text()}" for one in job.values] or ["    its calendar"]
        for one in self.settings:
            later = "  (from the next start on)" if one.key in self.after_restart else ""
            lines.append(f"~ {one.text()}{later}")
        return tuple(lines)

    def to_json(self) -> dict[str, Json]:
        """Stable JSON."""
        return {
            "path": self.path,
            "digest": self.digest,
            "added": [*self.added],
            "at_once": [*self.at_once],
            "removed": [*self.removed],
            "changed": [one.to_json() for one in self.changed],
            "settings": [one.to_json() for one in self.settings],
            "after_restart": [*self.after_restart],
        }
