"""Comma-separated values: one row a layer, and no formulas."""

from __future__ import annotations

import csv
import io

import pytest

import shapecalc
from shapecalc import render
from shapecalc.report import Report
from tests import gallery
from tests.render import hostile


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render.render(report, "csv")), strict=True))


def test_a_network() -> None:
    report = shapecalc.check(gallery.FOLDER.parent / "lenet5.yaml")
    found = rows(report)
    assert len(found) == len(report.models[0].layers) == 12
    assert found[0]["path"] == "layers[0]"
    assert found[0]["name"] == "c1"
    assert found[0]["input_shapes"] == "1x32x32"
    assert found[0]["output_shapes"] == "6x28x28"
    assert sum(int(row["params"]) for row in found) == 61_706
    assert sum(int(row["macs"]) for row in found) == report.models[0].total("macs").value


def test_unknown_is_empty() -> None:
    layers: list[object] = ["nonesuch", {"type": "linear", "out_features": 2}]
    report = shapecalc.check({"input": [3], "layers": layers})
    assert [row["params"] for row in rows(report)] == ["", ""]


@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str) -> None:
    report = hostile.report(name)
    text = render.render(report, "csv")
    assert hostile.is_tame(text)
    found = rows(report)
    assert len(found) == sum(len(model.layers) for model in report.models)
    for row in found:
        assert None not in row
        assert not any(value.lstrip().startswith(("=", "+", "-", "@")) for value in row.values())
