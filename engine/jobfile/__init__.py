"""Job files: text -> `JobFile`, with every problem found at once and shown at its place."""

from engine.jobfile.diagnostics import Diagnostic, Severity, as_json, render
from engine.jobfile.loading import FORMAT_VERSION, Loaded, load

__all__ = ["FORMAT_VERSION", "Diagnostic", "Loaded", "Severity", "as_json", "load", "render"]
