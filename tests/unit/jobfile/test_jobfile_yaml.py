"""The YAML that is read: 1.2 scalars, duplicate keys, aliases and merges; and hostile texts, which are refused in no time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.jobfile import Loaded
from engine.jobfile.nodes import Map, Node, Place, Scalar, Seq, integer, number
from engine.jobfile.tree import MAX_DEPTH, MAX_NODES, TreeError, TreeReader

Load = Callable[..., Loaded]


def read(text: str) -> Node | None:
    """The tree of a text without problems."""
    told: list[tuple[Place, str, str, str]] = []
    node = TreeReader(lambda *problem: told.append(problem)).read(text)
    assert told == []
    return node


def problems(text: str) -> list[tuple[Place, str, str]]:
    """Place, path and message of what is told about a text that can be read to its end."""
    told: list[tuple[Place, str, str]] = []
    TreeReader(lambda place, path, message, _suggestion: told.append((place, path, message))).read(text)
    return told


def refused(text: str) -> TreeError:
    """The error that ended reading."""
    with pytest.raises(TreeError) as caught:
        read(text)
    return caught.value


def test_places_are_one_based_and_in_characters() -> None:
    node = read("é: [ü, 😀x]\nb: 1")
    assert isinstance(node, Map)
    (_, first), (_, second) = node.pairs
    assert isinstance(first, Seq)
    assert [(item.line, item.column) for item in first.items] == [(1, 5), (1, 8)]
    assert (second.line, second.column) == (2, 4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("27", 27),
        ("-3", -3),
        ("+3", 3),
        ("027", 27),
        ("0o27", 23),
        ("0x1F", 31),
        ("22:00", None),
        ("1e3", None),
        ("1_000", None),
    ],
)
def test_whole_numbers_are_those_of_yaml_1_2(text: str, value: int | None) -> None:
    assert integer(Scalar(text, plain=True, line=1, column=1)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), (".inf", None), ("nan", None), ("1.", 1.0), ("0x1", None)],
)
def test_numbers_are_finite_ones_of_yaml_1_2(text: str, value: float | None) -> None:
    assert number(Scalar(text, plain=True, line=1, column=1)) == value


def test_quoted_scalars_are_texts() -> None:
    assert integer(Scalar("27", plain=False, line=1, column=1)) is None
    assert number(Scalar("2.5", plain=False, line=1, column=1)) is None


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "n", "22:00", "2026-12-24", "027", "1.10", "true"])
def test_words_that_yaml_1_1_would_turn_into_something_else_stay_as_written(load_job: Load, word: str) -> None:
    loaded = load_job(f"command: [echo, {word}]")
    assert loaded.file is not None
    assert getattr(loaded.file.jobs[0].command, "args", None) == ("echo", word)


def test_a_duplicate_key_is_an_error_that_names_the_first_place() -> None:
    assert problems("a: 1\nb: {c: 1, c: 2}\na: 3") == [
        (Place(2, 11), "b.c", 'the key "c" stands here twice, first in line 2'),
        (Place(3, 1), "a", 'the key "a" stands here twice, first in line 1'),
    ]


def test_merge_keys_give_way_to_what_is_written_beside_them_and_earlier_ones_win() -> None:
    node = read("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], a: 0}")
    assert isinstance(node, Map)
    merged = node.pairs[2][1]
    assert isinstance(merged, Map)
    assert {key.text: value.text for key, value in merged.pairs if isinstance(value, Scalar)} == {
        "a": "0",
        "b": "1",
        "c": "2",
    }


def test_merging_something_else_than_a_map_is_an_error() -> None:
    assert problems("a: {<<: 5}") == [(Place(1, 9), "a.<<", "`<<` merges maps only")]


def test_keys_are_texts() -> None:
    assert problems("? [1, 2]\n: x")[0][2] == "a key is a text, not a list or a map"


@pytest.mark.parametrize(
    "text", ["a: !!python/object/apply:os.system [ls]", "a: !custom x", "a: !!binary eA==", "a: !!set {x}"]
)
def test_tags_build_nothing(text: str) -> None:
    assert "means nothing here" in problems(text)[0][2]


def test_the_tag_of_texts_makes_a_text() -> None:
    assert read("!!str 5") == Scalar("5", plain=False, line=1, column=1)


def test_200_000_open_brackets_are_refused_at_the_65th() -> None:
    error = refused("[" * 200_000)
    assert error.place == Place(1, MAX_DEPTH + 1)
    assert "nested deeper" in error.message


def test_64_levels_are_read() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None


def test_aliases_cannot_nest_deeper_than_brackets_can() -> None:
    text = "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30
    assert "nested deeper" in refused(text).message


def test_an_alias_bomb_is_refused_before_anything_walks_it() -> None:
    levels = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    bomb = "\n".join(levels)
    assert len(bomb) < 700
    assert f"{MAX_NODES:,}" in refused(bomb).message


def test_half_a_million_nodes_is_the_limit() -> None:
    assert "nodes" in refused("[" + "a," * MAX_NODES + "]").message


@pytest.mark.parametrize("text", ["&a [*a]", "a: &x {b: *x}", "&a {<<: *a}", "&a [[[{b: *a}]]]"])
def test_a_text_that_contains_itself_is_refused(text: str) -> None:
    assert "inside what it refers to" in refused(text).message


def test_an_alias_without_anchor_is_refused() -> None:
    assert refused("a: *b").message == "the alias *b has no anchor before it"


def test_a_second_document_is_refused_where_it_begins() -> None:
    assert refused("a: 1\n---\nb: 1").place == Place(2, 1)


@pytest.mark.parametrize(
    ("text", "place", "words", "advice"),
    [
        ("a:\n\tb: 1", Place(2, 1), "cannot start any token", "never by tabs"),
        ("a: b: c", Place(1, 5), "mapping values", "quote a text with a colon"),
        ("a: 'x", Place(1, 6), "end of stream", "close the quote"),
        ("a: [1", Place(2, 1), "did not find expected", "close the bracket"),
        ("a: 1\n b: 2", Place(2, 3), "mapping values", "one column"),
    ],
)
def test_a_syntax_error_has_its_place_and_advice(text: str, place: Place, words: str, advice: str) -> None:
    error = refused(text)
    assert (error.place, words in error.message, advice in error.suggestion) == (place, True, True)


def test_keys_with_x_in_front_are_ignored_and_anchors_in_them_work(load_text: Load) -> None:
    loaded = load_text("x-env: &e {A: b}\njobs:\n  a: {command: x, x-note: [1], env: *e}\n  x-ray: {command: y}\n")
    assert loaded.diagnostics == ()
    assert loaded.file is not None
    assert [job.id for job in loaded.file.jobs] == ["a", "x-ray"]
    assert loaded.file.jobs[0].env == {"A": "b"}


def test_one_mistake_behind_an_anchor_is_told_once(load_text: Load) -> None:
    jobs = "".join(f"  j{n}: {{<<: *x, command: x}}\n" for n in range(50))
    loaded = load_text(f"x-a: &x {{priority: 500}}\njobs:\n{jobs}")
    assert [str(found).partition(": error: ")[2] for found in loaded.diagnostics] == [
        "jobs.j0.priority: is 500, outside -100 to 100"
    ]
