"""Nothing of the machine that runs the tests may be seen on a screen: Textual reads some of it when it is imported."""

from __future__ import annotations

import os

for name in (
    "NO_COLOR",
    "TEXTUAL_THEME",
    "TEXTUAL_FILTERS",
    "TEXTUAL_COLOR_SYSTEM",
    "TEXTUAL_DIM_FACTOR",
    "TEXTUAL_DRIVER",
):
    os.environ.pop(name, None)
os.environ["TEXTUAL_ANIMATIONS"] = "none"
