"""Path -> `Loaded`: the root file, what it includes, and everything that is wrong with them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from engine.jobfile import keys
from engine.jobfile.build import build_engine, build_job, build_pools
from engine.jobfile.calendars import WrittenBlackout
from engine.jobfile.crosscheck import check_needs, check_pools, check_was, warn_of_crowds
from engine.jobfile.days import build_blackouts, build_calendars, check_calendars
from engine.jobfile.diagnostics import Diagnostic, Severity, as_json, is_ok, render
from engine.jobfile.draft import EMPTY, Draft, Item
from engine.jobfile.environment import EnvFiles
from engine.jobfile.filling import Surroundings
from engine.jobfile.layers import Resolved, Resolver, Written, merge_layers
from engine.jobfile.nodes import START, Map, Node, Place, Scalar, integer, text_shown
from engine.jobfile.reading import BAD, Reading, Report
from engine.jobfile.source import Opener, Source, SourceError, decode, glob_below
from engine.jobfile.tables import read_map
from engine.jobfile.tellers import build_notifiers, check_notifiers
from engine.jobfile.tree import TreeError, TreeReader
from engine.schedule import zone
from engine.spec.config import JobFile
from engine.spec.job import JOB_ID_PATTERN, NOTHING
from engine.spec.watch import has_magic, literal
from engine.values import lean

FORMAT_VERSION: Final = 1

_JOB_ID: Final = re.compile(r"\.?" + JOB_ID_PATTERN)
_TOP_KEY: Final = re.compile(
    r"""^\ufeff?[ \t{]*["']?([A-Za-z][A-Za-z_-]{1,20})["']?[ \t]*:(?=[\s{\[]|$)""", re.MULTILINE
)
_TOP_KEYS_TRIED: Final = 200


@lean(frozen=True, slots=True)
class Loaded:
    """The outcome of a load: the job file, None if there is an error, and every finding, by place."""

    file: JobFile | None
    diagnostics: tuple[Diagnostic, ...]
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """The lines of the files that have findings, by the name messages call them; for the excerpts."""
    resolved: Mapping[str, Resolved] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """The jobs with their layers, by id; for `show`."""

    @property
    def ok(self) -> bool:
        """Is there no error (warnings are fine)."""
        return is_ok(self.diagnostics)

    def text(self) -> str:
        """The findings for people: each with the line of the file and a caret. Safe to print."""
        return render(self.diagnostics, self.lines)

    def json(self) -> str:
        """The findings for programs: `{"ok": …, "diagnostics": […]}`."""
        return as_json(self.diagnostics)


def load(path: Path, environ: Mapping[str, str], *, strict: bool = False, given: Mapping[str, str] = NOTHING) -> Loaded:
    """Read a job file with its includes and check all of it. Bad content never raises, it becomes diagnostics.

    `environ` is the engine's environment, for `${NAME}` and `~`. `strict` warns of other spellings. `given` are values for
    parameters, for every job that has one of that name. Nothing is
    executed; environment files that jobs name are read, secrets are not.
    """
    load_ = _Load(path, environ, strict, given)
    file = load_.run()
    found = load_.report.sorted()
    named = {one.file for one in found}
    lines = {name: load_.report.lines(source) for name, source in load_.sources.items() if name in named}
    return Loaded(
        None if load_.report.errors else file, found, MappingProxyType(lines), MappingProxyType(load_.resolved)
    )


class _Load:
    """One load: what was found in the files so far."""

    def __init__(self, path: Path, environ: Mapping[str, str], strict: bool, given: Mapping[str, str]) -> None:
        self.report = Report()
        self.sources: dict[str, Source] = {}
        self._path = path
        self._strict = strict
        self._opener = Opener()
        self._around = Surroundings(self.report, EnvFiles(self._opener), environ, given)
        self._reading = Source(str(path), "", "")
        self._below = Path(os.path.realpath(path.parent))
        self._visited: set[str] = set()
        self._patterns: list[str] = []
        self._jobs: dict[str, Written] = {}
        self._pools: dict[str, Item] = {}
        self._calendars: dict[str, Item] = {}
        self._notifiers: dict[str, Item] = {}
        self._blackouts: list[WrittenBlackout] = []
        self._engine: Item | None = None
        self.resolved: dict[str, Resolved] = {}

    def run(self) -> JobFile | None:
        """The job file; what is wrong with it is on report."""
        # not kept here: it refers to us, and what was read would live until the collector of garbage came by
        self._read_file(TreeReader(self._tell), self._path, EMPTY, root=True)
        if not self._visited:
            return None
        templates = {name: job for name, job in self._jobs.items() if name.startswith(".")}
        resolver = Resolver(templates, self.report)
        jobs = self.resolved = {
            name: resolver.resolve(job) for name, job in self._jobs.items() if name not in templates
        }
        engine_draft = self._engine.value if self._engine and isinstance(self._engine.value, Draft) else EMPTY
        folder = self._engine.source.folder if self._engine else self._reading.folder
        engine = build_engine(self._around, engine_draft, folder)
        calendars = build_calendars(self._around, self._calendars)
        check_calendars(self.report, jobs.values(), calendars)
        notifiers = build_notifiers(self._around, self._notifiers)
        check_notifiers(self.report, jobs.values(), engine_draft, self._notifiers)
        blackouts = build_blackouts(
            self.report, self._blackouts, None if engine.timezone is None else zone(engine.timezone)
        )
        built = [build_job(self._around, job, engine.timezone, calendars) for job in jobs.values()]
        pool_drafts = Draft(self._pools)
        pools = build_pools(pool_drafts)
        check_needs(self.report, jobs, templates)
        check_was(self.report, jobs)
        check_pools(self.report, jobs.values(), pool_drafts, pools)
        if self.report.errors:
            return None
        specs = tuple(spec for spec in built if spec is not None)
        warn_of_crowds(self.report, specs, jobs, pools)
        return JobFile(
            path=os.path.abspath(self._path),  # noqa: PTH100 - symlinks stay
            read_from=(*map(literal, self._opener.opened), *self._patterns),
            engine=engine,
            pools=pools,
            jobs=specs,
            notifiers=notifiers,
            calendars=calendars,
            blackouts=blackouts,
        )

    def _read_file(self, trees: TreeReader, path: Path, defaults: Draft, *, root: bool = False) -> None:
        name = str(path)
        self.report.begin(name)
        try:
            text = decode(self._opener.read(path, below=None if root else self._below))
        except SourceError as error:
            self._add(name, error.place, error.message, error.remedy)
            return
        self._visited.add(os.path.realpath(path))
        source = self._reading = Source(name, os.path.dirname(os.path.abspath(path)), text)  # noqa: PTH100, PTH120 - symlinks stay
        if not _looks_like_jobs(text, self.report):
            if root or not _is_empty(text):
                self._refuse_stranger(source)
            return
        self.sources[name] = source
        try:
            node = trees.read(text)
        except TreeError as error:
            self._add(name, error.place, error.message, error.suggestion)
            return
        r = Reading(source, self.report, self._strict)
        if node is not None and self._is_of_this_version(r, node):
            self._take_file(trees, r, node, defaults, root=root)

    def _take_file(self, trees: TreeReader, r: Reading, node: Node, outer_defaults: Draft, *, root: bool) -> None:
        if not isinstance(node, Map):
            r.problem(node, "a job file is a map with the key `jobs`", "write jobs: {hello: {command: echo hi}}")
            return
        draft = read_map(r, node, keys.FILE)
        if draft is BAD:
            return
        if root and not {"jobs", "include"} & (draft.items.keys() | draft.refused):
            r.problem(node, "defines no `jobs`", "write jobs: {hello: {command: echo hi}}")
        if (engine := draft.items.get(keys.ENGINE_KEY.name)) is not None:
            self._take_engine(r, engine)
        for name, item in draft.get(keys.POOLS_KEY, EMPTY).items.items():
            if not self._is_double(r, f"pools.{name}", item.key, self._pools.get(name)):
                self._pools[name] = item
        for name, item in draft.get(keys.NOTIFIERS, EMPTY).items.items():
            if not self._is_double(r, f"notifiers.{name}", item.key, self._notifiers.get(name)):
                self._notifiers[name] = item
        for name, item in draft.get(keys.CALENDARS, EMPTY).items.items():
            if not self._is_double(r, f"calendars.{name}", item.key, self._calendars.get(name)):
                self._calendars[name] = item
        self._blackouts += draft.get(keys.BLACKOUTS, ())
        defaults = merge_layers(outer_defaults, draft.get(keys.DEFAULTS, EMPTY))
        self._refuse_in_defaults(r, draft)
        jobs = draft.find(keys.JOBS)
        if isinstance(jobs, Map):
            r.trail.append("jobs")
            for key, value in jobs.pairs:
                self._take_job(r, key, value, defaults)
            r.trail.pop()
        include = draft.items.get(keys.INCLUDE.name)
        if include is not None:
            self._include(trees, r, include, draft.get(keys.INCLUDE, ()), defaults)

    def _take_engine(self, r: Reading, engine: Item) -> None:
        if not self._is_double(r, "engine", engine.key, self._engine):
            self._engine = engine

    def _refuse_in_defaults(self, r: Reading, draft: Draft) -> None:
        for key in (keys.EXTENDS, keys.ID, keys.WAS):
            item = draft.get(keys.DEFAULTS, EMPTY).items.get(key.name)
            if item is not None:
                path = f"defaults.{key.name}"
                self.report.error(r.source, item.key, path, f"`{key.name}` belongs to one job", "move it there")

    def _take_job(self, r: Reading, key: Scalar, value: Node, defaults: Draft) -> None:
        name = key.text
        r.trail.append(name)
        if not _JOB_ID.fullmatch(name):
            r.problem(
                key,
                f"{text_shown(name)} is not a job id",
                "use at most 64 letters, digits, _ . - beginning with a letter or digit",
            )
        draft = read_map(r, value, keys.JOB)
        if draft is BAD:
            draft = Draft(refused=frozenset({keys.COMMAND.name}))
        own_id = draft.items.get(keys.ID.name)
        if own_id is not None and own_id.value != name:
            r.trail.append(own_id.key.text)
            r.problem(
                own_id.node,
                f"the id is {text_shown(str(own_id.value))} here and {text_shown(name)} as key",
                "make them one",
            )
            r.trail.pop()
        r.trail.pop()
        known = self._jobs.get(name)
        if known is not None and self._is_double(r, f"jobs.{name}", key, known):
            return
        self._jobs[name] = Written(name, key, value, r.source, draft, defaults)

    def _is_double(self, r: Reading, path: str, key: Scalar, known: Item | Written | None) -> bool:
        """Is it defined in another file already; that is on report then, with both places."""
        if known is None:
            return False
        place = f"{known.source.name}:{known.key.line}:{known.key.column}"
        self.report.error(r.source, key, path, f"is defined at {place} as well", "remove one of them")
        return True

    def _include(self, trees: TreeReader, r: Reading, item: Item, patterns: tuple[str, ...], defaults: Draft) -> None:
        folder = Path(r.source.name).parent
        for index, pattern in enumerate(patterns):
            node = item.node.items[index] if not isinstance(item.node, Scalar | Map) else item.node
            path = f"include[{index}]"
            try:
                found = list(glob_below(folder, pattern))
            except SourceError as error:
                self.report.error(r.source, node, path, error.message, error.remedy)
                continue
            if has_magic(pattern):
                self._patterns.append(f"{literal(r.source.folder)}/{pattern}")
            elif not found:
                self.report.error(
                    r.source, node, path, f"there is no file {text_shown(pattern)}", "remove it, or create the file"
                )
            for file in found:
                if os.path.realpath(file) not in self._visited:
                    self._read_file(trees, file, defaults)

    def _is_of_this_version(self, r: Reading, node: Node) -> bool:
        for key, value in node.pairs if isinstance(node, Map) else ():
            version = integer(value) if key.text == "version" and isinstance(value, Scalar) else None
            if version is not None and version > FORMAT_VERSION:
                r.trail.append("version")
                r.problem(
                    value,
                    f"is {version}; this program reads job files up to version {FORMAT_VERSION}",
                    "upgrade the program",
                )
                r.trail.pop()
                return False
        return True

    def _refuse_stranger(self, source: Source) -> None:
        """A file that is no job file: nothing of its content may appear in a message, it could be anyone's secrets."""
        what = "is empty" if _is_empty(source.text) else "is not a job file: it has none of its keys at the top"
        self._add(source.name, START, what, "the shortest one is jobs: {hello: {command: echo hi}}")

    def _tell(self, place: Place, path: str, message: str, suggestion: str) -> None:
        self.report.add(Diagnostic(self._reading.name, *place, Severity.ERROR, path, message, suggestion))

    def _add(self, file: str, place: Place, message: str, suggestion: str) -> None:
        self.report.add(Diagnostic(file, *place, Severity.ERROR, "", message, suggestion))


def _looks_like_jobs(text: str, report: Report) -> bool:
    """Does a line begin with a key of a job file, or with a word close to one."""
    words = keys.FILE.words
    for count, found in enumerate(_TOP_KEY.finditer(text)):
        if found[1] in words or (
            count < _TOP_KEYS_TRIED and report.guesser.nearest(found[1], words, keys.FILE.noun) is not None
        ):
            return True
    return False


def _is_empty(text: str) -> bool:
    """Is there nothing in it but blanks and comments."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())
