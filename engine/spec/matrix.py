"""`matrix:` of a job: one occurrence becomes a run for each combination of its values, its shards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from itertools import product
from types import MappingProxyType
from typing import Final

from engine.spec.template import variable
from engine.values import sealed

MOST: Final = 1_000
"""Shards of an occurrence."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.,-]{1,60}")
_OTHER: Final = re.compile(r"[^A-Za-z0-9_.,-]")


@sealed(frozen=True, slots=True)
class Shard:
    """One combination. `label` stands in its runs' ids (`JOB[label]:N`); `first`: for which `max_runs` counts."""

    values: Mapping[str, str]
    label: str
    first: bool = False

    @property
    def file_key(self) -> str:
        """What of it stands in names of files: a hash, so that no value of a matrix is ever part of a path."""
        return blake2b(self.label.encode(), digest_size=6).hexdigest()

    def env(self) -> dict[str, str]:
        """`MATRIX_NAME` for each of its values."""
        return {variable("matrix", name): value for name, value in self.values.items()}


def shards_of(matrix: Mapping[str, tuple[str, ...]]) -> tuple[Shard, ...]:
    """All combinations, the last name varying fastest; none for a job without a matrix."""
    if not matrix:
        return ()
    combinations = product(*matrix.values())
    return tuple(
        Shard(MappingProxyType(dict(zip(matrix, values, strict=True))), _label(values), first=index == 0)
        for index, values in enumerate(combinations)
    )


def size_of(matrix: Mapping[str, tuple[str, ...]]) -> int:
    """How many they are, without making them."""
    size = 1
    for values in matrix.values():
        size *= len(values)
    return size


def _label(values: tuple[str, ...]) -> str:
    """The values as they are where a run id can hold them; else what can be shown of them and a hash that tells them apart."""
    text = ",".join(values)
    if _PLAIN.fullmatch(text) and not any("," in value for value in values):
        return text
    mark = blake2b("\0".join(values).encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{_OTHER.sub('_', text)[:48]}~{mark}"


def label_of(run_id: str) -> str | None:
    """The label in a run's id; None where it is no shard."""
    head = run_id.rpartition(":")[0]
    return head.partition("[")[2].removesuffix("]") if head.endswith("]") else None


def job_of(run_id: str) -> str:
    """The job of a run: of `JOB:N`, `JOB[label]:N`, or of an attempt's id."""
    return run_id.partition(":")[0].partition("[")[0]
