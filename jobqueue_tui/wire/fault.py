"""An error as it travels: `{"error": {"code", "message", "remedy"}}`."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import Refused
from engine.model.record import Json
from engine.values import lean


@lean(frozen=True, slots=True)
class Fault:
    """`code` is a stable word, `message` says what is wrong, `remedy` what to do (may be empty)."""

    code: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def to_json(self) -> dict[str, Json]:
        """The stable JSON object."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy}

    @classmethod
    def of(cls, refused: Refused) -> Fault:
        """The same as a `Refused` says."""
        return cls(refused.code, refused.message, refused.remedy)

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Fault:
        """Inverse of `to_json`; whatever is missing becomes an honest placeholder, since an error must never hide one."""
        return cls(
            str(data.get("code") or "unknown"),
            str(data.get("message") or "the engine gave no reason"),
            str(data.get("remedy") or ""),
        )
