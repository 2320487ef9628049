"""Something worth telling a person, as data: it goes to the store with what caused it, and to its notifiers from there."""

from __future__ import annotations

import json
from dataclasses import asdict

from engine.clock import Instant
from engine.model.outcome import Outcome
from engine.spec.notify import When
from engine.values import sealed


@sealed(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `when` None: for dead-man's switches alone, `text` is what is put behind their URL."""

    when: When | None
    job: str
    run_id: str | None
    at: Instant
    text: str
    to: tuple[str, ...]
    outcome: Outcome | None = None
    exit_code: int | None = None
    log_path: str | None = None

    def to_text(self) -> str:
        """As kept in the store."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Alert:
        """The inverse. ValueError for a text that no version of it wrote."""
        try:
            kept = json.loads(text)
            when, outcome = kept.pop("when"), kept.pop("outcome")
            return cls(
                when=None if when is None else When(when),
                outcome=None if outcome is None else Outcome(outcome),
                to=tuple(kept.pop("to")),
                **kept,
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not an alert: {error}") from error
