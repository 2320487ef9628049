"""`did you mean`: the nearest known word, within a budget, so that a hostile file cannot buy hours of comparing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field
from difflib import get_close_matches
from typing import Final

from engine.values import mutable

_COMPARISONS: Final = 200_000
"""In all for one load; about a second of work at the worst. A file with more mistakes than that gets plain messages."""

_LONGEST: Final = 64


@mutable(slots=True)
class Guesser:
    """Finds the nearest word and remembers it. `kind` names the vocabulary, which stays the same for one load."""

    left: int = _COMPARISONS
    _found: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def nearest(self, word: str, words: Collection[str], kind: str) -> str | None:
        """The word that `word` most likely stands for; None if none is near or the budget is spent.

        Case plays no part; of words that differ in nothing else the first is given.
        """
        if len(word) > _LONGEST:
            return None
        if (word, kind) not in self._found:
            if self.left < len(words):
                return None
            self.left -= len(words)
            by_folded: dict[str, str] = {}
            for known in words:
                by_folded.setdefault(known.casefold(), known)
            near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.65)
            self._found[word, kind] = by_folded[near[0]] if near else None
        return self._found[word, kind]

    def did_you_mean(self, word: str, words: Collection[str], kind: str) -> str:
        """The suggestion as text, "" if there is none."""
        near = self.nearest(word, words, kind)
        return f"did you mean `{near}`?" if near else ""
