"""docs/reference/seed-coverage.md names for each row of the seed checklist a place and a test, and both are there."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = ROOT / "docs/reference/seed-coverage.md"
LINE: Final = re.compile(r"\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")


def rows() -> list[tuple[int, list[str], list[str]]]:
    """Row, places, tests."""
    found = [LINE.fullmatch(line) for line in DOCUMENT.read_text().splitlines()]
    return [(int(row[1]), re.findall("`([^`]+)`", row[3]), re.findall("`([^`]+)`", row[4])) for row in found if row]


@lru_cache(maxsize=128)
def functions_of(path: str) -> frozenset[str]:
    """Names of its test functions."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_row_is_there_once_and_in_order() -> None:
    """All 81 rows of the checklist."""
    assert [row for row, _, _ in rows()] == list(range(1, 82))


@pytest.mark.parametrize(
    ("row", "places", "tests"), rows(), ids=lambda value: str(value) if isinstance(value, int) else ""
)
def test_what_a_row_names_exists(row: int, places: list[str], tests: list[str]) -> None:
    """No row without a place and a test; none that is not there any more."""
    assert places
    assert tests
    assert [place for place in places if not (ROOT / place).is_file()] == []
    for test in tests:
        path, _, name = test.partition("::")
        assert name in functions_of(path), f"row {row}: there is no {test}"
