"""Activations: what they take, and the arguments that PyTorch refuses."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, layer

ANY = ("hardtanh", "hardshrink", "softshrink", "tanhshrink", "softsign", "log_sigmoid", "celu")


@pytest.mark.parametrize("name", ANY)
def test_shape_is_kept(name: str) -> None:
    assert layer([3, 8, 8], name)["output_shapes"] == [[3, 8, 8]]


@pytest.mark.parametrize(
    ("shape", "text", "output"),
    [
        ([64, 8, 8], "{type: glu, dim: 1}", [32, 8, 8]),
        ([64, 8, 8], "glu", [64, 8, 4]),
        ([21, 4, 4], "softmax2d", [21, 4, 4]),
        ([4], "{type: threshold, threshold: 0.1, value: 20}", [4]),
    ],
)
def test_sizes(shape: list[int], text: str, output: list[int]) -> None:
    assert layer(shape, text)["output_shapes"] == [output]


@pytest.mark.parametrize(
    ("shape", "text", "found"),
    [
        ([3, 8, 8], "{type: glu, dim: 1}", ("SC105", "dim")),
        ([4, 8, 8], "{type: glu, dim: 0}", ("SC106", "dim")),
        ([4], "{type: hardtanh, min_val: 1.0}", ("SC106", "max_val")),
        ([4], "{type: softshrink, lambd: -0.5}", ("SC106", "lambd")),
        ([4], "{type: celu, alpha: 0.0}", ("SC106", "alpha")),
        ([4], "{type: rrelu, lower: 0.5}", ("SC106", "lower")),
        ([4, 4], "softmax2d", ("SC103", "")),
        ([4], "{type: threshold, threshold: 1}", ("SC002", "")),
    ],
)
def test_what_is_refused(shape: list[int], text: str, found: tuple[str, str]) -> None:
    assert complaints(shape, text) == [found]


@pytest.mark.parametrize("name", ["hardshrink", "glu", "softmax2d", "celu", "log_sigmoid"])
def test_floats_only(name: str) -> None:
    assert complaints([4, 4, 4], name, dtype="int64") == [("SC109", "")]


@pytest.mark.parametrize(("name", "makes_floats"), [("tanhshrink", True), ("hardtanh", False)])
def test_integers(name: str, makes_floats: bool) -> None:
    dense = "{type: linear, out_features: 2}"
    found = complaints([4], name, dense, dtype="int64")
    assert found == ([] if makes_floats else [("SC109", "")])
