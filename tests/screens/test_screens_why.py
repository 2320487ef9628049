"""Why a job is not running, and what helps."""

from __future__ import annotations

import pytest

from tests.screens.engines import small_engine
from tests.screens.stage import at, console


async def test_d_says_why_a_job_is_not_running_and_what_helps() -> None:
    """Reason, details, keys, the jobs it needs; Enter on one of those leads to it."""
    async with console() as stage:
        await at(stage, "transform")
        await stage.press("d")
        text = "\n".join(stage.text())
        for part in (
            "◷ queued",
            "no free slot: 3 of 3 are taken",
            "1 ahead",
            "+ lets it start before others",
            "extract",
        ):
            assert part in text
        await stage.press("G", "enter")
        assert stage.app.places.here.about == "extract"


@pytest.mark.parametrize(
    ("facts", "helps"),
    [
        ({"held": True}, "p lets it go on"),
        ({"suspended": True}, "s lets its schedule go on"),
        ({"enabled": False}, "a E enables it"),
        ({"needs": ("gone",)}, "is no longer in the job file"),
    ],
)
async def test_what_helps_is_named_by_its_key(facts: dict[str, object], helps: str) -> None:
    """Each kind of off has its way back."""
    engine = small_engine()
    engine.add("off", **facts)
    async with console(engine) as stage:
        await at(stage, "off")
        await stage.press("d")
        assert any(helps in line for line in stage.text())


@pytest.mark.parametrize(
    ("holds", "helps", "not_so"),
    [
        (("off",), ["p lets it go on"], "ctl release"),
        (("tag:db",), ["`jobqueue-tui ctl release tag:db` ends the hold of tag db"], "p lets it go on"),
        (
            ("--all", "off"),
            ["p ends its own hold", "`jobqueue-tui ctl release --all` ends the hold of all jobs"],
            "go on",
        ),
    ],
)
async def test_each_hold_is_ended_by_what_ends_it(holds: tuple[str, ...], helps: list[str], not_so: str) -> None:
    """`p` is refused for the hold of a tag or of the engine."""
    engine = small_engine()
    engine.add("off", held=True, holds=holds)
    async with console(engine) as stage:
        await at(stage, "off")
        await stage.press("d")
        lines = stage.text()
        assert all(any(text in line for line in lines) for text in helps)
        assert not any(not_so in line for line in lines)


async def test_priority_is_said_to_help_only_where_it_does() -> None:
    """A run that stands behind nobody starts no earlier for it."""
    async with console() as stage:
        await at(stage, "transform")
        stage.engine.job("transform").behind_others = False
        await stage.press("d")
        assert not any("+ lets it start before others" in line for line in stage.text())


@pytest.mark.parametrize("keys", [["d"], ["enter"]], ids=["why", "job"])
async def test_a_long_reason_goes_on_below(keys: list[str]) -> None:
    """Nothing of it is cut off, however narrow the terminal is."""
    engine = small_engine()
    tags = tuple(f"tag:{word}" for word in ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"))
    engine.add("off", held=True, holds=tags)
    async with console(engine, size=(72, 40)) as stage:
        await at(stage, "off")
        await stage.press(*keys)
        text = "\n".join(stage.text())
        assert all(tag in text for tag in tags)
