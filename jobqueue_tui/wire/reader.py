"""Reading a JSON object field by field, with the field's name in every error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from engine.clock import Instant, instant
from engine.model.record import Json
from engine.values import lean

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class WireError(ValueError):
    """What arrived is not what the interface promises; the text names the field."""


@lean(frozen=True, slots=True)
class Reader:
    """One JSON object. Each method reads one key and raises WireError when it is missing or of another kind.

    Keys that nobody asks for are ignored: a newer minor version may add some.
    """

    data: Mapping[str, Json]

    @classmethod
    def of(cls, value: Json) -> Reader:
        """A reader for `value`, which must be an object."""
        if not isinstance(value, dict):
            raise WireError(f"expected an object, got {type(value).__name__}")
        return cls(value)

    def text(self, key: str) -> str:
        """A string."""
        value = self._get(key)
        if not isinstance(value, str):
            raise _wrong(key, "a string", value)
        return value

    def flag(self, key: str) -> bool:
        """A boolean."""
        value = self._get(key)
        if not isinstance(value, bool):
            raise _wrong(key, "a boolean", value)
        return value

    def integer(self, key: str) -> int:
        """A whole number."""
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong(key, "a whole number", value)
        return value

    def number(self, key: str) -> float:
        """A number."""
        value = self._get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _wrong(key, "a number", value)
        return float(value)

    def time(self, key: str) -> Instant:
        """An ISO 8601 time with offset, as an `Instant`."""
        text = self.text(key)
        try:
            return instant(datetime.fromisoformat(text))
        except ValueError as fault:
            raise _wrong(key, "an ISO 8601 time with offset", text) from fault

    def word(self, key: str, words: type[E]) -> E:
        """A member of a closed set."""
        text = self.text(key)
        try:
            return words(text)
        except ValueError as fault:
            raise _wrong(key, f"one of {', '.join(words)}", text) from fault

    def object(self, key: str) -> dict[str, Json]:
        """An object, as it came."""
        value = self._get(key)
        if not isinstance(value, dict):
            raise _wrong(key, "an object", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        values = self._list(key)
        if not all(isinstance(value, str) for value in values):
            raise WireError(f"{key}: expected strings only")
        return tuple(str(value) for value in values)

    def each(self, key: str, read: Callable[[Json], T]) -> tuple[T, ...]:
        """A list whose elements `read` turns into values."""
        return tuple(read(value) for value in self._list(key))

    def maybe(self, key: str, read: Callable[[str], T]) -> T | None:
        """None for null, else what `read` (one of the methods above) makes of the key."""
        return None if self._get(key) is None else read(key)

    def _get(self, key: str) -> Json:
        if key not in self.data:
            raise WireError(f"{key} is missing")
        return self.data[key]

    def _list(self, key: str) -> list[Json]:
        value = self._get(key)
        if not isinstance(value, list):
            raise _wrong(key, "a list", value)
        return value


def _wrong(key: str, wanted: str, got: Json) -> WireError:
    return WireError(f"{key}: expected {wanted}, got {str(got)[:40]!r}")
