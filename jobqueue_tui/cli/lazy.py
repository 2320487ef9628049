"""A group of commands that imports each one when it is called: `ctl list` never pays for the server."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NoReturn

import click

from engine.values import lean


@lean(frozen=True, slots=True)
class Entry:
    """Where a command lives: `module` has it as `command`; `help` is its line in the list."""

    module: str
    help: str


class LazyGroup(click.Group):
    """See the module."""

    def __init__(
        self, name: str, entries: Mapping[str, Entry], help: str, params: Sequence[click.Parameter] = ()
    ) -> None:
        super().__init__(
            name,
            help=help,
            params=list(params),
            callback=lambda **_: None,  # the options of a group are read by its commands, from its context
            context_settings={"help_option_names": ["-h", "--help"]},
        )
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported; None when there is none of that name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        gc.freeze()
        gc.enable()  # see `entry`
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with a suggestion for a name that is close to one."""
        if args and args[0] not in self.entries:
            self._unknown(ctx, args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])

    def _unknown(self, ctx: click.Context, name: str) -> NoReturn:
        from difflib import get_close_matches

        near = get_close_matches(name, self.entries, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self.entries)}"
        ctx.fail(f"no command {name!r}; {hint}")
