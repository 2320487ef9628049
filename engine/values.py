"""`lean`, `sealed` and `mutable`: dataclasses with slots that cost little, where they are made and when a program starts.

To the type checker all three are `dataclass` itself, so that `frozen=True` holds wherever our code is checked, which is everywhere.

A frozen dataclass sets each field through `object.__setattr__`: 125 ns instead of 15 (CPython 3.11), a sixth of the time of
a simulated run, of which half was saved. A `lean` one is frozen for the checker only. What users of the library make and
keep (specs, records, events) is `sealed`: frozen at run time as well. `mutable` is for what changes.

The standard decorator writes and compiles up to eight functions for each class: 390 us for one of six fields, 1,300 if it is
frozen, and a third of the time that a program's imports took. Here comparison, hash, text and what keeps a sealed one as it
is are closures over the fields' names, with the same results; `__init__` is written when it is first asked for, which most
classes never see in a program that has just started. A class takes 70 us then, and its first value 180 to 430.
"""

# ruff: noqa: N807 - functions here become methods of other classes

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["lean", "mutable", "sealed"]

if TYPE_CHECKING:
    from dataclasses import dataclass as lean
    from dataclasses import dataclass as mutable
    from dataclasses import dataclass as sealed
else:
    from dataclasses import FrozenInstanceError, dataclass, fields
    from operator import attrgetter
    from reprlib import recursive_repr

    def lean(*, frozen, slots, kw_only=False):
        """A decorator; see the module."""
        assert frozen, "what may change is `mutable`"
        assert slots, "a value has no room for more"
        return lambda cls: _hashed(_compared(_fielded(cls, kw_only=kw_only)))

    def sealed(*, frozen, slots, kw_only=False):
        """A decorator; see the module."""
        assert frozen, "what may change is `mutable`"
        assert slots, "a value has no room for more"
        return lambda cls: _kept(_hashed(_compared(_fielded(cls, kw_only=kw_only, frozen=True))))

    def mutable(*, slots, eq=True):
        """A decorator; see the module. `eq=False`: each is equal to itself alone."""
        assert slots, "what is misspelt is an error"
        return lambda cls: _compared(_fielded(cls), eq=eq)

    def _fielded(cls, *, kw_only=False, frozen=False):
        """With slots, and an `__init__` that is written when it is first asked for."""
        cls.__doc__ = cls.__doc__ or cls.__name__  # else the decorator makes one up of the signature, at length
        assert "__init__" not in cls.__dict__, "one is written here"
        made = dataclass(slots=True, kw_only=kw_only, init=False, repr=False, eq=False)(cls)
        made.__init__ = _LateInit(made, frozen)
        return made

    class _LateInit:
        """Stands for an `__init__`, and puts it into its place: whoever makes a value, or looks at the signature, finds it."""

        def __init__(self, cls, frozen):
            self._cls = cls
            self._frozen = frozen

        def __get__(self, value, owner):
            cls = self._cls
            cls.__init__ = written = _written_init(cls, frozen=self._frozen)
            return written.__get__(value, owner)

    def _written_init(cls, *, frozen):
        """By the standard decorator, for a class of the same fields."""
        twin = type(cls.__name__, (), {one.name: one for one in fields(cls)})
        twin.__module__ = cls.__module__
        twin.__doc__ = cls.__doc__
        twin.__annotations__ = {one.name: one.type for one in fields(cls)}
        if hasattr(cls, "__post_init__"):
            twin.__post_init__ = cls.__post_init__
        slots = any(not one.init for one in fields(cls))  # else a default of theirs would be left to the class
        written = dataclass(frozen=frozen, slots=slots, repr=False, eq=False, match_args=False)(twin).__init__
        written.__qualname__ = f"{cls.__qualname__}.__init__"
        return written

    def _compared(cls, *, eq=True):
        """With what `eq=True, repr=True` give, where the class has no own way."""
        key = _getter([one.name for one in fields(cls) if one.compare])
        shown = [one.name for one in fields(cls) if one.repr]

        def __eq__(self, other):
            if self is other:
                return True
            return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

        def __repr__(self):
            facts = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
            return f"{self.__class__.__qualname__}({facts})"

        if eq and "__eq__" not in cls.__dict__:
            cls.__eq__ = __eq__
            if "__hash__" not in cls.__dict__:
                cls.__hash__ = None
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = recursive_repr()(__repr__)
        return cls

    def _hashed(cls):
        """With what `frozen=True` gives besides: equal values have one hash."""
        key = _getter([one.name for one in fields(cls) if one.compare])

        def __hash__(self):
            return hash(key(self))

        if cls.__dict__.get("__hash__") is None:
            cls.__hash__ = __hash__
        return cls

    def _kept(cls):
        """With what `frozen=True` does at run time; copies and pickles go round it."""
        names = tuple(one.name for one in fields(cls))

        def __setattr__(self, name, value):
            if type(self) is cls or name in names:
                raise FrozenInstanceError(f"cannot assign to field {name!r}")
            super(cls, self).__setattr__(name, value)

        def __delattr__(self, name):
            if type(self) is cls or name in names:
                raise FrozenInstanceError(f"cannot delete field {name!r}")
            super(cls, self).__delattr__(name)

        def __getstate__(self):
            return [getattr(self, name) for name in names]

        def __setstate__(self, state):
            for name, value in zip(names, state, strict=True):
                object.__setattr__(self, name, value)

        for method in (__setattr__, __delattr__, __getstate__, __setstate__):
            setattr(cls, method.__name__, method)
        return cls

    def _getter(names):
        """The fields' values, in a form that compares and hashes."""
        return attrgetter(*names) if names else lambda _: ()
