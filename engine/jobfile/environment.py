"""Environment files, and the lookup of `${NAME}`: the job's `env`, then its env_files, then the engine's environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from engine.jobfile.source import Opener, SourceError, decode
from engine.values import mutable

_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_DOUBLE: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?', re.DOTALL)
_SINGLE: Final = re.compile(r"'([^']*)'\s*(?:#.*)?", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def parse_env_file(text: str) -> dict[str, str]:
    """The variables of an environment file: lines NAME=value, `#` comments, an optional `export`, quotes around values.

    Values are taken as they are, nothing is substituted in them; in double quotes `\\n` `\\r` `\\t` `\\"` `\\\\` `\\$` are
    escapes. SourceError names the first line that is none of this, by its number and never by its content: the file
    may hold passwords, or not be an environment file at all.
    """
    values = {}
    for count, line in enumerate(text.splitlines(), 1):
        line = line.strip()  # noqa: PLW2901 - blanks around a line mean nothing
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        value = None if found is None else _value(found[2].strip())
        if found is None or value is None:
            what = "is not NAME=value" if found is None else "has a quote that does not end in it"
            raise SourceError(f"line {count} {what}", "an environment file has lines NAME=value and comments with #")
        values[found[1]] = value
    return values


def _value(written: str) -> str | None:
    """The value without quotes and trailing comment; None if a quote is not closed."""
    match written[:1]:
        case '"':
            found = _DOUBLE.fullmatch(written)
            return found and re.sub(r"\\(.)", lambda sign: _ESCAPES.get(sign[1], sign[1]), found[1])
        case "'":
            found = _SINGLE.fullmatch(written)
            return found and found[1]
        case _:
            return re.split(r"\s#", written, maxsplit=1)[0].rstrip()


@mutable(slots=True)
class EnvFiles:
    """Reads each environment file once per load. The rules for who may have written a job file hold for them as well."""

    opener: Opener
    _read: dict[str, Mapping[str, str] | SourceError] = field(default_factory=dict)

    def get(self, path: str) -> Mapping[str, str]:
        """Its variables. SourceError if it cannot be read."""
        if path not in self._read:
            try:
                self._read[path] = parse_env_file(decode(self.opener.read(Path(path))))
            except SourceError as error:
                # Only what went wrong and where: a place in that file would be taken for one in the job file.
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, SourceError):
            raise found
        return found
