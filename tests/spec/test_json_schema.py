"""The JSON Schema of the spec language: our own specs fit it, and mistakes do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from shapecalc.layers import catalogue
from shapecalc.spec.json_schema import spec_schema
from tests import zoo

SCHEMA = spec_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", zoo.NETWORKS, ids=lambda path: path.stem)
def test_our_specs_fit(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text("utf-8")):
        VALIDATOR.validate(document)


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_every_example_fits(framework: Any) -> None:
    for layer in catalogue(framework).types.values():
        VALIDATOR.validate({"input": [1], "layers": [yaml.safe_load(layer.example[0])]})


@pytest.mark.parametrize(
    "layer",
    [
        {"type": "conv2d", "out_chanels": 8, "kernel_size": 3},
        {"type": "conv2d", "kernel_size": 3},
        {"type": "conv2d", "out_channels": [8], "kernel_size": True},
        {"type": "residual", "body": "relu"},
        {"name": "x"},
        3,
    ],
)
def test_mistakes_do_not_fit(layer: object) -> None:
    assert not VALIDATOR.is_valid({"input": [3, 8, 8], "layers": [layer]})


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_no_type_takes_a_field_that_it_does_not_have(framework: Any) -> None:
    for layer in catalogue(framework).types.values():
        text = yaml.safe_load(layer.example[0])
        entry = {"type": text} if isinstance(text, str) else text
        assert not VALIDATOR.is_valid({"input": [1], "layers": [entry | {"kernal": 1}]}), entry


@pytest.mark.parametrize(
    "spec",
    [
        {"layers": [{"type": "sequential", "layers": [{"type": "relu", "x": 1}]}]},
        {"layers": [{"type": "parallel", "branches": [[], [{"type": "relu", "x": 1}]]}]},
        {"layers": ["b"], "blocks": {"b": {"layers": [{"type": "relu", "x": 1}]}}},
    ],
)
def test_mistakes_inside_do_not_fit(spec: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({"input": [3], **spec})


def test_a_model_needs_layers() -> None:
    assert VALIDATOR.is_valid({"vars": {"width": 8}})
    assert not VALIDATOR.is_valid({"input": [3], "name": "x"})
    assert not VALIDATOR.is_valid({"input": [3], "layerz": []})
