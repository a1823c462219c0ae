"""GitHub's workflow commands, read back as the runner reads them."""

from __future__ import annotations

import re

import pytest

import shapecalc
from shapecalc import render
from shapecalc.checker import check_source
from shapecalc.report import Report
from shapecalc.spec.source import Source
from tests import gallery
from tests.render import hostile

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def unescape(text: str, more: bool = False) -> str:
    """The runner's order: the escape of the per cent sign last."""
    pairs = [("%0D", "\r"), ("%0A", "\n"), *([("%3A", ":"), ("%2C", ",")] if more else [])]
    for escape, character in [*pairs, ("%25", "%")]:
        text = text.replace(escape, character)
    return text


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in text.splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = (pair.partition("=") for pair in match[2].split(","))
        properties = {name: unescape(value, more=True) for name, _, value in pairs}
        found.append((match[1], properties, unescape(match[3])))
    return found


def of(text: str) -> Report:
    return Report((check_source(Source("specs/a,b:c.yaml", text)),))


def test_an_error() -> None:
    report = of("input: [3]\nlayers:\n  - {type: linear, in_features: 4, out_features: 1}\n")
    assert render.render(report, "github") == (
        "::error file=specs/a%2Cb%3Ac.yaml,line=3,col=20,endLine=3,endColumn=34,"
        "title=SC101 channel-mismatch::linear layer 1: in_features is 4, the input has 3"
        "%0Asizes: 3%0Ahelp: write in_features: 3, or leave it out to have it inferred"
    ) or commands(render.render(report, "github"))[0][1] == {
        "file": "specs/a,b:c.yaml", "line": "3", "col": "20", "endLine": "3", "endColumn": "34",
        "title": "SC101 channel-mismatch",
    }  # fmt: skip


def test_severities_and_counts() -> None:
    for spec in gallery.specs():
        report = shapecalc.check(spec)
        found = commands(render.render(report, "github"))
        words = {"error": "error", "warning": "warning", "note": "notice"}
        assert [one[0] for one in found] == [words[one.severity] for one in report.diagnostics]
        assert [one[1]["line"] for one in found] == [str(one.line) for one in report.diagnostics]


def test_columns_only_within_a_line() -> None:
    found = commands(render.render(of("input: [3]\nlayers:\n  - a: 1\n    b: 2\n"), "github"))
    for _, properties, _ in found:
        one_line = properties["line"] == properties["endLine"]
        assert ("col" in properties) == ("endColumn" in properties) == one_line


def test_nothing_found_prints_nothing() -> None:
    assert render.render(of("input: [3]\nlayers: [relu]\n"), "github") == ""


@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str) -> None:
    report = hostile.report(name)
    text = render.render(report, "github")
    found = commands(text)
    assert len(found) == len(report.diagnostics)
    assert {one[1]["title"][:2] for one in found} == {"SC"}
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    keys = {"file", "line", "col", "endLine", "endColumn", "title"}
    assert all(one[1].keys() <= keys for one in found)
