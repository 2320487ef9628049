"""Keys of one job that contradict each other, or are without effect beside each other. The later one is at fault."""

from __future__ import annotations

from engine.jobfile import keys, resources
from engine.jobfile.draft import Draft, Item
from engine.jobfile.layers import Resolved
from engine.jobfile.nodes import text_shown
from engine.jobfile.reading import Report
from engine.spec.job import Manual
from engine.spec.limits import Remedy


def check_conflicts(report: Report, job: Resolved) -> None:
    """Put every contradiction within the job on report."""
    items = job.draft.items
    check = _Check(report, job.written.path)
    for group, instead in (
        (keys.COMMANDS, "keep one of them"),
        (keys.SCHEDULES, "keep one kind of schedule, or make two jobs"),
    ):
        given = [items[key.name] for key in group if key.name in items]
        for item in given[1:]:
            check.clash(given[0], item, "cannot stand together", instead)
    schedules = [items[key.name] for key in keys.SCHEDULES if key.name in items]
    align = items.get(keys.ALIGN.name)
    if align is not None and keys.EVERY.name not in items:
        report.error(
            align.source, align.key, f"{check.path}.align", "belongs to `every`, which is not set", "remove it"
        )
    if keys.WATCH.name in items:
        schedules.append(items[keys.WATCH.name])
    if schedules and job.draft.find(keys.MANUAL) is Manual.ONLY:
        check.clash(
            items[keys.MANUAL.name],
            schedules[0],
            "contradict each other: `only` means never by itself",
            "remove one of them",
        )
    _check_exit_codes(report, job.draft, check.path)
    _check_limits(report, job.draft, check.path)
    concurrency = items.get(keys.CONCURRENCY.name)
    exclusive = items.get(keys.EXCLUSIVE.name)
    if exclusive is not None and exclusive.value is True and concurrency is not None and concurrency.value != 1:
        report.warning(
            concurrency.source,
            concurrency.key,
            f"{check.path}.concurrency",
            "is without effect: an exclusive job runs alone, not even beside itself",
            "remove it, or name a group in `exclusive`",
        )


class _Check:
    def __init__(self, report: Report, path: str) -> None:
        self.report = report
        self.path = path

    def clash(self, one: Item, two: Item, what: str, remedy: str) -> None:
        """Two keys exclude each other; if they stand in different files the job's own is the later one."""
        if one.source is two.source and _place(one) > _place(two):
            one, two = two, one
        where = f"line {one.key.line}" if one.source is two.source else f"{one.source.name}:{one.key.line}"
        self.report.error(
            two.source,
            two.key,
            f"{self.path}.{two.key.text}",
            f"`{two.key.text}` and `{one.key.text}` ({where}) {what}",
            remedy,
        )


def _place(item: Item) -> tuple[int, int]:
    return item.key.line, item.key.column


def _check_limits(report: Report, draft: Draft, path: str) -> None:
    """A remedy needs its limit, and a pause a job that may be paused."""
    limits = draft.find(keys.LIMITS)
    on_exceed = None if limits is None else limits.find(resources.ON_EXCEED_KEY)
    if limits is None or on_exceed is None:
        return
    for key in (resources.ON_MEMORY, resources.ON_CPU):
        item = on_exceed.items.get(key.name)
        if item is None:
            continue
        where = f"{path}.limits.on_exceed.{key.name}"
        if key.name not in limits.items:
            remedy = f"add `limits.{key.name}`, or remove it"
            report.error(item.source, item.key, where, f"belongs to `limits.{key.name}`, which is not set", remedy)
        elif item.value is Remedy.PAUSE and draft.find(keys.PAUSABLE) is False:
            report.error(item.source, item.node, where, "the job cannot be paused (`pausable: false`)", "kill or warn")


def _check_exit_codes(report: Report, draft: Draft, path: str) -> None:
    skip = draft.items.get(keys.SKIP_CODES.name)
    if skip is None:
        return
    both = set(draft.get(keys.SKIP_CODES, ())) & set(draft.get(keys.SUCCESS_CODES, (0,)))
    if both:
        codes = text_shown(", ".join(str(code) for code in sorted(both)))
        report.error(
            skip.source, skip.node, f"{path}.skip_codes", f"{codes} means success as well", "name each code once"
        )
