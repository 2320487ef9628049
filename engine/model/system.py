"""What an engine has and uses, beyond its runs: shared slots, its files, the disk below them."""

from __future__ import annotations

from engine.model.record import Json
from engine.values import sealed


@sealed(frozen=True, slots=True)
class PoolUse:
    """A pool: its slots, and how many of them live runs hold."""

    name: str
    slots: int
    taken: int
    holders: tuple[str, ...]
    """Ids of the jobs whose runs hold them."""

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {"name": self.name, "slots": self.slots, "taken": self.taken, "holders": [*self.holders]}


@sealed(frozen=True, slots=True)
class Enforced:
    """A limit (keys of `limits`, or what else is done to a tree), and how it is held on this machine."""

    limit: str
    how: str

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {"limit": self.limit, "how": self.how}


@sealed(frozen=True, slots=True, kw_only=True)
class SystemRecord:
    """Sizes in bytes; None = unknown (no folder, no such disk). `log_disk_*` is the disk that logs are written to."""

    pools: tuple[PoolUse, ...]
    store_bytes: int | None
    log_disk_free: int | None
    log_disk_total: int | None
    limits: tuple[Enforced, ...] = ()
    """What can be enforced here."""

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {
            "pools": [pool.to_json() for pool in self.pools],
            "store_bytes": self.store_bytes,
            "log_disk_free": self.log_disk_free,
            "log_disk_total": self.log_disk_total,
            "limits": [limit.to_json() for limit in self.limits],
        }
