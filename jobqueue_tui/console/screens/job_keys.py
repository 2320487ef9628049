"""The keys of a job, the same on every screen that has one under its cursor: which jobs are meant, what is asked first.

What a verb then does stands in `orders`; the dialogs that ask have modules of their own, loaded when they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from engine.api import JobView
from jobqueue_tui.console import orders
from jobqueue_tui.console.actions import Action
from jobqueue_tui.console.aiming import NEXT, Aimed, Meant
from jobqueue_tui.console.giving import FROZEN, Giving
from jobqueue_tui.console.host import host
from jobqueue_tui.console.orders import Order
from jobqueue_tui.terminal import one_line


class JobKeys(Giving):
    """Keys that act on a job. A subclass binds them, and says which job is meant and what of it was on screen."""

    marks: ClassVar[bool] = False
    """Whether jobs are marked on this screen."""

    def aimed(self) -> Aimed | None:
        """The job that a verb would act on; None while there is none, or while it is too new under the cursor."""
        raise NotImplementedError

    def targets(self) -> Sequence[Aimed]:
        """The jobs that a verb would act on: those that are marked, else the one under the cursor."""
        aimed = self.aimed()
        return () if aimed is None else (aimed,)

    def meant(self, *, only_next: bool = False) -> Meant | None:
        """The occurrence that is to be skipped or put off; None: there is none to be meant, which is said.

        `only_next`: no other than the next one can be.
        """
        return NEXT

    def words_of(self, action: Action) -> str:
        """What an action does here, for the menu."""
        return action.text

    @property
    def current_job(self) -> JobView | None:
        """The job under the cursor, however new it is there."""
        aimed = self.aimed()
        return None if aimed is None else aimed.job

    @property
    def job_id(self) -> str | None:
        """Its id."""
        job = self.current_job
        return None if job is None else job.id

    def copied(self) -> str:
        """The job under the cursor."""
        return one_line(self.job_id or "")

    def action_edit(self) -> None:
        """`e`: the job file at the job under the cursor, or at its top, in an editor; then what is different."""
        from jobqueue_tui.console.screens.reload import edit_file  # noqa: PLC0415 - seldom needed

        job = self.current_job
        edit_file(self, None if job is None else job.id)

    # ---- verbs that can be taken back

    def action_pause(self) -> None:
        """`p`: pause or resume its runs, hold or release the job, let a stopped job go on."""
        self.order("Pause or resume", orders.pause)

    def action_suspend(self) -> None:
        """`s`: its schedule stands still, or goes on."""
        self.order("Suspend or resume the schedules", orders.suspend)

    def action_bump(self, by: int) -> None:
        """`+` and `-`: priority by one."""
        what = f"Priority {'up' if by > 0 else 'down'} by one"
        self.order(what, partial(orders.bump, by=by), partial(orders.bump, by=by, from_shown=True))

    def action_skip(self) -> None:
        """Skip an occurrence of its schedule."""
        if (one := self.meant()) is not None:
            self.order(f"Skip {one.said}", partial(orders.skip, one=one))

    def action_enable(self) -> None:
        """Disable it, or enable it."""
        self.order("Enable or disable", orders.enable)

    def action_release(self) -> None:
        """End a hold."""
        self.order("Release", orders.release)

    def order(self, what: str, make: Callable[[Aimed], Order], asked: Callable[[Aimed], Order] | None = None) -> None:
        """Give a verb to what is meant. Several jobs, or a frozen view that may be old, are asked about first; `asked`: what is
        given then, where that is another order."""
        targets = self.targets()
        if len(targets) == 1 and not host(self).frozen:
            self.give([make(targets[0])])
        elif targets:
            self._ask(what, targets, lambda: self.give([(asked or make)(at) for at in targets]))

    def _ask(self, what: str, targets: Sequence[Aimed], then: Callable[[], None]) -> None:
        from jobqueue_tui.console.screens.dialogs import Choice, ChoiceDialog  # noqa: PLC0415 - seldom needed

        count = f"{len(targets)} jobs" if len(targets) > 1 else targets[0].name
        lines = [at.line() for at in targets]
        if host(self).frozen:
            lines.insert(0, FROZEN)
        dialog = ChoiceDialog(f"{what}: {count}", lines, [Choice("yes", what, count)])
        self.app.push_screen(dialog, lambda answer: then() if answer == "yes" else None)

    # ---- verbs that ask

    def action_stop(self) -> None:
        """`x`: the stop menu."""
        from jobqueue_tui.console.screens.stop_menu import ask_stop  # noqa: PLC0415 - seldom needed

        if targets := self.targets():
            ask_stop(self, targets)

    def action_trigger(self) -> None:
        """`t`: run it now; asks where there is something to ask."""
        from jobqueue_tui.console.screens.trigger_form import ask_trigger, nothing_to_ask  # noqa: PLC0415 - seldom needed

        targets = self.targets()
        if len(targets) == 1 and not host(self).frozen and nothing_to_ask(targets[0].job):
            self.give([orders.trigger(targets[0], {})])
        elif targets:
            ask_trigger(self, targets)

    def action_rerun(self) -> None:
        """`r`: its newest run once more."""
        from jobqueue_tui.console.screens.job_forms import ask_rerun  # noqa: PLC0415 - seldom needed

        if targets := self.targets():
            ask_rerun(self, [(at, at.job.last_run_id) for at in targets])

    def action_hold(self) -> None:
        """Nothing of it starts, for a reason, until released or for so long."""
        from jobqueue_tui.console.screens.job_forms import ask_hold  # noqa: PLC0415 - seldom needed

        if targets := self.targets():
            ask_hold(self, targets)

    def action_postpone(self) -> None:
        """An occurrence later."""
        from jobqueue_tui.console.screens.job_forms import ask_postpone  # noqa: PLC0415 - seldom needed

        if (targets := self.targets()) and (one := self.meant(only_next=True)) is not None:
            ask_postpone(self, targets, one)

    def action_set_timeout(self) -> None:
        """How long an attempt may run."""
        from jobqueue_tui.console.screens.job_forms import ask_timeout  # noqa: PLC0415 - seldom needed

        if targets := self.targets():
            ask_timeout(self, targets)

    def action_backfill(self) -> None:
        """Runs for the occurrences of a span."""
        from jobqueue_tui.console.screens.job_forms import ask_backfill  # noqa: PLC0415 - seldom needed

        if targets := self.targets():
            ask_backfill(self, targets)

    def action_acknowledge(self) -> None:
        """`A` in the Inbox, the menu elsewhere: its bad ends leave the Inbox."""
        from jobqueue_tui.console.screens.job_forms import ask_acknowledge  # noqa: PLC0415 - seldom needed

        if targets := self.targets():
            ask_acknowledge(self, [at.job.id for at in targets])

    def action_menu(self) -> None:
        """`a`: everything that can be done with it."""
        from jobqueue_tui.console.screens.action_menu import ask_action  # noqa: PLC0415 - seldom needed

        if targets := self.targets():
            ask_action(self, targets)

    # ---- going elsewhere

    def action_why(self) -> None:
        """`d`: why it is not running, and what would change that."""
        from jobqueue_tui.console.reasons import reasons_of  # noqa: PLC0415 - seldom needed
        from jobqueue_tui.console.screens.why import WhyScreen  # noqa: PLC0415 - seldom needed

        if (job := self.current_job) is not None:
            self.app.push_screen(WhyScreen(one_line(job.id), reasons_of(job, host(self).engine)))

    def action_log(self) -> None:
        """`l`: the log of its last run; of several marked jobs all of them in one."""
        runs = [job.last_run_id for job in host(self).marked() if job.last_run_id is not None] if self.marks else []
        if len(runs) > 1:
            host(self).show_log(runs[0], runs[1:])
            return
        if (job := self.current_job) is None:
            return
        run_id = job.last_run_id
        if run_id is None:
            host(self).say_no_log(job.id)
        else:
            host(self).show_log(run_id)

    def action_effective(self) -> None:
        """`y`: the job as it is in effect."""
        if self.job_id is not None:
            host(self).go("effective")

    def action_details(self) -> None:
        """Enter: the details of the job."""
        if (job_id := self.job_id) is not None:
            host(self).show_details(job_id)
