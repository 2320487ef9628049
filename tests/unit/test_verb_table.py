"""The verb table and how arguments are read by it."""

from __future__ import annotations

import math

import pytest

from engine.model.record import Json
from engine.model.verbs import VERBS, ArgKind, BadArguments, read_arguments


def test_arguments_have_names_that_serve_python_json_and_the_command_line() -> None:
    for verb in VERBS.values():
        assert verb.help.endswith(".")
        for arg in verb.args:
            assert arg.name.replace("_", "").isalpha()
            assert arg.name not in {"ids", "run"}, "those two name what the verb acts on"
            assert not (arg.positional and arg.kind is ArgKind.FLAG)


def test_absent_and_null_are_the_same() -> None:
    for given in ({}, {"job": None, "grace": None}):
        arguments = read_arguments(VERBS["stop"], given)
        assert (arguments.flag("job"), arguments.seconds("grace")) == (False, None)


@pytest.mark.parametrize(("value", "seconds"), [(0, 0.0), (1.5, 1.5), ("90", 90.0), ("1h30m", 5400.0)])
def test_a_duration_is_seconds_or_text(value: Json, seconds: float) -> None:
    assert read_arguments(VERBS["pause"], {"for": value}).seconds("for") == seconds


@pytest.mark.parametrize("value", [-1, math.inf, math.nan, True, "soon", "-5s", [], {}])
def test_what_is_no_duration_is_refused(value: Json) -> None:
    with pytest.raises(BadArguments, match="for: "):
        read_arguments(VERBS["pause"], {"for": value})


@pytest.mark.parametrize("value", [101, -101, True, "5", 1.0, 10**40])
def test_a_priority_is_a_whole_number_within_its_bounds(value: Json) -> None:
    with pytest.raises(BadArguments, match="priority: "):
        read_arguments(VERBS["priority"], {"priority": value})


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(BadArguments) as refusal:
        read_arguments(VERBS["stop"], {"job": "yes", "grace": -1, "gracy": 5})
    assert all(word in str(refusal.value) for word in ("'gracy'", "job: ", "grace: "))


def test_a_missing_required_argument_is_named() -> None:
    with pytest.raises(BadArguments, match="by is missing"):
        read_arguments(VERBS["bump"], {})
