"""JSON lines: findings first, then the models."""

from __future__ import annotations

import json

import pytest

import shapecalc
from shapecalc import render
from tests import gallery
from tests.render import hostile


@pytest.mark.parametrize("spec", gallery.specs(), ids=lambda spec: spec.stem)
def test_lines(spec: object) -> None:
    report = shapecalc.check(str(spec))
    lines = [json.loads(line) for line in render.render(report, "jsonl").splitlines()]
    diagnostics = [line for line in lines if line["kind"] == "diagnostic"]
    models = [line for line in lines if line["kind"] == "model"]
    assert lines == diagnostics + models
    wanted = [found.to_dict() for found in report.diagnostics]
    assert [{key: line[key] for key in wanted[0]} for line in diagnostics] == wanted
    for line, model in zip(models, report.models, strict=True):
        whole = model.to_dict()
        assert line == {"kind": "model", **{key: whole[key] for key in line if key != "kind"}}
        assert "totals" in line
        assert "layers" not in line


@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str) -> None:
    report = hostile.report(name)
    text = render.render(report, "jsonl")
    assert text.isascii()
    assert hostile.is_tame(text)
    lines = [json.loads(line) for line in text.split("\n")]
    assert len(lines) == len(report.diagnostics) + len(report.models)
