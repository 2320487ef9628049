"""The examples of the guides run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDES = Path(__file__).parents[3] / "docs" / "how-to"


def examples() -> list[tuple[str, str]]:
    found = []
    for guide in ("library.md", "testing.md"):
        text = (GUIDES / guide).read_text()
        blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        found += [(f"{guide}-{number}", block) for number, block in enumerate(blocks, 1)]
    return found


SAID = {
    "library.md-1": "success 3",
    "library.md-2": "success 999",
    "library.md-3": "1\n1",
    "library.md-4": "success True",
    "testing.md-1": "both hold",
}


@pytest.mark.parametrize(("name", "code"), examples(), ids=[name for name, _ in examples()])
def test_an_example_does_what_the_guide_says(name: str, code: str, tmp_path: Path) -> None:
    """Rows 80 and 81: whoever copies an example from the guide has a program that works."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, SAID[name], "")
