"""`engine.values`: what a frozen dataclass gives, from cheaper decorators."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import get_type_hints

import pytest

from engine.values import lean, mutable, sealed


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
    assert made != (1, "x")  # type: ignore[comparison-overlap] # what is tested
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
    assert Lean(1) != Sealed(1)  # type: ignore[comparison-overlap] # what is tested
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert repr(Empty()) == "Empty()"


def test_a_sealed_value_cannot_be_changed_at_run_time_either() -> None:
    """Users of the library hold what the engine holds."""
    with pytest.raises(FrozenInstanceError):
        Sealed(1).one = 2  # type: ignore[misc] # what is tested
    with pytest.raises(FrozenInstanceError):
        Named(name="a").name = "b"  # type: ignore[misc] # what is tested


def test_what_a_class_says_of_itself_stays() -> None:
    """Only what it does not define is added."""
    assert repr(Named(name="a")) == "<a>"
    assert str(Named(name="a")) == "a"
    assert Named(name="a") == Named(name="a")


@mutable(slots=True)
class Counter:
    """What changes."""

    one: int = 0
    two: list[int] = field(default_factory=list, repr=False)


@mutable(slots=True, eq=False)
class Place:
    """Itself alone."""

    one: int = 0


def test_what_is_mutable_compares_as_a_dataclass_and_has_no_hash() -> None:
    """Equal now is not equal for ever."""
    made = Counter(1)
    made.one += 1
    assert made == Counter(2)
    assert repr(made) == "Counter(one=2)"
    with pytest.raises(TypeError):
        hash(made)
    with pytest.raises(AttributeError):
        made.three = 3  # type: ignore[attr-defined] # what is tested
    assert Place() != Place()
    assert len({Place(), Place()}) == 2


@sealed(frozen=True, slots=True)
class Ordered:
    """It is checked when it is made."""

    least: int
    most: int = 9

    def __post_init__(self) -> None:
        if self.least > self.most:
            raise ValueError("least is more than most")


def test_an_init_that_is_written_late_is_the_same_one() -> None:
    """Defaults, names, checks and complaints are those of the standard decorator, for the first value as for the next."""
    for _ in range(2):
        assert (Ordered(1).most, Ordered(least=1, most=2).most) == (9, 2)
        with pytest.raises(ValueError, match="least is more"):
            Ordered(10)
        with pytest.raises(TypeError, match=r"Ordered.__init__\(\) missing 1 required positional argument: 'least'"):
            Ordered()  # type: ignore[call-arg] # what is tested
        with pytest.raises(TypeError, match="unexpected keyword argument 'third'"):
            Ordered(1, third=3)  # type: ignore[call-arg] # what is tested
        with pytest.raises(TypeError):
            Named("a")  # type: ignore[call-arg] # what is tested


@lean(frozen=True, slots=True, kw_only=True)
class Looked:
    """Nobody has made one."""

    at: Lean
    most: int = 9


def test_the_signature_is_there_before_the_first_value() -> None:
    """Tools that fill in arguments, and people who ask for help, see the fields."""
    assert str(inspect.signature(Looked)) == "(*, at: 'Lean', most: 'int' = 9) -> None"
    assert get_type_hints(Looked.__init__) == {"at": Lean, "most": int, "return": type(None)}
    assert Looked(at=Lean(1)).most == 9


@sealed(frozen=True, slots=True)
class Wider(Ordered):
    """One field more."""

    why: str = ""


def test_a_class_of_more_fields_has_an_init_of_its_own() -> None:
    """Whichever of the two is made first."""
    assert Wider(1, 2, "x") == Wider(least=1, most=2, why="x")
    assert Ordered(1, 2) != Wider(1, 2)
    with pytest.raises(FrozenInstanceError):
        Wider(1).least = 2  # type: ignore[misc] # what is tested


@pytest.mark.parametrize("made", [Lean(1, [2]), Sealed(1, [2]), Wider(1, 2, "x"), Counter(3, [4])])
def test_values_can_be_copied_and_sent(made: object) -> None:
    """They go to other processes, and through `deepcopy`."""
    assert copy.deepcopy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_a_value_that_holds_itself_has_a_text() -> None:
    """Jobs know their runs, and runs their job."""
    made = Circle()
    made.others.append(made)
    assert repr(made) == "Circle(others=[...])"


@mutable(slots=True)
class Circle:
    """It may hold itself."""

    others: list[Circle] = field(default_factory=list)


@mutable(slots=True)
class Numbered:
    """Some of it is not given."""

    name: str
    number: int = field(default=7, init=False)
    seen: list[str] = field(default_factory=list, init=False)


def test_what_is_not_given_has_its_default() -> None:
    """Also with slots, where the class holds none."""
    assert repr(Numbered("a")) == "Numbered(name='a', number=7, seen=[])"
