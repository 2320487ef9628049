"""Which versions of the interface can talk to each other.

Both sides send `Jobqueue-Api: MAJOR.MINOR`. Within a major, keys are only added, so another minor works either way; another
major is refused in words by whoever sees it first. A client without the header (curl) is served.
"""

from __future__ import annotations

import re
from typing import Final

API_HEADER: Final = "Jobqueue-Api"
API_MAJOR: Final = 1
API_MINOR: Final = 0
API_VERSION: Final = f"{API_MAJOR}.{API_MINOR}"

_VERSION: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")


def mismatch(other: str | None) -> str | None:
    """Why the other side's version cannot be talked to, in one line; None if it can, or did not say."""
    if other is None:
        return None
    found = _VERSION.fullmatch(other)
    if found is None:
        return f"the other side speaks an unreadable version of the interface ({other[:20]!r}, here {API_VERSION})"
    if int(found[1]) != API_MAJOR:
        return f"the other side speaks version {other} of the interface, this program {API_VERSION}"
    return None
