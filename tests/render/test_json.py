"""Reports keep the JSON contract that ``report.schema.json`` writes down."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import shapecalc
from shapecalc import render
from shapecalc.checker import check_source
from shapecalc.report import VERSION, Report
from shapecalc.spec.source import Source
from tests import gallery

SCHEMA = json.loads(files("shapecalc.render").joinpath("report.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
REAL = sorted(gallery.FOLDER.parent.glob("*.yaml"))
EXAMPLES = [*REAL, *gallery.specs()]

#: Layers (on an input of 8×16×16) whose wrong numbers must not become sizes, weights or counts.
NONSENSE = [
    "{type: upsample, scale_factor: -1}",
    "{type: conv2d, out_channels: 0, kernel_size: 3}",
    "{type: conv2d, out_channels: -4, kernel_size: 0}",
    "{type: conv2d, in_channels: -8, out_channels: 4, kernel_size: 3}",
    "{type: batch_norm2d, num_features: -4}",
    "{type: linear, out_features: -5}",
    "{type: reshape, shape: [0, -1]}",
    "{type: center_crop, size: -1}",
    "{type: adaptive_avg_pool2d, output_size: -2}",
    "{type: relu, expect: [-1, 0, 16]}",
]


def printed(report: Report) -> Any:
    return json.loads(render.render(report, "json"))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["version"]["const"] == VERSION


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda spec: spec.stem)
def test_reports_fit(spec: Path) -> None:
    report = shapecalc.check(spec)
    VALIDATOR.validate(printed(report))
    assert printed(report) == report.to_dict()


@pytest.mark.parametrize(
    "layer",
    NONSENSE,
)
def test_nonsense_fits(layer: str) -> None:
    text = f"input: [8, 16, 16]\nlayers:\n  - {layer}\n  - {{type: linear, out_features: 2}}\n"
    report = Report((check_source(Source("nonsense.yaml", text)),))
    assert not report.ok
    VALIDATOR.validate(printed(report))


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all mappings in a report that are no free mappings of names."""
    found: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        if not path or path[-1] not in ("outputs", "weights"):
            found.append(path)
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list) and value:
        found += places(value[0], (*path, 0))
    return found


def test_the_schema_is_strict() -> None:
    """A key more or less, anywhere, does not fit: the contract is all there is."""
    spec = gallery.FOLDER / "block_used_often.yaml"
    whole = shapecalc.check(spec).to_dict()
    paths = places(whole)
    assert len(paths) >= 6
    for path in paths:
        key_count = len(_at(whole, path))
        for position in range(-1, key_count):
            changed = copy.deepcopy(whole)
            target = _at(changed, path)
            if position < 0:
                target["surprise"] = 1
            else:
                del target[list(target)[position]]
            assert not VALIDATOR.is_valid(changed), (path, position)


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def test_what_is_forgotten_is_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    report = shapecalc.check(gallery.FOLDER.parent / "resnet18.yaml")
    text = render.render(report, "json")
    monkeypatch.setattr("shapecalc.render._json.REMEMBERED", 2)
    assert render.render(report, "json") == text
