"""The verbs of a job behind their keys, the same on every screen that has a job under its cursor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from engine.errors import EngineError, Refused
from engine.model.states import JobStatus, RunPhase
from engine.model.undo import PrioritySet, Undo
from engine.spec.job import Manual
from jobqueue_tui.console.host import host
from jobqueue_tui.console.screens.dialogs import CANCEL, Choice, ChoiceDialog
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.widgets.job_list import Aimed
from jobqueue_tui.terminal import one_line

_MOST_UNDO: Final = 20


class JobKeys(LiveScreen):
    """Keys that act on a job. A subclass binds them, and says which job is meant and what of it was on screen."""

    def aimed(self) -> Aimed | None:
        """The job that a verb would act on; None while there is none, or while it is too new under the cursor."""
        raise NotImplementedError

    @property
    def job_id(self) -> str | None:
        """The job under the cursor."""
        aimed = self.aimed()
        return None if aimed is None else aimed.job.id

    # ---- verbs

    def action_pause(self) -> None:
        """`p`: pause or resume its runs, hold or release the job, let a stopped job go on."""
        if (aimed := self.aimed()) is None:
            return
        job, aim, name = aimed.job, aimed.aim, one_line(aimed.job.id)
        # decided by what was on screen; the engine refuses when that has changed
        stands = aim.state is RunPhase.PAUSED or (aim.run_id is None and (job.held or job.status is JobStatus.STOPPED))
        if stands:
            self.give(lambda: job.resume(aim=aim), f"{name} goes on")
        else:
            done = f"{name} paused" if aim.run_id else f"{name} held: nothing starts"
            self.give(lambda: job.pause(aim=aim), done)

    def action_bump(self, by: int) -> None:
        """`+` and `-`: priority by one."""
        if (aimed := self.aimed()) is None:
            return
        job, name = aimed.job, one_line(aimed.job.id)
        self.give(lambda: job.bump(by), name)

    def action_trigger(self) -> None:
        """`t`: run it now; a job that says `manual: confirm` asks first."""
        if (aimed := self.aimed()) is None:
            return
        job, name = aimed.job, one_line(aimed.job.id)

        async def trigger() -> str:
            return f"{one_line((await job.trigger(confirmed=True)).run_id)} triggered"

        if job.manual is not Manual.CONFIRM:
            self.give(trigger, "")
            return
        dialog = ChoiceDialog(f"Run {name} now?", _about(aimed), [Choice("run", "Run it", "the schedule is untouched")])
        self.app.push_screen(dialog, lambda answer: self.give(trigger, "") if answer == "run" else None)

    def action_stop(self) -> None:
        """`x`: the stop menu."""
        if (aimed := self.aimed()) is None:
            return
        job, aim, name = aimed.job, aimed.aim, one_line(aimed.job.id)
        choices = [Choice("job", "Stop the job", "its runs end, and nothing starts until p resumes it")]
        if job.active or job.queued:
            choices.insert(0, Choice("run", "Stop the run", "TERM, grace, KILL of its tree; the schedule goes on"))

        def answered(answer: str | None) -> None:
            match answer:
                case "run":
                    self.give(lambda: job.stop(aim=aim), f"{name} is told to stop")
                case "job":
                    self.give(lambda: job.stop(job=True, aim=aim), f"{name} stopped until it is resumed")
                case None | _:
                    assert answer in (None, CANCEL)

        self.app.push_screen(ChoiceDialog(f"Stop {name}", _about(aimed), choices), answered)

    def action_undo(self) -> None:
        """Backspace: take back the last verb that can be taken back."""
        undo = host(self).undo
        if not undo:
            self.notify("Nothing to undo.", timeout=2, markup=False)
            return
        last = undo.pop()
        self.give(lambda: host(self).engine.undo(last), f"undone: {one_line(str(last))}")

    def give(self, call: Callable[[], Awaitable[Undo | PrioritySet | str | None]], done: str) -> None:
        """Give a verb. Its own text, or `done`, becomes a toast; a refusal too, with what to do instead.

        What takes it back is kept for Backspace, and named in the toast.
        """
        self.run_worker(self._given(call, done), group="verbs")

    async def _given(self, call: Callable[[], Awaitable[Undo | PrioritySet | str | None]], done: str) -> None:
        try:
            result = await call()
        except Refused as refused:
            message, remedy = one_line(refused.message), one_line(refused.remedy)
            title = message if remedy else ""
            self.notify(remedy or message, title=title, severity="warning", timeout=6, markup=False)
            return
        except (EngineError, OSError) as error:
            self.notify(one_line(str(error)), title="The engine did not answer", severity="error", markup=False)
            return
        text = done
        undo: Undo | None = None
        match result:
            case PrioritySet():
                text, undo = f"{done}: priority {result.priority}", result.undo
            case Undo():
                undo = result
            case str():
                text = done or result
            case None:
                pass
        if undo is not None:
            kept = host(self).undo
            kept.append(undo)
            del kept[:-_MOST_UNDO]
            text += f"  ·  Backspace undoes it: {one_line(str(undo))}"
        if text:
            self.notify(text, timeout=3, markup=False)

    # ---- going elsewhere

    def action_log(self) -> None:
        """`l`: the log of its last run."""
        if (aimed := self.aimed()) is None:
            return
        run_id = aimed.job.last_run_id
        if run_id is None:
            self.notify(f"{one_line(aimed.job.id)} has not run yet: no log.", timeout=3, markup=False)
        else:
            host(self).show_log(run_id)

    def action_details(self) -> None:
        """Enter: the details of the job."""
        if (job_id := self.job_id) is not None:
            host(self).show_details(job_id)


def _about(aimed: Aimed) -> list[str]:
    """What a dialog says about the job it is for."""
    job, aim = aimed.job, aimed.aim
    lines = []
    if job.title != job.id:
        lines.append(one_line(job.title))
    lines.append("no active run" if aim.run_id is None else f"{one_line(aim.run_id)} is {aim.state}")
    if job.queued:
        lines.append(f"{len(job.queued)} queued")
    return lines
