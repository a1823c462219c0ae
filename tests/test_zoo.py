"""Published networks: their totals, and that each finding about them has been judged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shapecalc.diagnostics import Severity
from tests import zoo

TOTAL = re.compile(r"([\d,]+) parameters")


@pytest.mark.parametrize("path", zoo.NETWORKS, ids=lambda path: path.stem)
def test_totals(path: Path) -> None:
    """The total in a model's description is that of its source, and what we compute."""
    assert path.read_text(encoding="utf-8").startswith("# "), "a comment names the source"
    for model in zoo.report(path).models:
        total = TOTAL.search(model.spec.description)
        assert total or path.parent.name != "zoo", "the description says how many parameters"
        if total:
            assert model.total("params").value == int(total[1].replace(",", ""))


def test_no_errors() -> None:
    assert not [one for one in zoo.diagnostics() if one.severity is Severity.ERROR]


def test_every_finding_is_judged() -> None:
    """The page lists what the linter says, each finding with why it is true."""
    assert zoo.page() == zoo.PAGE.read_text(encoding="utf-8"), "python -m tests.zoo"
    assert [key for key, why in zoo.reasons().items() if not why] == []
    assert set(zoo.reasons()) == set(zoo.findings())


def test_what_specs_silence_is_judged_too() -> None:
    silenced = [path.name for path in zoo.NETWORKS if "ignore: " in path.read_text("utf-8")]
    listed = {key.spec for key in zoo.findings()}
    assert silenced
    assert set(silenced) <= listed


def test_twenty_further_networks() -> None:
    assert len([path for path in zoo.NETWORKS if path.parent.name == "zoo"]) >= 20
