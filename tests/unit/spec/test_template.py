"""Templates: what is filled in at load, what at the start of a run, and that values are never taken for templates."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.spec.template import Lookup, TemplateError, at_load, at_start, escape, in_full, shell_mistake, variable

FACTS = {
    "JOB_ID": "backup",
    "RUN_ID": "backup:7",
    "SCHEDULED_AT": "2026-11-24T02:00:00+00:00",
    "SCHEDULED_DATE": "2026-11-24",
}


def plain(values: Mapping[str, str]) -> Lookup:
    """A lookup of plain values."""
    return lambda name: escape(values[name]) if name in values else None


def filled(text: str, **values: str) -> str:
    """Both steps, one after the other."""
    return at_start(at_load(text, plain(values)), FACTS)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("no names", "no names"),
        ("${A}", "1"),
        ("x${A}y${A}", "x1y1"),
        ("${E}", ""),
        ("${E:-d}", "d"),
        ("${NONE:-d e/f}", "d e/f"),
        ("${NONE:-}", ""),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A $ {A}", "$A $ {A}"),
        ("${$}{A}", "${A}"),
        ("${JOB_ID}/${SCHEDULED_DATE}", "backup/2026-11-24"),
        ("${RUN_ID:-none}", "backup:7"),
    ],
)
def test_every_form_gives_what_the_design_says(text: str, result: str) -> None:
    assert filled(text, A="1", E="") == result


@pytest.mark.parametrize("value", ["${JOB_ID}", "$${JOB_ID}", "$", "a$", "{JOB_ID}", "${", "${$}", "$$", "}"])
@pytest.mark.parametrize("text", ["${V}", "${V}{JOB_ID}", "${V}${V}", "{${V}}", "${V}${W}"])
def test_a_value_is_data_and_never_read_as_a_template(value: str, text: str) -> None:
    expected = text.replace("${V}", value).replace("${W}", "{JOB_ID}")
    assert filled(text, V=value, W="{JOB_ID}") == expected


def test_the_names_of_a_run_wait_for_the_run() -> None:
    assert at_load("${A}-${JOB_ID}", plain({"A": "x"})) == "x-${JOB_ID}"


def test_a_run_fills_in_its_own_names_only() -> None:
    assert at_start("${JOB_ID} ${HOME}", FACTS) == "backup ${HOME}"
    assert at_start("${RUN_ID}", {}) == "${RUN_ID}"


def test_a_field_that_is_needed_at_load_cannot_depend_on_the_run() -> None:
    assert in_full("${A}$${B}${$}", plain({"A": "${JOB_ID}"})) == "${JOB_ID}${B}$"
    with pytest.raises(TemplateError, match="JOB_ID} is known only when a run starts"):
        in_full("x/${JOB_ID}", plain({}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${NONE}", "is not set"),
        ("${}", "is not a name"),
        ("${1}", "is not a name"),
        ("${A B}", "is not a name"),
        ("${A:?x}", "is not a name"),
        ("${#A}", "is not a name"),
        ("${A", "no closing brace"),
        ("${A:-${B}}", "no closing brace"),
        ("${matrix.item}", "is not set; only a job has those"),
        ("${params.DB}", "is not set; only a job has those"),
        ("${needs.a.output.b}", "names no output"),
        ("${a.b}", "is not a name"),
    ],
)
def test_what_cannot_be_filled_in_is_an_error_with_a_remedy(text: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason) as caught:
        at_load(text, plain({}))
    assert caught.value.remedy


def test_values_that_multiply_are_stopped() -> None:
    with pytest.raises(TemplateError, match="1 MiB"):
        at_load("${A}" * 50_000, plain({"A": "x" * 100}))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("echo ${needs.db-dump.outputs.rows}", "JOB_NEEDS_DB_DUMP_ROWS"),
        ("echo ${params.DB}", "DB"),
        ("echo ${matrix.item}", "MATRIX_ITEM"),
        ("echo ${needs.x}", "JOB_NEEDS_X"),
    ],
)
def test_dotted_names_in_shell_text_are_told_which_variable_to_use(text: str, name: str) -> None:
    mistake = shell_mistake(text)
    assert mistake is not None
    assert name in mistake.remedy


def test_shell_text_with_shell_forms_is_no_mistake() -> None:
    assert shell_mistake('echo ${HOME} ${X:-y} ${X#needs.} "$needs.x"') is None
    assert variable("matrix", "a.b") == "MATRIX_A_B"
