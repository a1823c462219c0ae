"""Small PyTorch models of one layer or a few, and what the checker says of them."""

from __future__ import annotations

from typing import Any

import yaml

import shapecalc
from shapecalc.layers.base import Layer


def model(
    shape: list[int],
    *layers: str,
    dtype: str = "float32",
    inputs: dict[str, list[int]] | None = None,
) -> dict[str, Any]:
    """The report on layers written in the spec language; ``inputs`` are further inputs."""
    spec: dict[str, Any] = {"layers": [yaml.safe_load(layer) for layer in layers]}
    given = {"shape": shape, "dtype": dtype}
    spec |= {"inputs": {"x": given, **inputs}} if inputs else {"input": given}
    (found,) = shapecalc.check(spec).to_dict()["models"]
    result: dict[str, Any] = found
    return result


def layer(shape: list[int], *layers: str, **rest: Any) -> dict[str, Any]:
    """The last layer of a model in which nothing is wrong."""
    found = model(shape, *layers, **rest)
    assert found["ok"], found["diagnostics"]
    last: dict[str, Any] = found["layers"][-1]
    return last


def figures(shape: list[int], *layers: str, **rest: Any) -> tuple[Any, Any, Any]:
    """(output shapes, parameters, MACs) of the last layer."""
    last = layer(shape, *layers, **rest)
    return last["output_shapes"], last["params"], last["macs"]


def complaints(shape: list[int], *layers: str, **rest: Any) -> list[tuple[str, str]]:
    """(code, field) of each error, the field without the layer's path."""
    found = model(shape, *layers, **rest)["diagnostics"]
    errors = [one for one in found if one["severity"] == "error"]
    return [(one["code"], one["path"].partition(".")[2]) for one in errors]


def example(cls: type[Layer]) -> tuple[Any, list[int]]:
    """The layer and the input shape of a type's example."""
    text, shape = cls.example
    return yaml.safe_load(text), [size or 0 for size in shape]
