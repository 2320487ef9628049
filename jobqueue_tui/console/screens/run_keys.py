"""The keys of a run on record, the same wherever there is a list of them."""

from __future__ import annotations

from engine.model.states import RunPhase
from jobqueue_tui.console.aiming import Aimed, AimedRun
from jobqueue_tui.console.giving import Giving
from jobqueue_tui.console.host import host
from jobqueue_tui.console.saved_rows import saved_runs
from jobqueue_tui.console.saving import Saving
from jobqueue_tui.console.widgets.run_list import RunList
from jobqueue_tui.terminal import one_line


class RunKeys(Giving):
    """Keys that act on a run. A subclass binds them and has `runs`."""

    runs: RunList

    def action_open_run(self) -> None:
        """Enter, l: the log of the run under the cursor."""
        if (run := self.runs.current) is not None:
            host(self).show_log(run.run_id)

    def action_rerun(self) -> None:
        """`r`: the run under the cursor once more."""
        from jobqueue_tui.console.screens.job_forms import ask_rerun  # noqa: PLC0415 - seldom needed

        run = self.runs.current
        if run is None or not self.runs.settled:
            return
        try:
            job = host(self).engine.job(run.job)
        except KeyError:
            self.notify(f"{run.job} is no longer in the job file.", timeout=4, markup=False)
            return
        ask_rerun(self, [(Aimed.now(job), run.run_id)])

    @property
    def aimed_run(self) -> AimedRun | None:
        """The run under the cursor, unless it is over or too new there."""
        run = self.runs.current
        if run is None or not self.runs.settled or run.state is RunPhase.ENDED:
            return None
        return AimedRun(run.run_id, run.state)

    def action_stop(self) -> None:
        """`x`: the stop menu of the run under the cursor, though its job may have left."""
        from jobqueue_tui.console.screens.stop_menu import ask_stop_run  # noqa: PLC0415 - seldom needed

        if (at := self.aimed_run) is not None:
            ask_stop_run(self, at)
        elif (run := self.runs.current) is not None and run.state is RunPhase.ENDED:
            self.notify(f"{one_line(run.run_id)} is over.", timeout=2, markup=False)

    def action_compare(self) -> None:
        """`d`: the record of the run beside the marked one, else beside the one before it of the same job."""
        from jobqueue_tui.console.screens.compare import open_comparison  # noqa: PLC0415 - seldom needed

        if self.runs.current is not None:
            open_comparison(self, self.runs)

    def action_mark(self) -> None:
        """Space."""
        self.runs.action_mark()

    def action_unmark(self) -> None:
        """`U`."""
        self.runs.action_unmark()

    def copied(self) -> str:
        """Ids of the marked runs, else the one under the cursor."""
        runs = [run.run_id for run in self.runs.runs if run.run_id in self.runs.marked]
        current = self.runs.current
        return "\n".join(map(one_line, runs or ([] if current is None else [current.run_id])))

    def to_save(self) -> Saving | None:
        """The runs that are shown."""
        return saved_runs(self.place, self.runs.runs)

    @property
    def job_id(self) -> str | None:
        """The job of the run under the cursor."""
        run = self.runs.current
        return None if run is None else run.job
