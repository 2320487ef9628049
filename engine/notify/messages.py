"""From alerts to messages: plain text for people, facts for commands, a path behind a URL for dead-man's switches.

URLs come from the job file alone. What a job printed, is called or ended with goes into bodies and environments, as text
without control characters, and never into a URL, a header or shell text (80-security).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from engine.clock import moment
from engine.model.alert import Alert
from engine.spec.notify import ByCommand, ByPing, ByUrl, Notifier
from engine.spec.template import at_start
from engine.values import lean

LINES: Final = 50
"""Alerts that one message lists; of the rest it tells the number."""
LONGEST: Final = 500
"""Characters of one line."""


@lean(frozen=True, slots=True)
class Message:
    """What `engine.notify.child` is told to do."""

    order: dict[str, Any]  # JSON


def message_of(notifier: Notifier, alerts: Sequence[Alert]) -> Iterator[Message]:
    """The messages for these alerts: one for all by URL, one each by command and ping."""
    match notifier:
        case ByPing(url=url):
            for alert in alerts:
                if alert.when is None:
                    target = at_start(url, {"JOB_ID": quote(alert.job, safe="")})
                    yield Message({"ping": f"{target.rstrip('/')}/{quote(alert.text, safe='')}"})
        case ByCommand(args=args):
            for alert in _for_people(alerts):
                facts = _facts(alert)
                yield Message({"command": [at_start(arg, facts) for arg in args], "env": facts})
        case ByUrl(url=url, attach_log=attach):
            told = _for_people(alerts)
            if told:
                log = next((alert.log_path for alert in told if alert.log_path), None) if len(told) == 1 else None
                order = {"url": url, "title": _title(told), "body": _body(told), "log": log, "attach": attach}
                yield Message(order)


def _for_people(alerts: Sequence[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.when is not None]


def _title(alerts: Sequence[Alert]) -> str:
    if len(alerts) == 1:
        return f"jobqueue: {alerts[0].job} {alerts[0].when}"
    return f"jobqueue: {len(alerts)} messages, {len({alert.job for alert in alerts})} jobs"


def _body(alerts: Sequence[Alert]) -> str:
    lines = [f"{moment(alert.at).astimezone():%Y-%m-%d %H:%M:%S %Z}  {plain(alert.text)}" for alert in alerts[:LINES]]
    if len(alerts) > LINES:
        lines.append(f"… and {len(alerts) - LINES} more")
    return "\n".join(lines)


def _facts(alert: Alert) -> dict[str, str]:
    return {
        "JOB_ID": alert.job,
        "RUN_ID": alert.run_id or "",
        "WHEN": str(alert.when),
        "RUN_STATUS": str(alert.outcome or alert.when),
        "EXIT_CODE": "" if alert.exit_code is None else str(alert.exit_code),
        "LOG_FILE": alert.log_path or "",
        "TEXT": plain(alert.text),
    }


def plain(text: str) -> str:
    """One line of printable text."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return kept if len(kept) <= LONGEST else kept[: LONGEST - 1] + "…"
