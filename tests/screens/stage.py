"""A console on a fake engine, driven by hand: no timer, a clock that a test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any

from textual._compositor import CompositorUpdate
from textual.message import Message
from textual.notifications import Notification, Notify
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from engine.clock import SECOND
from jobqueue_tui.console.app import ConsoleApp
from jobqueue_tui.console.ending import ConsoleEnd
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.log import LogScreen
from jobqueue_tui.console.settings import ConsoleSettings
from jobqueue_tui.console.widgets.log_view import LogView
from tests.screens.engines import small_engine
from tests.screens.fake_engine import FakeEngine

PLACES = {
    "jobs": [],
    "job": ["2"],
    "log": ["3"],
    "effective": ["y"],
    "tree": ["4"],
    "timeline": ["5"],
    "queue": ["6"],
    "history": ["6", "right_square_bracket"],
    "inbox": ["6", "right_square_bracket", "right_square_bracket"],
    "failures": ["6", "left_square_bracket"],
    "system": ["7"],
}
"""All screens, and the keys that lead there when nothing else was open."""


@dataclass
class Hand:
    """Monotonic seconds that stand until they are moved."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Stage:
    """An app that is shown, and what is needed to drive it."""

    engine: FakeEngine
    app: ConsoleApp
    pilot: Pilot[ConsoleEnd]
    hand: Hand = field(default_factory=Hand)
    said: list[Notification] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other; each has had its effect, and is drawn, before the next."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def settle(self) -> None:
        """Let verbs end and show what they changed."""
        await self.pilot.pause()
        await self.app.workers.wait_for_complete()
        self.app.flush()
        await self.pilot.pause()
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def second(self) -> None:
        """A second passes."""
        self.engine.at += SECOND
        self.hand.at += 1.0
        await self.settle()

    @property
    def home(self) -> JobsScreen:
        """The jobs screen, wherever the user is."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, JobsScreen)
        return screen

    @property
    def verbs(self) -> list[tuple[str, str]]:
        """Verbs that the engine was given: name and job."""
        return [(verb, job) for verb, job, _ in self.engine.verbs]

    @property
    def toasts(self) -> list[tuple[str, str]]:
        """Title and text of the toasts."""
        return [(toast.title, toast.message) for toast in self.said]

    def text(self) -> list[str]:
        """The lines on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    def has(self, *texts: str) -> bool:
        """Whether one line of the screen has all of these."""
        return any(all(text in line for text in texts) for line in self.text())


def make_app(engine: FakeEngine, settings: ConsoleSettings | None = None, *, read_only: bool = False) -> ConsoleApp:
    """An app in UTC without a timer. Each frame is made into what a terminal is given, which Textual leaves out without one."""
    settings = settings or ConsoleSettings()
    app = ConsoleApp(engine, read_only=read_only, settings=replace(settings, zone=UTC, flush_every=None))
    display = app._display

    # `Any`: what Textual makes is nothing that rich's types know
    def display_and_write(screen: Screen[object], renderable: Any) -> None:
        display(screen, renderable)
        if isinstance(renderable, CompositorUpdate):
            renderable.render_segments(app.console)

    app._display = display_and_write  # type: ignore[method-assign] # the one place that every frame goes through
    return app


@asynccontextmanager
async def console(
    engine: FakeEngine | None = None,
    settings: ConsoleSettings | None = None,
    *,
    size: tuple[int, int] = (100, 30),
    read_only: bool = False,
) -> AsyncIterator[Stage]:
    """A console that is shown and settled."""
    engine = engine or small_engine()
    hand = Hand()
    app = make_app(engine, replace(settings or ConsoleSettings(), monotonic=hand), read_only=read_only)
    said: list[Notification] = []

    def listen(message: Message) -> None:
        # toasts go away by the wall clock; what was said is asserted on, not what is still there
        if isinstance(message, Notify):
            said.append(message.notification)

    async with app.run_test(size=size, notifications=True, message_hook=listen) as pilot:
        stage = Stage(engine, app, pilot, hand, said)
        await stage.settle()
        yield stage


async def open_log(stage: Stage) -> LogView:
    """The log of the job under the cursor."""
    await stage.press("l")
    assert isinstance(stage.app.screen, LogScreen)
    return stage.app.screen.view


async def at(stage: Stage, job_id: str) -> None:
    """Put the cursor on a job, as a user does."""
    assert stage.home.table.select(job_id)
    await stage.settle()


async def type_in(stage: Stage, text: str) -> None:
    """Type a text into the field that has the keys."""
    field = stage.app.focused
    assert isinstance(field, Input)
    field.value = text
    await stage.settle()


def shown(stage: Stage) -> list[str]:
    """Ids in the table, from top to bottom."""
    return [job.id for job in stage.home.table.view]
