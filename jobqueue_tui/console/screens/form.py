"""A dialog with fields to type into, each checked while it is typed, and options to turn on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from engine.values import lean
from jobqueue_tui.console.screens.dialogs import CANCEL, Choice, Choices
from jobqueue_tui.console.screens.modal import Modal
from jobqueue_tui.console.widgets.switch import Switch


@lean(frozen=True, slots=True)
class Field:
    """A line to type into. `check` raises ValueError with what is wrong; `hidden` shows stars.

    An empty field is left out of the answer unless it is `required`.
    """

    id: str
    label: str
    hint: str = ""
    value: str = ""
    check: Callable[[str], object] | None = None
    hidden: bool = False
    required: bool = False

    def problem(self, text: str) -> str:
        """What is wrong with `text`; empty when it can be taken."""
        if not text:
            return "a value is needed" if self.required else ""
        try:
            if self.check is not None:
                self.check(text)
        except ValueError as fault:
            return str(fault)
        return ""


@lean(frozen=True, slots=True)
class Option:
    """Something that is on or off."""

    id: str
    label: str
    on: bool = False


@lean(frozen=True, slots=True)
class Filled:
    """What a form was filled in with."""

    values: Mapping[str, str] = field(default_factory=dict)
    on: frozenset[str] = frozenset()
    """Options that are on."""


class FormDialog(Modal[Filled | None]):
    """Asks for values; None for Cancel and Esc. All text given to it is harmless text, not markup."""

    CSS_PATH = "form.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        # of the screen's own and not of the field's, which would be asked when the letters behind it are in it already
        Binding("tab", "go(1)", show=False, priority=True),
        Binding("shift+tab", "go(-1)", show=False, priority=True),
        Binding("enter,down", "leave_field(1)", show=False, priority=True),
        Binding("up", "leave_field(-1)", show=False, priority=True),
        Binding("enter", "give", show=False),
        Binding("down", "go(1)", show=False),
        Binding("up", "go(-1)", show=False),
    ]

    def __init__(
        self,
        heading: str,
        lines: Sequence[str],
        fields: Sequence[Field],
        *,
        answer: str,
        options: Sequence[Option] = (),
        begin_at_answer: bool = False,
        confirms: bool = False,
    ) -> None:
        """`answer`: the words of the line that gives it. `begin_at_answer`: the cursor is there already, so that Enter
        takes what stands in the fields; only where nothing is ended by it. `confirms`: it is a question first of all; without
        fields to fill in, the cursor stands on Cancel."""
        super().__init__()
        self.heading, self.lines = heading, lines
        self.fields = {one.id: one for one in fields}
        self.options = options
        self.choices = Choices([Choice(CANCEL, "Cancel", "nothing happens"), Choice("give", answer)])
        self._begin_at_answer = begin_at_answer
        self.confirms = confirms or not (fields or options)

    def compose(self) -> ComposeResult:
        """Heading, fields with their notes, options, answers."""
        with Vertical(id="form"):
            yield Static(Content(self.heading), id="heading")
            if self.lines:
                yield Static(Content("\n".join(self.lines)), id="lines")
            with VerticalScroll(id="fields", can_focus=False):
                for number, one in enumerate(self.fields.values()):
                    yield Static(Content.assemble((one.label, "bold"), (f"  {one.hint}" if one.hint else "", "dim")))
                    entry = Input(one.value, password=one.hidden, compact=True, id=f"field-{number}", name=one.id)
                    entry.cursor_blink = False
                    yield entry
                    yield Static("", id=f"note-{number}", classes="note")
                for option in self.options:
                    yield Switch(option.id, option.label, on=option.on)
            yield self.choices

    def on_mount(self) -> None:
        """The first field has the keys, unless all has a value and Enter is to do."""
        self.choices.styles.height = self.choices.row_count
        self.choices.rows_changed()
        fields = [*self.query(Input), *self.query(Switch)]
        self.choices.cursor = 1
        if self._begin_at_answer and not self.problems():
            self.choices.focus()
        elif self.query(Input) or not self.confirms:
            fields[0].focus()
        else:
            self.choices.cursor = 0
            self.choices.focus()

    def problems(self) -> list[Input]:
        """Fields whose text cannot be taken; each says so in its note."""
        bad = []
        for number, entry in enumerate(self.query(Input)):
            problem = self.fields[entry.name or ""].problem(entry.value)
            self.query_one(f"#note-{number}", Static).update(Content(problem))
            self.query_one(f"#note-{number}", Static).display = bool(problem)
            if problem:
                bad.append(entry)
        return bad

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say at once what is wrong."""
        event.stop()
        if event.value:
            self.problems()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Fields are left by keys that mean something else elsewhere."""
        return action != "leave_field" or isinstance(self.focused, Input)

    def action_leave_field(self, by: int) -> None:
        """Enter goes on to the next; after the last one stands the answer."""
        self.action_go(by)

    def action_go(self, by: int) -> None:
        """The next part, the one before."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_give(self) -> None:
        """Enter on an answer gives it; fields and options have an Enter of their own."""
        if self.choices.cursor == 0:
            self.dismiss(None)
        elif bad := self.problems():
            bad[0].focus()
        else:
            self.dismiss(self._filled())

    def _filled(self) -> Filled:
        values = {entry.name or "": entry.value for entry in self.query(Input) if entry.value}
        return Filled(values, frozenset(one.name or "" for one in self.query(Switch) if one.on))

    def action_cancel(self) -> None:
        """Esc."""
        self.dismiss(None)
