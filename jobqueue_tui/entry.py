"""Entry point of `jobqueue-tui`. Imports nothing but the standard library, so that `version` costs no more than Python itself."""

from __future__ import annotations

import gc
import sys
from typing import Final

VERSION: Final = "0.1.0"


def main() -> int:
    """Run the program with `sys.argv`; return its exit code."""
    if sys.argv[1:] in (["version"], ["--version"]):
        sys.stdout.write(f"jobqueue-tui {VERSION}\n")
        return 0
    # to walk what is being loaded again and again takes a tenth of a start; on again with the command, or once an engine has begun
    gc.disable()
    from jobqueue_tui.cli.main import run

    return run(sys.argv[1:])
