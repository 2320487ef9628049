"""What the command line and the help offer: the actions that work on the screen below, and words that take a name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from textual.binding import ActiveBinding

from engine.values import lean
from jobqueue_tui.console.actions import ACTIONS, GROUPS, UNBOUND, shown
from jobqueue_tui.terminal import one_line

MOST_NAMES: Final = 200
"""Names that are offered behind a word such as `job`; typing on narrows them."""


@lean(frozen=True, slots=True)
class Command:
    """A line that can be chosen. `name` is what is typed for it, `group` the heading of the help that it stands under."""

    name: str
    text: str
    keys: str
    group: str
    run: Callable[[], Awaitable[object] | None]

    def matches(self, words: Sequence[str]) -> bool:
        """Whether each word is somewhere in it."""
        hay = f"{self.name} {self.text} {self.keys}".casefold()
        return all(word in hay for word in words)


@lean(frozen=True, slots=True)
class Named:
    """A word that takes a name: `job etl`, `theme light`."""

    word: str
    text: str
    names: Callable[[], Iterable[str]]
    run: Callable[[str], None]


Run = Callable[[ActiveBinding], Awaitable[object] | None]


def of_bindings(active: Mapping[str, ActiveBinding], run: Run) -> list[Command]:
    """The actions of the bindings in force, in the order of the help, each with the keys that it has now."""
    keys: dict[str, list[str]] = {}
    found: dict[str, ActiveBinding] = {}
    for key, binding in active.items():
        if binding.binding.id:
            found[binding.binding.id] = binding
            keys.setdefault(binding.binding.id, []).extend([] if key.startswith(UNBOUND) else [key])
    commands = []
    for where in GROUPS:
        for action in ACTIONS:
            if action.where is where and action.id in found:
                mine = keys[action.id]
                # in the order of the table; keys of the user's own after those
                ordered = [key for key in action.keys if key in mine]
                ordered += [key for key in mine if key not in ordered]
                names = "  ".join(shown(key) for key in ordered) or (f"a {action.letter}" if action.letter else "")
                binding = found[action.id]
                commands.append(Command(action.id, action.text, names, where.value, lambda b=binding: run(b)))  # type: ignore[misc] # bound early
    return commands


def answering(typed: str, commands: Sequence[Command], words: Sequence[Named]) -> list[Command]:
    """What fits the text that was typed: `job et` offers names, anything else actions and the words themselves."""
    head, space, rest = typed.lstrip().partition(" ")
    named = next((word for word in words if word.word == head), None)
    if named is not None and space:
        return list(_names(named, rest.strip().casefold()))
    wanted = typed.casefold().split()
    return [command for command in commands if command.matches(wanted)]


def _names(named: Named, part: str) -> Iterator[Command]:
    def command(name: str) -> Command:
        return Command(f"{named.word} {one_line(name)}", named.text, "", "", lambda: named.run(name))

    fitting = (name for name in named.names() if part in name.casefold())
    return map(command, islice(fitting, MOST_NAMES))
