"""What was sampled of a run, over all its samples."""

from __future__ import annotations

import json

from engine.values import mutable


@mutable(slots=True)
class Usage:
    """Least, sum and most of what was sampled of a run: CPU in percent of a core, resident bytes, processes of its tree."""

    samples: int = 0
    cpu_least: float = 0.0
    cpu_sum: float = 0.0
    cpu_most: float = 0.0
    rss_least: int = 0
    rss_sum: int = 0
    rss_most: int = 0
    processes: int = 0

    def add(self, cpu_percent: float, rss: int, processes: int) -> None:
        """One more sample."""
        if not self.samples:
            self.cpu_least, self.rss_least = cpu_percent, rss
        self.samples += 1
        self.cpu_least = min(self.cpu_least, cpu_percent)
        self.cpu_sum += cpu_percent
        self.cpu_most = max(self.cpu_most, cpu_percent)
        self.rss_least = min(self.rss_least, rss)
        self.rss_sum += rss
        self.rss_most = max(self.rss_most, rss)
        self.processes = max(self.processes, processes)

    def to_text(self) -> str:
        """As it is stored."""
        return json.dumps(
            [
                self.samples,
                round(self.cpu_least, 1),
                round(self.cpu_sum, 1),
                round(self.cpu_most, 1),
                self.rss_least,
                self.rss_sum,
                self.rss_most,
                self.processes,
            ]
        )

    @classmethod
    def from_text(cls, text: str) -> Usage:
        """The inverse of `to_text`."""
        return cls(*json.loads(text))

    def to_json(self) -> dict[str, float]:
        """`usage` of the stable JSON of a run."""
        count = max(1, self.samples)
        return {
            "samples": self.samples,
            "cpu_percent_min": round(self.cpu_least, 1),
            "cpu_percent_average": round(self.cpu_sum / count, 1),
            "cpu_percent_max": round(self.cpu_most, 1),
            "rss_bytes_min": self.rss_least,
            "rss_bytes_average": self.rss_sum // count,
            "rss_bytes_max": self.rss_most,
            "processes_max": self.processes,
        }
