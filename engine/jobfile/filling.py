"""Filling a job's texts in: its environment, and the templates in command, shell, working_dir and stdin."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import partial
from os.path import normpath
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final, cast

from engine.jobfile import keys
from engine.jobfile.draft import EMPTY, Draft, Item, Key
from engine.jobfile.environment import EnvFiles
from engine.jobfile.fields import MAX_ARGUMENT
from engine.jobfile.hooks import Written
from engine.jobfile.inputs import PARAM_SECRET, SECRET_COMMAND, SECRET_ENV, SECRET_FILE, SECRET_TIMEOUT
from engine.jobfile.layers import Resolved
from engine.jobfile.nodes import Node, Seq
from engine.jobfile.reading import Report
from engine.jobfile.source import Source, SourceError
from engine.jobfile.variables import Variables
from engine.jobfile.watch import PATHS, WATCH_DEBOUNCE
from engine.spec.command import Argv, Command, Shell
from engine.spec.hooks import CommandHolds, Condition, FileExists, TextMatches, VariableMatches
from engine.spec.job import NOTHING
from engine.spec.secret import FromCommand, FromFile, FromVariable, Secret
from engine.spec.template import NEEDS_FORM, Lookup, TemplateError, at_load, escape, in_full
from engine.spec.watch import DEBOUNCE, Watch
from engine.values import lean

_ASKED: Final = re.compile(r"\$\{(needs\.[^{}]*)\}")


@lean(frozen=True, slots=True)
class Surroundings:
    """What a load has around it: the report, environment files, the engine's environment."""

    report: Report
    env_files: EnvFiles
    environ: Mapping[str, str]
    given: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Values for parameters of all jobs, as `--set` gives them."""

    def fill(
        self, read: Callable[[str, Lookup], str], written: str, lookup: Lookup, at: tuple[Source, Node, str]
    ) -> str:
        """The text filled in by `read`, which is `at_load` or `in_full`; a fault is reported `at` its place and path."""
        if "${" not in written:
            return written
        try:
            filled = read(written, lookup)
        except TemplateError as error:
            self.report.error(*at, error.message, error.remedy)
            return ""
        if len(filled) * 4 > MAX_ARGUMENT and len(filled.encode()) > MAX_ARGUMENT:
            self.report.error(*at, f"is longer than {MAX_ARGUMENT:,} bytes when filled in, more than Linux hands over")
        return filled

    def absolute(self, path: str, folder: str) -> str:
        """The path with `~` for HOME put in, below `folder` if it is relative; both are templates, as is the result."""
        if path == "~" or path.startswith("~/"):
            path = escape(self.environ.get("HOME", "/")) + path[1:]
        return str(PurePosixPath(folder, path))


class Filler:
    """Fills in the texts of one job. Faults go on report; what cannot be filled in comes back empty."""

    def __init__(self, around: Surroundings, job: Resolved) -> None:
        self._around = around
        self._draft = job.draft
        self._folder = job.written.source.folder
        self._path = job.written.path
        self._needs = frozenset(self._draft.get(keys.NEEDS, EMPTY).items)
        declared = self._draft.get(keys.PARAMS, EMPTY).items
        secret = {name for name, item in declared.items() if cast("Draft", item.value).get(PARAM_SECRET, False)}
        secret |= self._draft.get(keys.SECRETS, EMPTY).items.keys()
        self._given = frozenset(declared) | secret
        outside = Variables(
            {},
            (around.environ,),
            params=frozenset(declared),
            matrix=frozenset(self._draft.get(keys.MATRIX, EMPTY).items),
            secrets=frozenset(secret),
        )
        self._outside = outside
        self._files_read: list[str] = []
        self._from_files = self._read_env_files(outside)
        written = {name: str(item.value) for name, item in self._draft.get(keys.ENV, EMPTY).items.items()}
        self._variables = replace(outside, env=written, outer=(self._from_files, around.environ))

    def _fill(
        self, read: Callable[[str, Lookup], str], written: str, lookup: Lookup, at: tuple[Source, Node, str]
    ) -> str:
        """`Surroundings.fill`, after a look at the jobs whose outputs are asked for."""
        for found in _ASKED.finditer(written):
            asked = NEEDS_FORM.fullmatch(found[1])
            if asked is not None and asked[1] not in self._needs:
                self._around.report.error(*at, f"{found[0]}: {asked[1]} is not one of its `needs`", "add it to `needs`")
        return self._around.fill(read, written, lookup, at)

    def env(self) -> Mapping[str, str]:
        """The job's own variables: environment files, then `env`."""
        items = self._draft.get(keys.ENV, EMPTY).items
        if not items and not self._from_files:
            return NOTHING
        # What a run brings along goes before (10-job-file, Environment of a job).
        env = {name: escape(value) for name, value in self._from_files.items() if name not in self._given}
        for name, item in items.items():
            if name in self._given:
                continue
            # By its name, not by its text: a variable is filled in once, and may mean an outer one of the same name.
            fill = partial(_named, self._variables, name)
            env[name] = self._fill(fill, str(item.value), self._variables, self._at(item, f"env.{name}"))
        return MappingProxyType(env)

    def secrets(self) -> Mapping[str, Secret]:
        """Where the secrets of the job come from; paths are known in full, none of them is read."""
        draft = self._draft.find(keys.SECRETS)
        if draft is None or not draft.items:
            return MappingProxyType({})
        declared = self._draft.get(keys.PARAMS, EMPTY).items
        for name in sorted(draft.items.keys() & declared.keys()):
            self._around.report.error(
                *self._at(draft.items[name], f"secrets.{name}"),
                f"`{name}` is a parameter as well",
                "remove one of them, or write `secret: true` there",
            )
        return MappingProxyType({name: self._secret(name, item) for name, item in draft.items.items()})

    def _secret(self, name: str, item: Item) -> Secret:
        draft = cast("Draft", item.value)
        if (path := draft.find(SECRET_FILE)) is not None:
            one = draft.items[SECRET_FILE.name]
            filled = self._fill(in_full, path, self._outside, self._at(one, f"secrets.{name}.file"))
            return FromFile(self._around.absolute(filled, one.source.folder))
        if (variable := draft.find(SECRET_ENV)) is not None:
            return FromVariable(variable)
        command = self.arguments(draft.items[SECRET_COMMAND.name], f"secrets.{name}.command")
        assert isinstance(command, Shell | Argv)
        return FromCommand(command, draft.get(SECRET_TIMEOUT, FromCommand(command).timeout))

    def command(self) -> Command | None:
        """What the job runs; None if it does not say."""
        key = next((key for key in keys.COMMANDS if key.name in self._draft.items), None)
        if key is None:
            return None
        item = self._draft.items[key.name]
        command = self._draft.find(key)
        if not isinstance(command, Argv):
            return command
        args = [self._element(at_load, item, key, index, arg) for index, arg in enumerate(command.args)]
        return Argv(tuple(args))

    def failover(self) -> Command | None:
        """What runs when every attempt failed; None if nothing does."""
        item = self._draft.items.get(keys.FAILOVER.name)
        return None if item is None else self.arguments(item, keys.FAILOVER.name)

    def arguments(self, item: Item, step: str) -> Command:
        """The command of an item, the elements of a list filled in."""
        command = cast("Command", item.value)
        return self._filled(command, item.node, item.source, step)

    def conditions(self) -> tuple[Condition, ...]:
        """The preconditions, their texts and lists filled in."""
        item = self._draft.items.get(keys.IF.name)
        if item is None:
            return ()
        written = self._draft.get(keys.IF, ())
        return tuple(self._condition(one, item, f"if[{index}]") for index, one in enumerate(written))

    def _condition(self, written: Written, item: Item, step: str) -> Condition:
        at = (item.source, written.node, f"{self._path}.{step}")
        match written.condition:
            case CommandHolds(command=command):
                return CommandHolds(self._filled(command, written.node, item.source, step))
            case FileExists(path=path):
                return FileExists(self._fill(at_load, path, self._variables, at))
            case TextMatches(text=text, pattern=pattern):
                return TextMatches(self._fill(at_load, text, self._variables, at), pattern)
            case VariableMatches():
                return written.condition

    def _filled(self, command: Command, node: Node, source: Source, step: str) -> Command:
        if not isinstance(command, Argv):
            return command
        at = (source, node, f"{self._path}.{step}")
        return Argv(tuple(self._fill(at_load, arg, self._variables, at) for arg in command.args))

    def shell(self, default: tuple[str, ...]) -> tuple[str, ...]:
        """The shell with its options, known in full."""
        item = self._draft.items.get(keys.SHELL.name)
        if item is None:
            return default
        words = self._draft.get(keys.SHELL, default)
        return tuple(self._element(in_full, item, keys.SHELL, index, word) for index, word in enumerate(words))

    def working_dir(self) -> str:
        """The folder the job runs in, absolute; its file's own if it does not say."""
        item = self._draft.items.get(keys.WORKING_DIR.name)
        if item is None:
            return escape(self._folder)
        return self._around.absolute(self.text(keys.WORKING_DIR), escape(item.source.folder))

    def watch(self) -> Watch | None:
        """What the job watches: absolute, below `working_dir` (else the file's folder), filled in completely."""
        item = self._draft.items.get(keys.WATCH.name)
        if item is None:
            return None
        written = cast("Draft", item.value)
        paths = written.items[PATHS.name]
        folder = self._draft.items.get(keys.WORKING_DIR.name)
        base = escape(paths.source.folder)
        if folder is not None:
            base = self._around.absolute(self._draft.get(keys.WORKING_DIR, ""), escape(folder.source.folder))
        found: list[str] = []
        for index, path in enumerate(written.get(PATHS, ())):
            node = paths.node.items[index] if isinstance(paths.node, Seq) else paths.node
            whole = self._around.absolute(path, base)
            filled = self._fill(in_full, whole, self._variables, (paths.source, node, f"{self._path}.watch[{index}]"))
            found.append(normpath(filled))
        return Watch(tuple(found), written.get(WATCH_DEBOUNCE, DEBOUNCE))

    def text(self, key: Key[str]) -> str:
        """A plain field, "" if it is not set."""
        item = self._draft.items.get(key.name)
        if item is None:
            return ""
        return self._fill(at_load, self._draft.get(key, ""), self._variables, self._at(item, key.name))

    @property
    def env_files(self) -> tuple[str, ...]:
        """The environment files that could be read, in full."""
        return tuple(self._files_read)

    @property
    def from_env_files(self) -> frozenset[str]:
        """The variables of the job that environment files set."""
        own = self._draft.get(keys.ENV, EMPTY).items.keys() | self._given
        return frozenset(self._from_files) - own

    def _read_env_files(self, lookup: Variables) -> dict[str, str]:
        item = self._draft.items.get(keys.ENV_FILE.name)
        if item is None:
            return {}
        values: dict[str, str] = {}
        for index, name in enumerate(self._draft.get(keys.ENV_FILE, ())):
            node = item.node.items[index] if isinstance(item.node, Seq) else item.node
            at = (item.source, node, f"{self._path}.env_file")
            before = self._around.report.errors
            filled = self._fill(in_full, name, lookup, at)
            if self._around.report.errors > before:
                continue
            path = self._around.absolute(filled, item.source.folder)
            try:
                values.update(self._around.env_files.get(path))
                self._files_read.append(path)
            except SourceError as error:
                self._around.report.error(*at, f"the environment file {path} {error.message}", error.remedy)
        return values

    def _element(
        self, read: Callable[[str, Lookup], str], item: Item, key: Key[object], index: int, written: str
    ) -> str:
        if "${" not in written:
            return written
        node, step = (item.node.items[index], f"[{index}]") if isinstance(item.node, Seq) else (item.node, "")
        return self._fill(read, written, self._variables, (item.source, node, f"{self._path}.{key.name}{step}"))

    def _at(self, item: Item, step: str) -> tuple[Source, Node, str]:
        return item.source, item.node, f"{self._path}.{step}"


def _named(variables: Variables, name: str, _written: str, _lookup: Lookup) -> str:
    return variables(name) or ""
