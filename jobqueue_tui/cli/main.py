"""`jobqueue-tui`: which command is meant, and how each of its errors leaves as one line and an exit code."""

from __future__ import annotations

import sys
from typing import Final

import click

from engine.errors import EngineError
from jobqueue_tui.cli.exits import Exit, Failure, exit_of, forget_stdout
from jobqueue_tui.cli.lazy import Entry, LazyGroup
from jobqueue_tui.cli.open_file import command as open_file

COMMANDS: Final = {
    "ctl": Entry("jobqueue_tui.cli.ctl", "Talk to a running engine: list, trigger, pause, stop, …"),
    "check": Entry("jobqueue_tui.cli.check", "Show every problem of job files at once."),
    "next": Entry("jobqueue_tui.cli.next_times", "Show the coming times of a job file or a cron expression."),
    "show": Entry("jobqueue_tui.cli.show_job", "Show one job as it is in effect, with the origin of each value."),
    "simulate": Entry("jobqueue_tui.cli.simulate", "Show what would happen with a job file, without running anything."),
    "history": Entry("jobqueue_tui.cli.history", "List past runs, without an engine."),
    "logs": Entry("jobqueue_tui.cli.logs", "Show the log of a run, without an engine."),
    "doctor": Entry("jobqueue_tui.cli.doctor", "Show what this machine offers, and what is done in each case."),
    "version": Entry("jobqueue_tui.cli.version", "Print the version."),
}

_OPEN: Final = "open"


class Program(LazyGroup):
    """The whole program. What is no command is the job file: `./ctl` or `-- ctl` reach one that is called like a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the unnamed command in front where it is meant."""
        if not args or (args[0] not in self.entries and args[0] not in ctx.help_option_names):
            args = [_OPEN, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Also the unnamed command, whose name no user can write: it would be taken for a job file."""
        return open_file if cmd_name == _OPEN else super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Likewise."""
        return (_OPEN, open_file, args[1:]) if args[0] == _OPEN else super().resolve_command(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Both ways of calling it."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] [FILE]")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]…")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the unnamed command stand for the program's own."""
        inner = click.Context(open_file, info_name=_OPEN, parent=ctx)
        click.Command.format_options(open_file, inner, formatter)
        self.format_commands(ctx, formatter)


PROGRAM: Final = Program(
    "jobqueue-tui",
    COMMANDS,
    "Run the jobs of FILE: with a console on a terminal, with --no-ui without. Without FILE: jobs.yaml or "
    "jobqueue.yaml in this folder, else a sample tour.",
)


def run(argv: list[str]) -> int:
    """Run the program with these arguments; return its exit code. Nothing is raised unless `--debug` is the first one."""
    if argv[:1] == ["--debug"]:
        return _run(argv[1:])
    try:
        return _run(argv)
    except Failure as failure:
        return _said(failure.message, failure.code)
    except click.UsageError as misuse:
        where = misuse.ctx.command_path.replace(f" {_OPEN}", "") if misuse.ctx else PROGRAM.name
        return _said(f"{misuse.format_message().rstrip('.')}; see `{where} --help`", Exit.USAGE)
    except click.ClickException as failure:
        return _said(failure.format_message(), Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except EngineError as error:
        return _said(str(error), exit_of(error))
    except BrokenPipeError:
        forget_stdout()
        return Exit.PIPE_CLOSED
    except OSError as fault:
        what = f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault)
        return _said(what, Exit.FAILED)
    except Exception as fault:  # noqa: BLE001 - the last line of defence: a traceback is for --debug only
        return _said(
            f"internal fault: {type(fault).__name__}: {fault}; `{PROGRAM.name} --debug …` shows where", Exit.FAILED
        )


def _run(argv: list[str]) -> int:
    try:
        # not `PROGRAM.main`: it turns a closed pipe into exit code 1, whatever it is told
        with PROGRAM.make_context(PROGRAM.name, list(argv)) as context:
            result = PROGRAM.invoke(context)
    except click.exceptions.Exit as end:
        result = end.exit_code
    sys.stdout.flush()
    return result if isinstance(result, int) else Exit.OK


def _said(message: str, code: Exit) -> int:
    if message:
        from jobqueue_tui.cli.show.cells import one_line

        sys.stdout.flush()
        click.echo(f"error: {one_line(message)}", err=True)
    return code
