"""`ctl tree`: who needs whom."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from engine.model.record import Json
from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.show.cells import one_line


@click.command("tree")
@click.argument("ids", metavar="[ID…]", nargs=-1)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
@engine_option
def command(*, ids: tuple[str, ...], form: str, socket: Path | None, state_dir: Path | None, file: Path | None) -> None:
    """Show what follows what: of all jobs, or below the ones named."""
    engine = engine_of(socket, state_dir, file)
    jobs = {str(job["id"]): job for job in engine.jobs()}
    tops = [str(job["id"]) for job in engine.jobs(ids)] if ids else [name for name in jobs if not _needs(jobs[name])]
    if form == "json":
        picked = jobs if not ids else {name: jobs[name] for name in jobs_below(jobs, tops)}
        facts = [{"id": name, "needs": list(_needs(job)), "status": job.get("status")} for name, job in picked.items()]
        click.echo(json.dumps(facts, indent=2))
        return
    for line in tree_lines(jobs, tops):
        click.echo(line)


def tree_lines(jobs: Mapping[str, Mapping[str, Json]], tops: list[str]) -> Iterator[str]:
    """One line per place in the tree; what follows a job is drawn below its first place only."""
    followers = _followers(jobs)
    drawn: set[str] = set()
    # a stack of its own: a chain of a thousand jobs is no error
    todo = [(name, "", "") for name in reversed(tops)]
    while todo:
        name, lead, below = todo.pop()
        status, outcome = jobs[name].get("status"), jobs[name].get("last_outcome")
        again = name in drawn and bool(followers[name])
        note = "  (see above)" if again else ""
        yield one_line(f"{lead}{name}  {status}{f', last {outcome}' if outcome else ''}{note}")
        if again:
            continue
        drawn.add(name)
        last = len(followers[name]) - 1
        for place, follower in reversed(list(enumerate(followers[name]))):
            branch, rest = ("└─ ", "   ") if place == last else ("├─ ", "│  ")
            todo.append((follower, below + branch, below + rest))


def jobs_below(jobs: Mapping[str, Mapping[str, Json]], tops: list[str]) -> list[str]:
    """The tops and everything that needs them, near ones first."""
    followers = _followers(jobs)
    found: dict[str, None] = {}
    todo = list(tops)
    while todo:
        name = todo.pop(0)
        if name not in found:
            found[name] = None
            todo.extend(followers[name])
    return list(found)


def _followers(jobs: Mapping[str, Mapping[str, Json]]) -> dict[str, list[str]]:
    followers: dict[str, list[str]] = {name: [] for name in jobs}
    for name, job in jobs.items():
        for need in _needs(job):
            followers.setdefault(need, []).append(name)
    return followers


def _needs(job: Mapping[str, Json]) -> list[str]:
    needs = job.get("needs")
    return [str(need) for need in needs] if isinstance(needs, list) else []
