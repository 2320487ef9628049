"""Giving verbs to the engine from a screen: answers and refusals as toasts, and what Backspace takes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from engine.errors import EngineError, Refused
from engine.model.undo import PrioritySet, Undo
from jobqueue_tui.console.host import host
from jobqueue_tui.console.orders import Order, Result
from jobqueue_tui.console.screens.live import LiveScreen
from jobqueue_tui.console.undoing import said
from jobqueue_tui.terminal import one_line

FROZEN: Final = "The view is frozen (u): this is how it was, not how it is."
"""What a question says first where what it is about may be old."""

_MOST_UNDO: Final = 20
_MOST_REFUSALS: Final = 4


class Giving(LiveScreen):
    """A screen from which verbs are given."""

    def give(self, orders: Sequence[Order]) -> None:
        """Give these one after the other. One toast says what became of them; what undoes them is kept as one step, whatever
        screen is there by then."""
        self.app.run_worker(self._given(orders), group="verbs")

    async def _given(self, orders: Sequence[Order]) -> None:
        done: list[tuple[Order, str]] = []
        undos: list[Undo] = []
        refused: list[Refused] = []
        for order in orders:
            try:
                result = await order.call()
            except Refused as refusal:
                refused.append(refusal)
                continue
            except (EngineError, OSError) as error:
                self.notify(one_line(str(error)), title="The engine did not answer", severity="error", markup=False)
                break
            text, undo = _read(order, result)
            done.append((order, text))
            undos += [undo] if undo is not None else []
        if undos:
            # the last one first, as a person would take them back
            kept = host(self).undo
            kept.append(tuple(reversed(undos)))
            del kept[:-_MOST_UNDO]
        self._say_done(done, undos)
        self._say_refused(refused, len(orders))
        self._look_again()

    def _look_again(self) -> None:
        if self in self.app.screen_stack:
            self.given()

    def given(self) -> None:
        """Called when the engine has answered: a screen that shows what is on record looks again."""

    def _say_done(self, done: Sequence[tuple[Order, str]], undos: Sequence[Undo]) -> None:
        if not done:
            return
        if len(done) == 1:
            text = done[0][1]
        else:
            counts = Counter(order.word for order, _ in done)
            text = ", ".join(f"{count} {word}" for word, count in counts.items())
        if undos:
            what = said(undos[0]) if len(undos) == 1 else f"all {len(undos)}"
            text += f"  ·  Backspace undoes it: {what}"
        if text:
            self.notify(text, timeout=3, markup=False)

    def _say_refused(self, refused: Sequence[Refused], given: int) -> None:
        if not refused:
            return
        if given == 1:
            message, remedy = one_line(refused[0].message), one_line(refused[0].remedy)
            title = message if remedy else ""
            self.notify(remedy or message, title=title, severity="warning", timeout=6, markup=False)
            return
        lines = [one_line(refusal.message) for refusal in refused[:_MOST_REFUSALS]]
        if len(refused) > _MOST_REFUSALS:
            lines.append(f"and {len(refused) - _MOST_REFUSALS} more")
        title = f"{len(refused)} of {given} were refused"
        self.notify("\n".join(lines), title=title, severity="warning", timeout=8, markup=False)

    def action_undo(self) -> None:
        """Backspace: take back the last verb that can be taken back; in a frozen view it is asked."""
        undo = host(self).undo
        if not undo:
            self.notify("Nothing to undo.", timeout=2, markup=False)
        elif host(self).frozen:
            self._ask_to_undo(undo[-1])
        else:
            self._begin_to_undo(undo[-1])

    def _ask_to_undo(self, step: tuple[Undo, ...]) -> None:
        from jobqueue_tui.console.screens.dialogs import Choice, ChoiceDialog  # noqa: PLC0415 - seldom needed

        lines = [FROZEN, *(one_line(str(undo)) for undo in step)]
        dialog = ChoiceDialog("Undo", lines, [Choice("yes", "Undo it", "refused where somebody was there since")])
        self.app.push_screen(dialog, lambda answer: self._begin_to_undo(step) if answer == "yes" else None)

    def _begin_to_undo(self, step: tuple[Undo, ...]) -> None:
        undo = host(self).undo
        if step in undo:  # one that was kept since stands behind it
            undo.remove(step)
            self.app.run_worker(self._take_back(step), group="verbs")

    async def _take_back(self, undos: Sequence[Undo]) -> None:
        refused: list[Refused] = []
        for undo in undos:
            try:
                await host(self).engine.undo(undo)
            except Refused as refusal:
                refused.append(refusal)
            except (EngineError, OSError) as error:
                self.notify(one_line(str(error)), title="The engine did not answer", severity="error", markup=False)
                return
        back = len(undos) - len(refused)
        if back:
            what = said(undos[0]) if len(undos) == 1 else f"{back} verbs"
            self.notify(f"undone: {what}", timeout=3, markup=False)
        self._say_refused(refused, len(undos))
        self._look_again()


def _read(order: Order, result: Result) -> tuple[str, Undo | None]:
    """What to say, and what takes it back."""
    match result:
        case PrioritySet():
            return f"{order.done}: priority {result.priority}", result.undo
        case Undo():
            return order.done, result
        case str():
            return order.done or result, None
        case None:
            return order.done, None
