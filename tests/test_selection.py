"""Which rules are reported: codes, prefixes, names, and whose wish counts."""

from __future__ import annotations

import pytest

from shapecalc import rules
from shapecalc.diagnostics import Severity
from shapecalc.selection import (
    Policy,
    Selection,
    UnknownCodeError,
    read_code,
    read_codes,
    read_severities,
)


def reported(code: str, *places: Selection) -> bool:
    return Policy(*places).reports(rules.rule(code))


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("SC201", "SC201"),
        ("sc201", "SC201"),
        (" SC2 ", "SC2"),
        ("SC30", "SC30"),
        ("ALL", "SC"),
        ("all", "SC"),
        ("SC", "SC"),
        ("non-integer-size", "SC201"),
        ("Non-Integer-Size", "SC201"),
    ],
)
def test_reading_a_code(word: str, code: str) -> None:
    assert read_code(word) == code


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("SC2O1", "did you mean SC201?"),
        ("checkerbord", "did you mean checkerboard?"),
        ("xyzzy", "`shapecalc rules` lists them all"),
        ("S", "`shapecalc rules` lists them all"),
        ("SC20111", "did you mean SC201?"),
    ],
)
def test_an_unknown_code(word: str, help: str) -> None:
    with pytest.raises(UnknownCodeError) as error:
        read_codes(["SC1", word])
    assert error.value.help == help
    assert repr(word) in str(error.value)


def test_a_missing_code() -> None:
    with pytest.raises(UnknownCodeError, match="a rule's code is missing"):
        read_code(" ")


def test_without_a_wish_the_default_rules() -> None:
    assert reported("SC201")
    assert not reported("SC320")


def test_select_replaces_what_is_on_by_default() -> None:
    selection = Selection(select=("SC3",))
    assert reported("SC301", selection)
    assert reported("SC320", selection)
    assert not reported("SC201", selection)
    assert not reported("SC101", selection)


def test_extend_select_adds() -> None:
    selection = Selection(extend_select=("SC320",))
    assert reported("SC320", selection)
    assert reported("SC201", selection)
    assert not reported("SC321", selection)


def test_what_keeps_a_spec_from_being_read_need_not_be_selected() -> None:
    assert reported("SC002", Selection(select=("SC3",)))
    assert not reported("SC002", Selection(select=("SC3",), ignore=("SC002",)))


@pytest.mark.parametrize("code", ["SC001", "SC900"])
def test_some_cannot_be_silenced(code: str) -> None:
    selection = Selection(ignore=("SC",), severity={"SC": Severity.NOTE})
    assert reported(code, selection)
    assert Policy(selection).severity_of(rules.rule(code)) is Severity.ERROR
    assert not reported("SC002", selection)


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (("SC2",), ("SC201",), False),
        (("SC201",), ("SC2",), True),
        (("SC201",), ("SC201",), False),
        (("SC20",), ("SC2",), True),
        (("SC2", "SC201"), ("SC20",), True),
        ((), ("SC2",), False),
    ],
)
def test_the_longest_prefix_wins(
    select: tuple[str, ...], ignore: tuple[str, ...], expected: bool
) -> None:
    assert reported("SC201", Selection(select, (), ignore)) is expected


def test_of_equal_ones_the_nearer_place_wins() -> None:
    select, ignore = Selection(select=("SC201",)), Selection(ignore=("SC201",))
    assert reported("SC201", ignore, select)
    assert not reported("SC201", select, ignore)


def test_a_nearer_select_replaces_a_farther_one() -> None:
    far, near = Selection(select=("SC2",)), Selection(select=("SC3",))
    assert not reported("SC201", far, near)
    assert reported("SC301", far, near)


def test_a_nearer_select_of_a_group_keeps_what_was_ignored_by_name() -> None:
    assert not reported("SC201", Selection(ignore=("SC201",)), Selection(select=("SC",)))


def test_severities() -> None:
    rule = rules.rule("SC201")
    assert Policy().severity_of(rule) is Severity.WARNING
    far = Selection(severity=read_severities({"SC2": "error", "SC201": "note"}))
    assert Policy(far).severity_of(rule) is Severity.NOTE
    near = Selection(severity=read_severities({"skipped-input": "error", "SC2": "error"}))
    assert Policy(far, near).severity_of(rule) is Severity.NOTE
    assert Policy(far, Selection(severity=read_severities({"SC201": "error"}))).severity_of(rule)
    assert Policy(near).severity_of(rules.rule("SC203")) is Severity.ERROR
    assert Policy(near).severity_of(rules.rule("SC301")) is Severity.WARNING


def test_a_wrong_severity() -> None:
    with pytest.raises(ValueError, match="fatal"):
        read_severities({"SC201": "fatal"})


def test_an_empty_list_selects_nothing() -> None:
    nothing = Selection(select=())
    assert not reported("SC201", nothing)
    assert reported("SC002", nothing)
    assert reported("SC900", nothing)
    assert reported("SC201", nothing, Selection(select=("SC2",)))
    assert not reported("SC201", Selection(select=("SC2",)), nothing)
    assert reported("SC320", nothing, Selection(extend_select=("SC320",)))


def test_what_is_never_reported_need_not_be_longer() -> None:
    """As ruff's per-file ignores: a command that selects a rule does not bring it back there."""
    legacy = Selection(never=("SC3",))
    assert not reported("SC301", legacy)
    assert not reported("SC301", legacy, Selection(select=("SC301",)))
    assert not reported("SC301", Selection(extend_select=("SC301",)), legacy)
    assert reported("SC201", legacy)
    assert reported("SC900", Selection(never=("SC",)))
