"""The one table of keys: bindings, footer, help and user key maps are read from it, so that they cannot disagree.

Rules (40-console): movement never acts; a plain lower-case letter is harmless or reversible; what ends work opens a
dialog with Cancel focused; Shift+letter sorts; a verb on a job has the same letter everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from textual.binding import ActiveBinding, Binding

from engine.values import lean


class Where(StrEnum):
    """Where an action is at home; also the heading of its group in the help."""

    EVERYWHERE = "Everywhere"
    PANES = "Panes"
    JOBS = "On a job"
    TABLE = "Job table"
    FILTER = "Filter"
    TREE = "Tree"
    RUNS = "Run list"
    PLOTS = "Plots"
    INBOX = "Inbox"
    HEAT = "Failures"
    TIMELINE = "Timeline"
    SYSTEM = "System"
    LOG = "Log"
    MOVE = "Moving"


@lean(frozen=True, slots=True)
class Action:
    """A thing that a key does. `call` is the action method (with arguments) of the widget or screen that it is bound to.

    `short` is the footer's word (empty: not in the footer); `verb` the engine's verb that it gives, if it gives one:
    those are taken away from a read-only console. `keys` are Textual's names, the first is the one that is shown; an
    action without keys is in the menu and the palette, and a user's key map can give it one. `letter`: in the menu of a job.
    """

    id: str
    keys: tuple[str, ...]
    where: Where
    text: str
    call: str
    short: str = ""
    verb: str = ""
    letter: str = ""


ACTIONS: Final = (
    Action("jobs.pause", ("p",), Where.JOBS, "pause or resume its run, or hold the job", "pause", "pause", "pause", "p"),
    Action("jobs.suspend", ("s",), Where.JOBS, "suspend or resume its schedule", "suspend", "suspend", "suspend", "s"),
    Action("jobs.stop", ("x", "f9"), Where.JOBS, "stop menu: stop, kill, signal, stop the job", "stop", "stop", "stop", "x"),
    Action("jobs.trigger", ("t",), Where.JOBS, "run it now; the schedule is untouched", "trigger", "trigger", "trigger", "t"),
    Action("jobs.rerun", ("r",), Where.JOBS, "its last run once more; asks", "rerun", "rerun", "rerun", "r"),
    Action("jobs.menu", ("a",), Where.JOBS, "all that can be done with it", "menu", "all", "menu"),
    Action("jobs.raise", ("plus", "equals_sign"), Where.JOBS, "priority up by one", "bump(1)", "pri", "bump", "+"),
    Action("jobs.lower", ("minus",), Where.JOBS, "priority down by one", "bump(-1)", "", "bump", "-"),
    Action("jobs.skip", (), Where.JOBS, "skip the next occurrence of its schedule", "skip", "", "skip_next", "n"),
    Action("jobs.postpone", (), Where.JOBS, "postpone the next occurrence of its schedule", "postpone", "", "postpone", "P"),
    Action("jobs.hold", (), Where.JOBS, "hold it, for a reason or a while", "hold", "", "hold", "h"),
    Action("jobs.release", (), Where.JOBS, "release a hold", "release", "", "release", "o"),
    Action("jobs.timeout", (), Where.JOBS, "set how long an attempt may run", "set_timeout", "", "set_timeout", "T"),
    Action("jobs.backfill", (), Where.JOBS, "run the occurrences of a span", "backfill", "", "backfill", "B"),
    Action("jobs.acknowledge", (), Where.JOBS, "acknowledge its bad ends", "acknowledge", "", "ack", "A"),
    Action("jobs.enable", (), Where.JOBS, "disable or enable it", "enable", "", "enable", "E"),
    Action("jobs.undo", ("backspace",), Where.JOBS, "undo the last of these that can be undone", "undo", "", "undo"),
    Action("jobs.log", ("l",), Where.JOBS, "log of its last run; of several marked jobs in one", "log", "log"),
    Action("jobs.why", ("d",), Where.JOBS, "why it is not running, and what helps", "why", "why"),
    Action("jobs.effective", ("y",), Where.JOBS, "the job as it is in effect, as a job file", "effective"),
    Action("jobs.edit", ("e",), Where.JOBS, "edit the job file at this job, then reload it", "edit", "", "reload"),
    Action("jobs.details", ("enter",), Where.JOBS, "details: facts, why it is not running, last runs", "details", "info"),
    Action("table.filter", ("slash",), Where.FILTER, "filter: regex, !x, -f fuzzy, tag:T, status:S", "filter", "filter"),
    *(
        Action(f"sort.{name.replace(' ', '-')}", (letter,), Where.TABLE, f"sort by {name}; again turns it round", f"sort('{letter}')")
        for letter, name in (
            ("N", "name"), ("S", "status"), ("A", "age of the last run"), ("D", "duration"), ("C", "CPU"),
            ("M", "memory"), ("P", "priority"), ("X", "next run"), ("O", "outcome"),
        )
    ),
    Action("table.mark", ("space",), Where.TABLE, "mark; every verb then acts on the marked that are shown", "mark", "mark"),
    Action("table.mark-range", ("ctrl+@",), Where.TABLE, "mark from the last mark to here", "mark_range"),
    Action("table.unmark", ("U",), Where.TABLE, "no marks", "unmark"),
    Action("table.problems", ("exclamation_mark",), Where.TABLE, "problems only: failed, missed, slow", "problems", "problems"),
    Action("table.group", ("b",), Where.TABLE, "group by tag, by pool, by status, not at all", "group"),
    Action("table.wide", ("w",), Where.TABLE, "words in place of the curves", "wide"),
    Action("table.follow", ("F",), Where.TABLE, "whether the cursor follows its job when the order changes", "follow"),
    Action("table.columns", (), Where.TABLE, "choose the columns", "columns"),
    Action("tree.fold", ("enter",), Where.TREE, "fold or unfold", "fold", "fold"),
    Action("tree.close", ("left",), Where.TREE, "fold, or go to what it hangs on", "fold_in"),
    Action("tree.open", ("right",), Where.TREE, "unfold, or go to the first below", "fold_out"),
    Action("tree.all", ("asterisk",), Where.TREE, "unfold all, or fold all", "fold_all", "all"),
    Action("tree.only", ("o",), Where.TREE, "only what follows it, only what it needs, or all again", "only", "only"),
    Action("runs.open", ("enter", "l"), Where.RUNS, "log of this run", "open_run", "log"),
    Action("inbox.acknowledge", ("A",), Where.INBOX, "acknowledge, with a reason", "acknowledge", "ack", "ack"),
    Action("heat.open", ("enter",), Where.HEAT, "details of the job", "details", "info"),
    Action("plots.out", ("less_than_sign",), Where.PLOTS, "CPU and memory of the last hours", "plots(True)"),
    Action("plots.in", ("greater_than_sign",), Where.PLOTS, "CPU and memory of the last minutes", "plots(False)"),
    Action("timeline.earlier", ("left",), Where.TIMELINE, "time cursor back", "time(-1)"),
    Action("timeline.later", ("right",), Where.TIMELINE, "time cursor on", "time(1)"),
    Action("timeline.page-earlier", ("shift+left",), Where.TIMELINE, "half a width back", "time_page(-1)"),
    Action("timeline.page-later", ("shift+right",), Where.TIMELINE, "half a width on", "time_page(1)"),
    Action("timeline.out", ("less_than_sign",), Where.TIMELINE, "a longer span", "time_zoom(1)", "zoom"),
    Action("timeline.in", ("greater_than_sign",), Where.TIMELINE, "a shorter span", "time_zoom(-1)"),
    Action("timeline.now", ("full_stop",), Where.TIMELINE, "follow the clock again", "time_now", "now"),
    Action("system.open", ("enter", "l"), Where.SYSTEM, "log of the run that it is about", "open_entry", "log"),
    Action("runs.rerun", ("r",), Where.RUNS, "this run once more; asks", "rerun", "rerun", "rerun"),
    Action("runs.stop", ("x", "f9"), Where.RUNS, "stop menu of this run: stop, kill, signal", "stop", "stop", "stop"),
    Action("runs.compare", ("d",), Where.RUNS, "its record, beside the marked run or the one before", "compare", "compare"),
    Action("runs.mark", ("space",), Where.RUNS, "mark it, for comparing or acknowledging", "mark"),
    Action("runs.unmark", ("U",), Where.RUNS, "no marks", "unmark"),
    Action("log.follow", ("F",), Where.LOG, "follow the end", "follow", "follow"),
    Action("log.search", ("slash",), Where.LOG, "search; all lines stay", "search", "search"),
    Action("log.next", ("n",), Where.LOG, "next match", "match(1)", "next"),
    Action("log.previous", ("N",), Where.LOG, "previous match", "match(-1)", "previous"),
    Action("log.hide", ("ampersand",), Where.LOG, "filter: hide lines that do not hold a text or a pattern", "hide", "filter"),
    Action("log.errors", ("E",), Where.LOG, "only lines that speak of errors, or all again", "errors", "errors"),
    Action("log.since", ("i",), Where.LOG, "since: tail, head, the last minutes", "since", "since"),
    Action("log.merge", ("a",), Where.LOG, "with the logs of the marked jobs, by time; again: it alone", "merge", "merge"),
    Action("log.wrap", ("w",), Where.LOG, "wrap long lines", "wrap", "wrap"),
    Action("log.times", ("T",), Where.LOG, "when each line was printed", "times", "times"),
    Action("log.json", ("v",), Where.LOG, "lines of JSON as fields", "json"),
    Action("log.mark", ("m",), Where.LOG, "mark a line, from which is copied", "mark"),
    Action("go.jobs", ("1",), Where.EVERYWHERE, "jobs", "go('jobs')"),
    Action("go.job", ("2",), Where.EVERYWHERE, "details of the job", "go('job')"),
    Action("go.log", ("3",), Where.EVERYWHERE, "log of the job", "go('log')"),
    Action("go.tree", ("4",), Where.EVERYWHERE, "dependency tree", "go('tree')", "tree"),
    Action("go.timeline", ("5",), Where.EVERYWHERE, "timeline: planned and actual", "go('timeline')"),
    Action("go.records", ("6",), Where.EVERYWHERE, "queue, history, inbox, failures", "go('records')"),
    Action("go.system", ("7",), Where.EVERYWHERE, "system: executors, pools, store, audit, events", "go('system')"),
    Action("all.previous", ("left_square_bracket",), Where.EVERYWHERE, "the item before: list, job, run", "screen.item(-1)"),
    Action("all.next", ("right_square_bracket",), Where.EVERYWHERE, "the next item", "screen.item(1)", "next"),
    Action("all.pane", ("tab",), Where.PANES, "to the next part of the screen; the keys that move are its own", "pane(1)"),
    Action("all.pane-before", ("shift+tab",), Where.PANES, "to the part before", "pane(-1)"),
    Action("all.jump", ("f", "ctrl+o"), Where.PANES, "a letter on each place that can be gone to: press it", "jump"),
    Action("all.zoom", ("z",), Where.EVERYWHERE, "the part of the screen that has the keys alone, the other, both", "screen.zoom"),
    Action("all.freeze", ("u",), Where.EVERYWHERE, "freeze the view, and let it go on", "freeze"),
    Action("all.copy", ("c",), Where.EVERYWHERE, "copy the id under the cursor, or those that are marked; of a log its lines", "copy"),
    Action("all.save", ("ctrl+s",), Where.EVERYWHERE, "save the rows that are shown: CSV, JSON, text", "save"),
    Action("go.last", ("grave_accent",), Where.EVERYWHERE, "the screen before this one", "go('last')"),
    Action("all.commands", ("colon", "ctrl+p"), Where.EVERYWHERE, "command line: every action by its name", "commands"),
    Action("all.back", ("escape",), Where.EVERYWHERE, "clear the filter, then back", "back", "back"),
    Action("all.help", ("question_mark", "f1"), Where.EVERYWHERE, "the keys of this screen", "help", "help"),
    Action("all.reload", ("ctrl+r",), Where.EVERYWHERE, "reload the job file; shows first what is different", "reload", "", "reload"),
    Action("all.tour", (), Where.EVERYWHERE, "a short tour of the keys to know", "tour"),
    Action("all.leave", ("q",), Where.EVERYWHERE, "back; from the jobs it quits, which asks", "leave", "quit"),
    Action("all.quit", ("ctrl+q",), Where.EVERYWHERE, "quit; asks", "quit"),
    Action("move.down", ("j", "down"), Where.MOVE, "down", "move(1)"),
    Action("move.up", ("k", "up"), Where.MOVE, "up", "move(-1)"),
    Action("move.page-down", ("pagedown", "ctrl+f"), Where.MOVE, "page down", "page(1)"),
    Action("move.page-up", ("pageup", "ctrl+u"), Where.MOVE, "page up", "page(-1)"),
    Action("move.top", ("g", "home"), Where.MOVE, "to the top", "edge(-1)"),
    Action("move.bottom", ("G", "end"), Where.MOVE, "to the bottom", "edge(1)"),
)  # fmt: skip
"""All actions; the order is that of the footer and, within a group, of the help."""

BY_ID: Final = {action.id: action for action in ACTIONS}

GROUPS: Final = (
    Where.JOBS, Where.RUNS, Where.PLOTS, Where.INBOX, Where.HEAT, Where.FILTER, Where.TABLE, Where.TREE, Where.TIMELINE, Where.SYSTEM,
    Where.LOG, Where.EVERYWHERE, Where.PANES, Where.MOVE,
)  # fmt: skip
"""The order in which help and the page of keys show the groups."""

_SHOWN: Final = {
    "plus": "+", "equals_sign": "=", "minus": "-", "slash": "/", "question_mark": "?", "asterisk": "*", "escape": "Esc",
    "enter": "Enter", "backspace": "Backspace", "left": "←", "right": "→", "up": "↑", "down": "↓", "pageup": "PgUp",
    "pagedown": "PgDn", "home": "Home", "end": "End", "grave_accent": "`", "colon": ":", "space": "Space",
    "ctrl+@": "Ctrl-Space", "exclamation_mark": "!", "left_square_bracket": "[", "right_square_bracket": "]",
    "tab": "Tab", "shift+tab": "Shift-Tab", "shift+left": "Shift-←", "shift+right": "Shift-→", "less_than_sign": "<",
    "greater_than_sign": ">", "full_stop": ".", "ampersand": "&",
}  # fmt: skip


def bindings(*where: Where, without: Iterable[str] = ()) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Textual bindings of the actions that are at home there; `without`: ids that mean something else on this widget."""
    left_out = frozenset(without)
    return [
        Binding(",".join(action.keys) or f"{UNBOUND}{action.id}", action.call, action.text, id=action.id, show=False)
        for action in ACTIONS
        if action.where in where and action.id not in left_out
    ]


UNBOUND: Final = "none:"
"""Begins the name of a key that no keyboard has: a binding needs one, so that a user's key map can name its id."""


def shown(key: str) -> str:
    """A key as people write it: `+`, `Esc`, `Ctrl-f`, `F9`."""
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("ctrl+"):
        return "Ctrl-" + shown(key.removeprefix("ctrl+"))
    return key.upper() if len(key) in (2, 3) and key[0] == "f" and key[1:].isdigit() else key


def bound(active: Mapping[str, ActiveBinding]) -> dict[str, list[str]]:
    """Action id -> keys, of the bindings that are in force on a screen (a user's key map included)."""
    keys: dict[str, list[str]] = {}
    for key, binding in active.items():
        if binding.binding.id and not key.startswith(UNBOUND):
            keys.setdefault(binding.binding.id, []).append(key)
    return keys


def gives_verb(call: str) -> bool:
    """Whether an action method (its name, without arguments) gives a verb to the engine."""
    return call in _VERBS


_VERBS: Final = frozenset(action.call.partition("(")[0] for action in ACTIONS if action.verb)
