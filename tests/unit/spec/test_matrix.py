"""Shards of a matrix: their labels are safe in run ids, and nothing of a value is ever part of a path."""

from __future__ import annotations

import re

import pytest

from engine.spec.matrix import job_of, label_of, shards_of, size_of


def test_every_combination_is_a_shard_and_the_last_name_varies_fastest() -> None:
    shards = shards_of({"os": ("a", "b"), "v": ("1", "2")})
    assert [shard.label for shard in shards] == ["a,1", "a,2", "b,1", "b,2"]
    assert [shard.first for shard in shards] == [True, False, False, False]
    assert shards[2].env() == {"MATRIX_OS": "b", "MATRIX_V": "1"}
    assert shards_of({}) == ()
    assert size_of({}) == 1


@pytest.mark.parametrize("value", ["../../x", "a:1", "a]", "[", "a,b", "", "\x1b[31m", "ä", "x" * 500, "~", "a b"])
def test_whatever_the_value_a_run_id_stays_one_and_a_file_name_holds_nothing_of_it(value: str) -> None:
    """80-security: `matrix` item `../../x`: items are hashed in file names."""
    shard, other = shards_of({"item": (value, value + "'")})
    assert re.fullmatch(r"[A-Za-z0-9_.,~-]{1,60}", shard.label)
    assert shard.label != other.label
    assert re.fullmatch(r"[0-9a-f]{12}", shard.file_key)
    assert shard.file_key != other.file_key
    run_id = f"job[{shard.label}]:7"
    assert (job_of(run_id), label_of(run_id)) == ("job", shard.label)
    assert job_of(f"{run_id}.1") == "job"


def test_values_that_look_alike_when_joined_are_different_shards() -> None:
    assert len({shard.label for shard in shards_of({"a": ("x,y", "x"), "b": ("z", "y,z")})}) == 4


def test_a_plain_run_has_no_label() -> None:
    assert (job_of("job:7"), label_of("job:7"), job_of("job")) == ("job", None, "job")
