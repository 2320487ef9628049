"""Values of parameters: which texts a type takes, in which form, and which names nobody may declare."""

from __future__ import annotations

import pytest

from engine.spec.params import (
    LONGEST_VALUE,
    NOTHING_GIVEN,
    BadParams,
    Given,
    Param,
    ParamType,
    masked,
    read_settings,
    reserved,
    take,
)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "", ""),
        ("string", "a b\n$x", "a b\n$x"),
        ("int", "007", "7"),
        ("int", "-12", "-12"),
        ("number", "1.50", "1.50"),
        ("number", "-2e3", "-2e3"),
        ("bool", "true", "true"),
        ("path", "./a b", "./a b"),
    ],
)
def test_a_text_of_the_type_is_taken_in_the_form_of_the_type(kind: str, text: str, value: str) -> None:
    assert Param(type=ParamType(kind)).read(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "1.0"),
        ("int", "0x10"),
        ("int", "٣"),
        ("int", "9" * 19),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "1_0"),
        ("number", " 1"),
        ("bool", "yes"),
        ("bool", "True"),
        ("path", ""),
        ("path", "a\nb"),
        ("string", "a\0b"),
        ("string", "x" * (LONGEST_VALUE + 1)),
    ],
)
def test_a_text_of_another_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"is|holds"):
        Param(type=ParamType(kind)).read(text)


@pytest.mark.parametrize("kind", ["string", "path"])
def test_a_value_that_a_program_would_take_for_an_option_is_refused_unless_the_file_names_it(kind: str) -> None:
    """80-security: values with a leading `-`."""
    with pytest.raises(ValueError, match="begins with -"):
        Param(type=ParamType(kind)).read("--output=/etc/passwd")
    assert Param(enum=("-v", "-q")).read("-q") == "-q"
    assert Param(default="-v").read("-v") == "-v"


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "IFS", "BASH_FUNC_ls", "path"),
        *("JOB_ID", "JOB_NEEDS_A_B", "RUN_ID", "MATRIX_A", "NOTIFY_SOCKET", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND"),
        *("PYTHONPATH", "PERL5OPT", "NODE_OPTIONS"),
    ],
)
def test_names_that_steer_programs_or_belong_to_the_engine_are_reserved(name: str) -> None:
    """80-security: `--set LD_PRELOAD=…`, `PATH`, `BASH_ENV`."""
    assert reserved(name)
    assert not reserved(f"MY{name}")


def test_a_run_gets_what_is_given_over_the_defaults_and_nothing_for_what_has_neither() -> None:
    given = take({"A": Param("1"), "B": Param("2"), "C": Param()}, {"B": "3"})
    assert given.values == {"A": "1", "B": "3"}


def test_every_fault_is_named_at_once_and_no_value_is_repeated() -> None:
    declared = {"N": Param(type=ParamType.INT), "DB": Param(enum=("main",)), "R": Param(required=True)}
    with pytest.raises(BadParams) as caught:
        take(declared, {"N": "hunter2", "DB": "hunter2", "LD_PRELOAD": "hunter2"})
    assert str(caught.value) == (
        "there is no parameter LD_PRELOAD; N is not a whole number; DB is not one of main; R has no value"
    )


def test_secret_values_are_kept_and_shown_to_nobody() -> None:
    given = take({"DB": Param("main"), "PW": Param(secret=True)}, {"PW": "hunter2"})
    assert given.shown() == {"DB": "main", "PW": "***"}
    assert Given.from_text(given.to_text()) == given
    assert Given.from_text(NOTHING_GIVEN.to_text()) == NOTHING_GIVEN


def test_what_is_written_down_of_a_verb_hides_a_misspelt_secret_as_well() -> None:
    declared = {"DB": Param(), "PW": Param(secret=True)}
    assert masked(declared, {"DB": "main", "PW": "x", "PWD": "hunter2"}) == {"DB": "main", "PW": "***", "PWD": "***"}


def test_settings_of_a_command_line_keep_what_follows_the_first_sign() -> None:
    assert read_settings(["A=b=c", "B="]) == {"A": "b=c", "B": ""}
    for bad in (["A"], ["=x"], ["A=1", "A=2"]):
        with pytest.raises(ValueError, match="--set"):
            read_settings(bad)
