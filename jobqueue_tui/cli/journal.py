"""The engine's own log: on stderr for a headless engine, in a file beside the state where a console has the screen."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jobqueue_tui.cli.show.cells import one_line

FILE_NAME: Final = "engine.log"


class _Human(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {one_line(record.getMessage())}{_cause(self, record, one_line=False)}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat()
        fields = {"at": at, "level": record.levelname.lower(), "message": record.getMessage()}
        cause = _cause(self, record, one_line=True)
        return json.dumps(fields | ({"cause": cause} if cause else {}))


def log_to_stderr(*, as_json: bool) -> None:
    """From now on log there, in lines or JSON Lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else _Human())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def log_to_file(state: Path) -> None:
    """From now on log to a file in the state folder, as JSON Lines: on the terminal a line would spoil the screen."""
    handler = logging.FileHandler(state / FILE_NAME, delay=True, encoding="utf-8")
    handler.setFormatter(_Json())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _cause(formatter: logging.Formatter, record: logging.LogRecord, *, one_line: bool) -> str:
    if record.exc_info is None:
        return ""
    text = formatter.formatException(record.exc_info)
    return text if one_line else f"\n{text}"
