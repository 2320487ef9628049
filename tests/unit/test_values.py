"""`engine.values`: what a frozen dataclass gives, from cheaper decorators."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from engine.values import lean, sealed


@dataclass(frozen=True, slots=True)
class Standard:
    """By the standard decorator."""

    one: int
    two: list[int] = field(default_factory=list, compare=False)
    three: str = field(default="x", repr=False)


@lean(frozen=True, slots=True)
class Lean:
    """As `Standard`."""

    one: int
    two: list[int] = field(default_factory=list, compare=False)
    three: str = field(default="x", repr=False)


@sealed(frozen=True, slots=True)
class Sealed:
    """As `Standard`."""

    one: int
    two: list[int] = field(default_factory=list, compare=False)
    three: str = field(default="x", repr=False)


@lean(frozen=True, slots=True)
class Empty:
    """Nothing in it."""


@sealed(frozen=True, slots=True, kw_only=True)
class Named:
    """Its text is its own."""

    name: str

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<{self.name}>"


@pytest.mark.parametrize("kind", [Standard, Lean, Sealed])
def test_they_compare_hash_copy_and_print_as_a_frozen_dataclass_does(kind: type[Standard]) -> None:
    """Fields that are not to be compared or shown are not."""
    made = kind(1, [2])
    assert made == kind(1, [3])
    assert made != kind(2, [2])
    assert made != (1, "x")  # type: ignore[comparison-overlap]
    assert hash(made) == hash(kind(1, [3])) == hash(Standard(1, [3]))
    assert {made: "found"}[kind(1)] == "found"
    assert repr(made) == f"{kind.__qualname__}(one=1, two=[2])"
    assert replace(made, one=4) == kind(4, [2])
    assert not hasattr(made, "__dict__")
    match made:
        case kind(one=one, two=two, three=three):
            assert (one, two, three) == (1, [2], "x")


def test_values_of_different_classes_are_never_equal() -> None:
    """Two classes with the same fields mean two things."""
    assert Lean(1) != Sealed(1)  # type: ignore[comparison-overlap]
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert repr(Empty()) == "Empty()"


def test_a_sealed_value_cannot_be_changed_at_run_time_either() -> None:
    """Users of the library hold what the engine holds."""
    with pytest.raises(FrozenInstanceError):
        Sealed(1).one = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Named(name="a").name = "b"  # type: ignore[misc]


def test_what_a_class_says_of_itself_stays() -> None:
    """Only what it does not define is added."""
    assert repr(Named(name="a")) == "<a>"
    assert str(Named(name="a")) == "a"
    assert Named(name="a") == Named(name="a")
