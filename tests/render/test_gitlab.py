"""GitLab's code-quality report: the keys that it asks for, and fingerprints that last."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shapecalc import render
from shapecalc.checker import check_source
from shapecalc.report import Report
from shapecalc.spec.source import Source
from tests.render import hostile

SPEC = "input: [3]\nlayers:\n  - {type: linear, name: fc, in_features: 4, out_features: 1}\n"


def issues(text: str) -> Any:
    return json.loads(render.render(Report((check_source(Source("a.yaml", text)),)), "gitlab"))


def test_an_issue() -> None:
    (issue,) = issues(SPEC)
    fingerprint = issue.pop("fingerprint")
    assert issue.pop("description").startswith("SC101: linear `fc`: in_features is 4")
    assert issue == {
        "check_name": "channel-mismatch",
        "severity": "major",
        "location": {"path": "a.yaml", "lines": {"begin": 3, "end": 3}},
    }
    assert len(fingerprint) == 32


def test_fingerprints_know_no_lines() -> None:
    moved = SPEC.replace("layers:\n", "# a\n# comment\nlayers:\n  - relu\n")
    (before,), (after,) = issues(SPEC), issues(moved)
    assert before["location"] != after["location"]
    assert before["fingerprint"] == after["fingerprint"]
    (other,) = issues(SPEC.replace("fc", "fd"))
    assert other["fingerprint"] != before["fingerprint"]


def test_fingerprints_differ() -> None:
    layer = "  - {type: linear, in_features: 4, out_features: 3}\n"
    found = issues("lint: {select: [SC1]}\ninput: [3]\nlayers:\n" + layer * 3)
    assert len({issue["fingerprint"] for issue in found}) == len(found) == 3


def test_nothing_found_is_an_empty_list() -> None:
    assert issues("input: [3]\nlayers: [relu]\n") == []


@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str) -> None:
    text = hostile.rendered(name, "gitlab")
    assert text.isascii()
    assert hostile.is_tame(text)
    found = json.loads(text)
    assert len(found) == len(hostile.report(name).diagnostics)
    assert len({issue["fingerprint"] for issue in found}) == len(found)
    for issue in found:
        assert hostile.is_tame(issue["location"]["path"].replace("::", "").replace("##", ""))
