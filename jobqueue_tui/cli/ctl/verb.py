"""A `ctl` subcommand made from its row in the verb table: ids, options, the call, the report of each id."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from engine.model.record import Json
from engine.model.verbs import VERBS, Arg, ArgKind, Target, Verb
from engine.spec.params import read_settings
from jobqueue_tui.cli.ctl.engine_option import engine_of, engine_option
from jobqueue_tui.cli.ctl.tree import jobs_below
from jobqueue_tui.cli.ctl.waiting import wait_for_cascade, wait_for_runs, with_shards
from jobqueue_tui.cli.exits import Exit, Failure, exit_of_status
from jobqueue_tui.cli.show.cells import one_line
from jobqueue_tui.cli.show.kinds import RESULT_COLUMNS
from jobqueue_tui.cli.show.listing import Form, look, look_options, print_list
from jobqueue_tui.client.engine import Answered
from jobqueue_tui.wire.fault import Fault

_MAY_WAIT: Final = frozenset({"trigger", "rerun"})
_METAVARS: Final = {
    ArgKind.INTEGER: "N",
    ArgKind.DURATION: "DURATION",
    ArgKind.SIGNAL: "SIG",
    ArgKind.TIME: "TIME",
    ArgKind.TEXT: "TEXT",
    ArgKind.VALUES: "NAME=VALUE",
    ArgKind.PATH: "FILE",
}
_NEGATIVE: Final = re.compile(r"-[0-9]+")


class _VerbCommand(click.Command):
    """Reads a last `-5` as a number: no option looks like that, and a priority may."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and _NEGATIVE.fullmatch(args[-1]) and args[-2:-1] not in (["--by"], ["--"]):
            args = [*args[:-1], "--", args[-1]]
        return super().parse_args(ctx, args)


def verb_command(name: str) -> click.Command:
    """The subcommand for the verb of that name."""
    verb = VERBS[name]

    def act(
        *,
        socket: Path | None,
        state_dir: Path | None,
        file: Path | None,
        form: str = Form.TABLE,
        columns: str = "",
        ids: tuple[str, ...] = (),
        run: str | None = None,
        wait: bool = False,
        **arguments: Json,
    ) -> int:
        body: dict[str, Json] = {name: value for name, value in arguments.items() if value is not None}
        for arg in verb.args:
            if arg.kind is ArgKind.PATH and isinstance(given := body.get(arg.name), str):
                body[arg.name] = os.path.abspath(given)  # noqa: PTH100 - the engine stands in another folder; symlinks stay
        if verb.on != {Target.ENGINE}:
            body |= {"ids": list(ids), "run": run}
        status, fault = 200, None
        try:
            engine = engine_of(socket, state_dir, file)
            results = engine.verb(verb.name, body)
        except Answered as answered:
            click.echo(answered.text, err=True, nl=False)
            if not answered.results:
                raise
            status, fault = answered.status, answered.fault
            results = [result for result in answered.results if isinstance(result, dict)]
        chosen = look(form, columns)
        if chosen.form is Form.TABLE and not chosen.columns:
            _tell(verb, results)
        else:
            print_list(results, chosen, usual=RESULT_COLUMNS, keys=RESULT_COLUMNS)
        if fault is not None:
            raise Failure(exit_of_status(status))
        if wait:
            ended = wait_for_runs(engine, with_shards(engine, [str(result["run_id"]) for result in results]), None)
            if not body.get("downstream"):
                return ended
            # what follows is queued in the same moment in which the run before is over
            jobs = {str(job["id"]): job for job in engine.jobs()}
            return max(ended, wait_for_cascade(engine, jobs_below(jobs, [str(result["id"]) for result in results])))
        return Exit.OK

    decorated: Callable[..., object] = engine_option(act)
    if verb.on != {Target.ENGINE}:
        decorated = look_options(decorated)
    for arg in reversed(verb.args):
        decorated = _parameter(arg)(decorated)
    if Target.RUN in verb.on:
        decorated = click.option("--run", metavar="RUN", help="Only this run, by id or number.")(decorated)
    if verb.on != {Target.ENGINE}:
        metavar = "RUN…" if Target.RECORD in verb.on else "ID…"
        decorated = click.argument("ids", metavar=metavar, nargs=-1, required=Target.ENGINE not in verb.on)(decorated)
    if verb.name in _MAY_WAIT:
        decorated = click.option("--wait", is_flag=True, help="Wait until it is over; exit code 1 if it failed.")(
            decorated
        )
    return click.command(verb.name.replace("_", "-"), cls=_VerbCommand, help=verb.help)(decorated)


def _parameter(arg: Arg) -> Callable[[Callable[..., object]], Callable[..., object]]:
    # Any: click types the kinds of parameters apart; durations stay text, which the engine reads like the job file's
    kind: Any = click.IntRange(arg.least, arg.most) if arg.kind is ArgKind.INTEGER else str
    if arg.positional:
        return click.argument(arg.name, metavar=_METAVARS[arg.kind], type=kind)
    flag = f"--{(arg.option or arg.name).replace('_', '-')}"
    text = f"{arg.help[0].upper()}{arg.help[1:]}."
    if arg.kind is ArgKind.FLAG:
        return click.option(flag, arg.name, is_flag=True, default=None, help=text)
    if arg.kind is ArgKind.VALUES:
        return click.option(
            flag, arg.name, metavar=_METAVARS[arg.kind], multiple=True, default=None, callback=_settings, help=text
        )
    return click.option(flag, arg.name, metavar=_METAVARS[arg.kind], type=kind, required=arg.required, help=text)


def _settings(_ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> dict[str, Json] | None:
    try:
        found = read_settings(texts)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    return {**found} or None


def _tell(verb: Verb, results: list[dict[str, Json]]) -> None:
    """One line per id: what was done on stdout, what was refused on stderr."""
    if verb.on == {Target.ENGINE} and not results:
        click.echo(f"engine: {verb.done}")
    for result in results:
        name = one_line(str(result.get("id")))
        error = result.get("error")
        if isinstance(error, dict):
            click.echo(f"error: {name}: {one_line(str(Fault.from_json(error)))}", err=True)
            continue
        facts = [one_line(str(result[key])) for key in ("run_id", "priority", "runs", "summary") if key in result]
        click.echo(f"{name}: {' '.join([verb.done, *facts])}")
