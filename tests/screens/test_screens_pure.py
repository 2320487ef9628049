"""The parts of the console that are pure: words, filter costs, columns, outline, themes."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual.color import Color

from engine.clock import SECOND
from engine.model.environment import Environment
from engine.model.states import JobStatus, RunPhase
from engine.model.undo import Undo
from jobqueue_tui.console import themes, words
from jobqueue_tui.console.columns import NAME, TABLE, Cell, fit
from jobqueue_tui.console.filtering import FilterError, JobFacet, parse
from jobqueue_tui.console.outline import LONE, Facing, Graph, Outline
from jobqueue_tui.console.painting import fitted, row_strip
from jobqueue_tui.console.palette import DEFAULTS, Palette
from jobqueue_tui.console.signs import OF_OUTCOME, OF_PHASE, OF_STATUS, Role, sign_of
from jobqueue_tui.console.surroundings import environment_line
from jobqueue_tui.console.undoing import said
from jobqueue_tui.console.wrapping import wrapped_cells
from tests.screens.fake_engine import FakeEngine

# ---- the environment in a line


@pytest.mark.parametrize(
    ("room", "text"),
    [
        (None, "A, B   env_file /x.env   inherit all   secrets KEY"),
        (50, "A, B   env_file /x.env   inherit all   secrets KEY"),
        (49, "A, B   env_file /x.env   inherit all … y shows it"),
        (48, "A, B   env_file /x.env … y shows it"),
        (22, "A, B … y shows it"),
        (12, " … y shows it"),
    ],
)
def test_the_environment_is_cut_between_names(room: int | None, text: str) -> None:
    """A name that is half there is another one."""
    made_of = Environment(inherit=("*",), env_files=("/x.env",), env=("A", "B"), secrets=("KEY",))
    assert "".join(said for said, _ in environment_line(made_of, room)) == text
    assert environment_line(Environment(), room) == ()


# ---- words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0ms"), (0, "0ms"), (0.34, "340ms"), (0.9996, "1.0s"), (12.34, "12.3s"), (59.96, "1m00s"), (245, "4m05s"),
        (3599.6, "1h00m"), (7620, "2h07m"), (86399, "23h59m"), (86400, "1d00h"), (1e7, "115d"), (3.6e7, "416d"),
    ],
)  # fmt: skip
def test_spans(seconds: float, text: str) -> None:
    """At most six cells, whatever the length."""
    assert words.span(seconds) == text
    assert len(text) <= 6


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (-5, "now"),
        (0, "now"),
        (0.4, "1s"),
        (59, "59s"),
        (60, "1m00s"),
        (3599, "59m59s"),
        (3600, "1h00m"),
        (8e5, "9d06h"),
    ],
)
def test_countdowns_are_rounded_up(left: float, text: str) -> None:
    """A job is `now` only when it is due."""
    assert words.countdown(int(left * SECOND), 0) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0K"), (1024, "1.0K"), (10 << 10, "10K"), (999 << 10, "999K"), (1023 << 10, "1.0M"),
     (34 << 20, "34M"), (3 << 29, "1.5G"), (5 << 40, "5.0T"), (5 << 50, "5P")],
)  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    """At most five cells."""
    assert words.size(count) == text


def test_ages_and_percentages_keep_their_width() -> None:
    """Four cells for an age, five for a percentage."""
    for exponent in range(36):
        assert len(words.coarse(2.0**exponent)) <= 4
    assert [words.percent(value) for value in (0, 9.94, 9.96, 12345.6)] == ["0.0", "9.9", "10", "12346"]
    assert words.ago(None, 5) == words.countdown(None, 5) == ""


def test_sparklines_show_the_newest_at_the_right() -> None:
    """Exactly as wide as asked, the peak of each bucket, blank where there is no sample."""
    assert words.sparkline([], 4, 5, cpu=True) == "    "
    assert words.sparkline([0.0] * 10, 4, 5, cpu=True) == "  ▁▁"
    assert words.sparkline([1, 2, 4, 8], 4, 1, cpu=False) == "▂▃▅█"
    assert words.sparkline([100.0] * 5 + [0.0] * 5, 2, 5, cpu=True) == "█▁"
    assert words.sparkline(list(range(1000)), 8, 5, cpu=False)[-1] == "█"
    assert words.sparkline([3.0], 3, 5, cpu=True) == "  ▃"
    assert words.sparkline([5.0, -80.0], 2, 1, cpu=True) == "▅▁"  # an executor of somebody else's


def test_the_scale_of_cpu_is_round_and_seldom_jumps() -> None:
    """3 % is not drawn as a full load."""
    assert [words.top_of_scale(peak) for peak in (0, 3, 11, 99, 101, 9999)] == [10, 10, 25, 100, 200, 9999]


@pytest.mark.parametrize("text", ["short", "exactly ten", "工作工作工作工作", "é́́", ""])
@pytest.mark.parametrize("width", [0, 1, 5, 11, 30])
def test_text_is_fitted_to_cells_exactly(text: str, width: int) -> None:
    """Wide characters count twice."""
    assert cell_len(fitted(text, width)) == width
    assert cell_len(fitted(text, width, right=True)) == width


@pytest.mark.parametrize(
    ("undo", "text"),
    [
        (Undo("skip_next", "cron", {"undo": True}), "run the skipped occurrence of cron after all"),
        (Undo("skip_next", "cron"), "skip that occurrence of cron again"),
        (Undo("priority", "etl", {"priority": 50}), "priority 50 for etl"),
        (Undo("postpone", "etl", {"by": 0.0}), "the next occurrence of etl at its own time"),
        (Undo("postpone", "etl", {"by": 600.0}), "the next occurrence of etl 10m later"),
        (Undo("set_timeout", "etl", {"timeout": 0.0}), "no timeout for etl"),
        (Undo("set_timeout", "etl", {"timeout": 90.0}), "timeout 1m30s for etl"),
        (Undo("unsuspend", "etl"), "unsuspend etl"),
        (Undo("release", ""), "release all jobs"),
    ],
)
def test_what_backspace_does_reads_well(undo: Undo, text: str) -> None:
    """After `Backspace undoes it:` and after `undone:`."""
    assert said(undo) == text


@pytest.mark.parametrize(
    ("cells", "lines"),
    [
        ((("short", Role.TEXT),), ["short"]),
        ((("", Role.TEXT),), [""]),
        (
            (("● waiting", Role.TEXT), ("  held by `jobqueue-tui` since noon", Role.STRONG)),
            ["● waiting  held by", "`jobqueue-tui` since", "noon"],
        ),
        ((("x" * 45, Role.TEXT),), ["x" * 20, "x" * 20, "x" * 5]),
        ((("长" * 12, Role.TEXT),), ["长" * 10, "长" * 2]),
    ],
)
def test_cells_that_have_no_room_go_on_below(cells: tuple[Cell, ...], lines: list[str]) -> None:
    """Between words, and each piece keeps its look."""
    found = wrapped_cells(cells, 20)
    assert ["".join(text for text, _ in line).rstrip() for line in found] == lines
    assert {role for line in found for _, role in line} <= {role for _, role in cells}


def test_a_row_has_each_cell_in_its_place_and_in_its_colour() -> None:
    """What looks alike is one piece, blank cells among it; every cell that has text has the style of its role."""
    styles = {
        role: Style(color=Color.parse("#102030").rich_color, italic=bool(number % 2))
        for number, role in enumerate(Role)
    }
    layout = fit(TABLE, 160)
    cells = [("" if number % 3 == 0 else f"<{number}>", list(Role)[number]) for number in range(len(layout))]
    strip = row_strip(cells, layout, styles, "▌", 163)
    expected = "▌" + " ".join(
        fitted(text, placed.width, right=placed.column.right) for (text, _), placed in zip(cells, layout, strict=True)
    )
    assert strip.text == expected.ljust(163)
    assert strip.cell_length == 163
    assert len(list(strip)) <= 2 * len(layout) / 3 + 1
    for text, role in cells:
        if text:
            (segment,) = [one for one in strip if text in one.text]
            assert segment.style is styles[role]


# ---- signs


def test_every_state_has_a_sign_of_its_own_and_the_words_fit() -> None:
    """Told apart by glyph or word, never by colour alone."""
    assert OF_STATUS.keys() == set(JobStatus)
    assert OF_PHASE.keys() == set(RunPhase)
    for signs in (OF_STATUS, OF_PHASE, OF_OUTCOME):
        assert len({(sign.glyph, sign.word) for sign in signs.values()}) == len(signs)
        assert len({sign.word for sign in signs.values()}) == len(signs)
        assert all(cell_len(sign.glyph) == 1 and len(sign.word) <= 9 for sign in signs.values())


def test_the_most_telling_phase_is_shown() -> None:
    """Stopping beside running is stopping; retrying alone is not running."""
    engine = FakeEngine()
    job = engine.add("a")
    engine.running(job, 1, 1.0, 1)
    assert sign_of(job).word == "running"
    engine.running(job, 1, 1.0, 1, RunPhase.STOPPING)
    job.status = JobStatus.RUNNING
    assert sign_of(job).word == "stopping"
    job.active[:] = job.active[:1]
    job.active[0].phase = RunPhase.RETRYING
    assert sign_of(job).word == "retrying"
    job.enabled = False
    assert sign_of(job).word == "disabled"


# ---- filter


@pytest.mark.parametrize(
    "text", ["(a+)+$", "(a|b)*", "(a){9}", "a+b+c+d+e+", "|".join("abcdefghijk"), r"(x)\1", "((a)"]
)
def test_patterns_whose_cost_is_not_bounded_are_refused(text: str) -> None:
    """They run in the engine's loop, and `re` cannot be interrupted."""
    with pytest.raises(FilterError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["^db-.*dump$", "https?", "a{2}", r"\(a\)*", "[+*]", "(a|b)c", r"a\+\*\{", "!", "-f", "  "]
)
def test_usual_patterns_are_taken(text: str) -> None:
    """Quoted signs and single groups are no danger."""
    parse(text)


def test_the_costliest_pattern_that_is_taken_ends() -> None:
    """Open repeats over the longest name that is looked at."""
    engine = FakeEngine()
    job = engine.add("a" * 5000)
    assert not parse("a*a*a*b").passes(JobFacet(job))


# ---- columns


def test_columns_fill_any_width_and_never_exceed_it() -> None:
    """The name is always there; whatever is dropped, the rest fits."""
    for width in range(1, 320):
        placed = fit(TABLE, width)
        assert sum(place.width for place in placed) + len(placed) - 1 <= max(width, 1)
        assert NAME in {place.column for place in placed}
        assert all(place.width >= 1 for place in placed)


def test_more_width_never_shows_fewer_columns() -> None:
    """Dragging a window wider must not take something away."""
    last: set[str] = set()
    for width in range(20, 320):
        now = {place.column.id for place in fit(TABLE, width)}
        assert last <= now
        last = now


# ---- outline


def outline(**needs: str) -> Outline:
    """An outline of `job="need need"`."""
    tree = Outline()
    tree.graph = Graph.of((job, wants.split()) for job, wants in needs.items())
    return tree


def drawn(tree: Outline) -> list[str]:
    """Lines as text."""
    marks = {None: "", True: "+", False: "-"}
    return [f"{line.branches}{marks[line.folded]}{line.job_id or '#'}" for line in tree.lines()]


def test_what_needs_a_job_hangs_below_it() -> None:
    """Branches in file order; jobs without dependencies under one heading, folded."""
    tree = outline(a="", b="a", c="a", d="b", lone="")
    assert drawn(tree) == ["-a", "├─-b", "│ └─d", "└─c", "+#"]
    tree.fold(("", LONE), folded=False)
    assert drawn(tree)[-2:] == ["-#", "└─lone"]


def test_a_job_with_two_needs_is_unfolded_once() -> None:
    """Under each need, but what follows it only where it appears first; by hand anywhere."""
    tree = outline(a="", b="", c="a b", d="c")
    assert drawn(tree) == ["-a", "└─-c", "  └─d", "-b", "└─+c"]
    assert [line.again for line in tree.lines()] == [False, False, False, False, True]
    tree.fold(("b", "c"), folded=False)
    assert drawn(tree)[-2:] == ["└─-c", "  └─d"]


def test_a_ladder_of_diamonds_stays_linear() -> None:
    """2^40 paths, 122 lines."""
    needs = {"n0": ""}
    for level in range(1, 41):
        needs |= {f"l{level}": f"n{level - 1}", f"r{level}": f"n{level - 1}", f"n{level}": f"l{level} r{level}"}
    tree = outline(**needs)
    assert len(drawn(tree)) == 161
    tree.fold_all(folded=False)
    assert len(drawn(tree)) == 161


def test_a_chain_of_ten_thousand_is_drawn() -> None:
    """Neither recursion nor branches without bound."""
    needs = {"n0": ""} | {f"n{number}": f"n{number - 1}" for number in range(1, 10_000)}
    lines = outline(**needs).lines()
    assert len(lines) == 10_000
    assert max(len(line.branches) for line in lines) <= 40


def test_a_cycle_that_should_not_be_ends() -> None:
    """The loader refuses cycles; a remote engine of another version may not."""
    tree = outline(a="", b="a c", c="b")
    assert drawn(tree)[:3] == ["-a", "└─-b", "  └─-c"]
    tree.fold_all(folded=False)
    assert len(drawn(tree)) < 10


def test_only_one_direction() -> None:
    """What follows, what is needed; needs of unknown jobs are left out."""
    tree = outline(a="", b="a nobody", c="b", d="a")
    tree.face(Facing.DOWN, "b")
    assert drawn(tree) == ["-b", "└─c"]
    tree.face(Facing.UP, "b")
    assert drawn(tree) == ["-b", "└─a"]
    tree.face(Facing.UP, "gone")
    assert drawn(tree) == []


def test_fold_all_and_back() -> None:
    """Roots only, then everything."""
    tree = outline(a="", b="a", c="b", lone="")
    tree.fold_all(folded=True)
    assert drawn(tree) == ["+a", "+#"]
    tree.fold_all(folded=False)
    assert drawn(tree) == ["-a", "└─-b", "  └─c", "-#", "└─lone"]


def test_without_any_dependency_there_is_no_heading() -> None:
    """A plain list."""
    assert drawn(outline(a="", b="")) == ["a", "b"]


# ---- themes


def test_shipped_themes_load_and_say_every_colour() -> None:
    """Dark, light, high contrast, colour-blind safe, ansi; the first four name all of ours."""
    found = themes.load()
    assert found.failed == ()
    assert set(found.loaded) == {
        "jobqueue-dark", "jobqueue-light", "jobqueue-high-contrast", "jobqueue-colour-blind", "jobqueue-ansi",
    }  # fmt: skip
    ours = {name for name in DEFAULTS if name.startswith(("role-", "back", "line"))}
    for theme in found.loaded.values():
        assert theme.ansi or ours <= theme.variables.keys()


@pytest.mark.parametrize("name", ["jobqueue-dark", "jobqueue-light", "jobqueue-high-contrast", "jobqueue-colour-blind"])
def test_text_can_be_read_on_every_ground(name: str) -> None:
    """WCAG's ratio: 4.5 for what must be read, 3 for what is faded, on rows, cursor and bars alike."""
    variables = themes.load().loaded[name].variables
    must = [role for role in Role if role not in {Role.MUTED, Role.WAITING, Role.HEAD, Role.CPU, Role.MEMORY, Role.OK}]
    for ground in ("back", "back-bar", "back-cursor", "back-cursor-idle", "back-raised", "back-head"):
        for role in Role:
            ratio = contrast(variables[f"role-{role.value}"], variables[ground])
            least = 7.0 if name.endswith("contrast") and role in must else 4.5 if role in must else 2.5
            assert ratio >= least, (role, ground, round(ratio, 2))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.1."""

    def luminance(colour: str) -> float:
        parts = [
            value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
            for value in Color.parse(colour).normalized
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_users_theme_replaces_a_shipped_one_and_bad_files_are_named(tmp_path: Path) -> None:
    """Loaded and failed, side by side; nothing is fatal."""
    (tmp_path / "mine.toml").write_text('name = "jobqueue-dark"\nprimary = "red"\n')
    (tmp_path / "named-by-file.toml").write_text('primary = "#123456"\n')
    bad = {
        "broken.toml": "primary = ",
        "unknown.toml": 'primary = "red"\ncolour = "blue"\n',
        "nocolour.toml": 'primary = "nocolour"\n',
        "role.toml": 'primary = "red"\n[variables]\nrole-text = "nope"\n',
        "type.toml": 'primary = "red"\ndark = "yes"\n',
        "number.toml": 'primary = "red"\n[variables]\nborder = 3\n',
        "empty.toml": "",
    }
    for name, text in bad.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"\n')
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "notes.txt").write_text("not a theme")
    found = themes.load(tmp_path)
    assert found.loaded["jobqueue-dark"].primary == "red"
    assert "named-by-file" in found.loaded
    assert {failed.file for failed in found.failed} == {*bad, "latin.toml", "folder.toml"}
    assert all(failed.why for failed in found.failed)
    assert themes.load(tmp_path / "absent").failed == ()


def test_an_ansi_palette_uses_the_terminals_own_colours_only() -> None:
    """NO_COLOR and 16-colour terminals: no RGB anywhere, and the cursor is reverse."""
    palette = Palette.of(DEFAULTS, ansi=True)
    for ground in (palette.row, palette.cursor, palette.bar, palette.head, palette.raised):
        for style in ground.values():
            assert style.color is not None
            assert style.color.triplet is None
    assert palette.cursor[Role.TEXT].reverse
