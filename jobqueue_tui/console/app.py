"""The console as an app: one feed, one flush timer, screens. A guest in the engine's loop, which it never blocks."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual._path import CSSPathType
from textual._styles_cache import StylesCache
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.notifications import Notify, SeverityLevel
from textual.screen import Screen

from engine.api import EngineView, JobView
from engine.clock import Instant
from engine.model.undo import Undo
from jobqueue_tui.console import kept, themes
from jobqueue_tui.console.actions import Where, bindings, bound, gives_verb
from jobqueue_tui.console.ending import ConsoleEnd, OnQuit
from jobqueue_tui.console.palette import DEFAULTS
from jobqueue_tui.console.places import Place, Places
from jobqueue_tui.console.screens.jobs import JobsScreen
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.settings import ConsoleSettings
from jobqueue_tui.console.tally import Tally
from jobqueue_tui.console.toasts import Lasting
from jobqueue_tui.console.widgets.input_bar import InputBar
from jobqueue_tui.terminal import one_line

if TYPE_CHECKING:
    from textual.driver import Driver


class ConsoleApp(App[ConsoleEnd]):
    """`await app.run_async()` shows it; how it ended is its result (see `launch.run_console`)."""

    TITLE = "jobqueue-tui"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar[CSSPathType | None] = [
        "app.tcss",
        "widgets/input_bar.tcss",
        "screens/jobs.tcss",
        "screens/dialogs.tcss",
        "screens/tree.tcss",
        "screens/log.tcss",
    ]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.EVERYWHERE)]

    def __init__(self, engine: EngineView, *, read_only: bool = False, settings: ConsoleSettings | None = None) -> None:
        no_color = "NO_COLOR" in os.environ
        # Textual chooses the filter for NO_COLOR here: with its default it would paint greys instead of nothing
        super().__init__(ansi_color=True if no_color else None)
        self.engine = engine
        self.read_only = read_only
        self.settings = settings or ConsoleSettings()
        self.animation_level = "none"
        self.tally = Tally(engine)
        self.undo: list[tuple[Undo, ...]] = []
        self.frozen = False
        self._frozen_at: Instant = 0
        self.filters: list[str] = []
        self.places = Places(self)
        try:
            self.kept = kept.read(self.settings.config_folder)
            self._unread = ""
        except kept.KeptError as error:
            self.kept, self._unread = kept.Kept(), str(error)
        self._kept_at_start = self.kept
        self.current_job: str | None = None
        self.ended: ConsoleEnd | None = None
        self.unkept = ""
        """Why the settings could not be kept, when it ended."""
        self.fault = ""
        """The traceback, when it crashed."""
        self._beats = 0
        self._feed = engine.changes()
        self._themes = themes.load(self.settings.theme_folder)
        for theme in self._themes.loaded.values():
            self.register_theme(theme)
        wanted = themes.ANSI if no_color else self.settings.theme or self.kept.theme or themes.DEFAULT
        self.theme = wanted if wanted in self._themes.loaded else themes.DEFAULT
        self._unknown_theme = wanted if wanted not in self._themes.loaded else ""
        self._colours = self.get_css_variables()
        self._is_coloured = False
        self.stylesheet.set_variables(self._colours)
        self._doubts: Sequence[str] = ()
        if wanted_keys := {**self.kept.keys, **self.settings.keys}:
            from jobqueue_tui.console.key_map import checked  # noqa: PLC0415 - most have none

            keys, self._doubts = checked(wanted_keys)
            self.set_keymap(keys)

    @property
    def themes(self) -> Sequence[str]:
        """The names of those that are ours and the user's: what Textual brings lacks the colours of states."""
        return [*self._themes.loaded]

    def get_driver_class(self) -> type[Driver]:
        """Our driver: it survives bad bytes, closed and stalled terminals."""
        from jobqueue_tui.console.driver import ConsoleDriver  # noqa: PLC0415 - needs a terminal; tests have none

        return ConsoleDriver

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours for themes that lack ours (Textual's own, chosen with TEXTUAL_THEME)."""
        return DEFAULTS

    def refresh_css(self, animate: bool = True) -> None:
        """As Textual does it, but not for the theme of the beginning: the styles are read in its colours in the first place, and
        to read all of them a second time took a fiftieth of a start."""
        before, self._colours = self._colours, self.get_css_variables()
        if self._is_coloured or self._colours != before:
            super().refresh_css(animate)
        self._is_coloured = True

    def get_default_screen(self) -> Screen[None]:
        """Jobs are home."""
        return JobsScreen()

    # ---- life

    def on_mount(self) -> None:
        """Start the flush timer and take over the signals that would kill us without a goodbye."""
        if not self.is_headless:
            self._take_signals()
        if self.settings.flush_every is not None:
            self.set_interval(self.settings.flush_every, self._beat)
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        self.flush()
        self.settings.on_shown()
        # Everything made so far lives as long as the console. Frozen, it is not walked by each full collection:
        # that took 10 ms timers beside a 10,000-row table from p99 24 to 8 ms.
        if not self.is_headless:
            gc.collect()
            gc.freeze()
        if self._unknown_theme:
            there = ", ".join(self.themes)
            text = f"There is no theme {one_line(self._unknown_theme)}; `:theme` chooses one of {there}."
            self.notify(text, severity="warning", markup=False)
        if self._unread:
            self.notify(self._unread, title="The console's settings are left alone", severity="warning", markup=False)
        if self._doubts:
            text = one_line("; ".join(self._doubts))
            self.notify(text, title=f"[keys] of {kept.FILE}", severity="warning", timeout=10, markup=False)
        for failed in self._themes.failed:
            self.notify(failed.why, title=f"Theme {failed.file} is left out", severity="warning", markup=False)

        if self.settings.tour and self.kept.first:
            self.kept = replace(self.kept, first=False)  # shown is shown, however it is left
            self.action_tour()

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.end, ConsoleEnd.TERMINATED)
        loop.add_signal_handler(signal.SIGHUP, self.end, ConsoleEnd.TERMINAL_GONE)
        if self.settings.embedded:
            # Textual would stop this whole process, engine included. A handler that does nothing, not SIG_IGN:
            # that would be inherited by every job.
            signal.signal(signal.SIGTSTP, lambda _number, _frame: None)

    def on_unmount(self) -> None:
        """Stop collecting changes; keep what the user has chosen."""
        self._feed.close()
        folder = self.settings.config_folder
        # a file that could not be read is the user's to mend, not ours to overwrite
        if folder is not None and not self._unread and self.kept != self._kept_at_start:
            try:
                kept.write(folder, self.kept)
            except OSError as error:
                self.unkept = f"the console's settings cannot be kept: {error}"

    def end(self, how: ConsoleEnd) -> None:
        """End the console; the first reason holds."""
        if self.ended is None:
            self.ended = how
            self.exit(how)

    def _fatal_error(self) -> None:
        """Textual's hook for a fault of ours: it would print every local variable. The caller logs `fault` instead."""
        self.fault = traceback.format_exc()
        self._close_messages_no_wait()

    def _beat(self) -> None:
        # a terminal that tells that nobody is looking gets every fifth flush: 2 Hz instead of 10
        self._beats += 1
        if self.app_focus or self._beats % 5 == 0:
            self.flush()

    def pop_screen(self) -> AwaitComplete:
        """As Textual does it, but what has kept lines of the screen that goes lets go of them: Textual remembers two colours of a
        widget by the object that has all its lines, for a thousand of those (a quarter of a MiB for each dialog)."""
        StylesCache.get_inner_outer.cache_clear()
        return super().pop_screen()

    def draw_anew(self) -> None:
        """The terminal takes bytes again after frames were dropped: draw everything."""
        if self._running:
            self.screen.refresh(layout=True)

    def flush(self) -> None:
        """Take what changed since the last call and show it. Nothing else in the console reads the feed."""
        alive = self._alive() if self._running else None
        # With a dialog on top, or a screen that is still being made, nothing is taken: the feed keeps it.
        if alive is not None and not self.frozen:
            changes = self._feed.take()
            self.tally.note(changes)
            alive.flush(changes)

    def _alive(self) -> LiveScreen | None:
        """The screen that shows what happens: the one on top, or the one behind a card that leaves it alive."""
        top = self.screen_stack[-2] if getattr(self.screen, "live_below", False) else self.screen
        return top if isinstance(top, LiveScreen) and top.is_mounted else None

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Textual's, whose toasts can stop the loop (`Lasting`)."""
        stays = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Lasting(message, title, severity, stays, markup)))

    @property
    def shown_at(self) -> Instant:
        """See `Host`."""
        return self._frozen_at if self.frozen else self.engine.now()

    # ---- keys of every screen

    def on_key(self, event: events.Key) -> None:
        """A letter that came with the `/` before it was sent to the list, and is looked up here last: it belongs into the line."""
        bar = None if self.focused is None else self.focused.parent
        if isinstance(bar, InputBar) and event.is_printable and event.character:
            bar.type(event.character)
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Read-only: no verb."""
        return not (self.read_only and gives_verb(action))

    async def action_back(self) -> None:
        """Esc: to the main part, clear the filter, else leave this screen; at home nothing."""
        top = self.screen
        if isinstance(top, LiveScreen) and not top.leave_pane() and not top.back():
            self.places.back()

    async def action_leave(self) -> None:
        """`q`: as Esc, and at home out."""
        if len(self.screen_stack) > 1:
            await self.action_back()
        else:
            await self.action_quit()

    async def action_quit(self) -> None:
        """Ctrl-q: an attached console just goes; with one that has an engine inside nothing starts any more, so it asks. Who may
        only read ends no run by it."""
        if not self.settings.embedded:
            self.end(ConsoleEnd.QUIT_LEAVE)
            return
        match self.settings.on_quit:
            case OnQuit.STOP if not self.read_only:
                self.end(ConsoleEnd.QUIT_STOP)
            case OnQuit.ASK:
                self._ask_to_quit()
            case OnQuit.LEAVE | OnQuit.STOP:
                self.end(ConsoleEnd.QUIT_LEAVE)

    def _ask_to_quit(self) -> None:
        from jobqueue_tui.console.screens.dialogs import quit_dialog  # noqa: PLC0415 - seldom needed

        def answered(answer: str | None) -> None:
            if answer == "leave":
                self.end(ConsoleEnd.QUIT_LEAVE)
            elif answer == "stop":
                self.end(ConsoleEnd.QUIT_STOP)

        # those of a job that has left the file are in no list
        active = max(sum(len(job.active) for job in self.engine.jobs), self.engine.status().running)
        self.push_screen(quit_dialog(active, read_only=self.read_only), answered)

    def action_help_quit(self) -> None:
        """Ctrl-c does not end work by accident."""
        self.notify("Ctrl-q quits.", timeout=2, markup=False)

    def action_freeze(self) -> None:
        """`u`: nothing is drawn anew until `u` again; what happens meanwhile is kept by the feed."""
        top = self.screen
        if isinstance(top, LiveScreen):
            self.frozen = not self.frozen
            self._frozen_at = self.engine.now()
            top.set_frozen(self.frozen)
            if not self.frozen:
                self.flush()

    def action_copy(self) -> None:
        """`c`: to the terminal's clipboard (OSC 52)."""
        screen = self.screen
        if isinstance(screen, LiveScreen) and (text := screen.copied()):
            self.copy_to_clipboard(text)
            what = text if "\n" not in text else f"{text.count(chr(10)) + 1} {screen.copies}"
            self.notify(f"copied: {what}", timeout=2, markup=False)

    def action_save(self) -> None:
        """Ctrl-s: the rows that are shown, as a file."""
        from jobqueue_tui.console.screens.saving_form import ask_save  # noqa: PLC0415 - seldom needed

        if not isinstance(self.screen, LiveScreen):
            return
        if (saving := self.screen.to_save()) is not None:
            ask_save(self.screen, saving)
        else:
            self.notify("There is nothing to save yet.", timeout=3, markup=False)

    def action_help(self) -> None:
        """`?`: the keys of this screen, to be searched and done."""
        self._offer("Keys of this screen", keys_first=True)

    def action_reload(self) -> None:
        """Ctrl-r: what is different in the job file, and whether it is to be taken."""
        from jobqueue_tui.console.screens.reload import show_changes  # noqa: PLC0415 - seldom needed

        home = self.screen_stack[0]
        if isinstance(self.screen, LiveScreen) and isinstance(home, JobsScreen):
            show_changes(home)

    def action_tour(self) -> None:
        """A few cards about the keys of the home screen."""
        from jobqueue_tui.console.screens.tour import TourScreen  # noqa: PLC0415 - once
        from jobqueue_tui.console.touring import cards  # noqa: PLC0415 - once

        if isinstance(self.screen, LiveScreen):
            self.push_screen(TourScreen(cards(bound(self.screen_stack[0].active_bindings))))

    def action_commands(self) -> None:
        """`:`: every action by its name."""
        self._offer("Command", keys_first=False)

    def _offer(self, title: str, *, keys_first: bool) -> None:
        from jobqueue_tui.console.commanding import offer  # noqa: PLC0415 - seldom needed

        offer(self, title, keys_first=keys_first)

    # ---- going places

    def action_go(self, name: str) -> None:
        """The numbers, and the key for the screen before."""
        self.places.go(name)

    def go(self, name: str) -> None:
        """The same for screens."""
        self.places.go(name)

    def show_log(self, run_id: str, also: Sequence[str] = ()) -> None:
        """Open the log of a run, those of others with it."""
        self.places.open(Place("log", run_id, tuple(also)))

    def marked(self) -> Sequence[JobView]:
        """The jobs that are marked in the table and shown there."""
        home = self.screen_stack[0]
        return [at.job for at in home.table.targets()] if isinstance(home, JobsScreen) else []

    def show_details(self, job_id: str) -> None:
        """Open the details of a job."""
        self.places.open(Place("job", job_id))

    def say_no_log(self, job_id: str) -> None:
        """There is no log yet."""
        self.places.say_no_log(job_id)
