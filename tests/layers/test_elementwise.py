"""Functions of each cell, merges of several inputs, and reductions."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, figures, layer, model


@pytest.mark.parametrize(
    ("shape", "other", "text", "output"),
    [
        ([8, 4, 4], [8, 4, 4], "{type: add, from: [x, y]}", [8, 4, 4]),
        ([8, 4, 4], [8, 1, 1], "{type: multiply, from: [x, y]}", [8, 4, 4]),
        ([1, 4, 1], [8, 1, 4], "{type: subtract, from: [x, y]}", [8, 4, 4]),
        ([8, 4, 4], [1, 4, 4], "{type: maximum, from: [x, y, x]}", [8, 4, 4]),
        ([8, 4, 4], [8, 4, 4], "{type: average, from: [x, y]}", [8, 4, 4]),
        ([196, 64], [196, 64], "{type: stack, from: [x, y], dim: -1}", [196, 64, 2]),
        ([196, 64], [1, 64], "{type: concat, from: [x, y], dim: 1}", [197, 64]),
    ],
)
def test_merges(shape: list[int], other: list[int], text: str, output: list[int]) -> None:
    assert figures(shape, text, inputs={"y": other}) == ([output], 0, 0)


@pytest.mark.parametrize(
    ("shape", "other", "text", "found"),
    [
        ([8, 4, 4], [8, 4, 3], "{type: add, from: [x, y]}", "SC104"),
        # The last axes are aligned: the batch of the smaller one would meet the 8 of the other.
        ([8, 4, 4], [4, 4], "{type: add, from: [x, y]}", "SC104"),
        ([8, 4], [8, 3], "{type: stack, from: [x, y]}", "SC104"),
        ([8, 4], [8], "{type: stack, from: [x, y]}", "SC104"),
        ([8, 4], [8, 3], "{type: concat, from: [x, y], dim: 1}", "SC104"),
    ],
)
def test_merges_that_do_not_fit(shape: list[int], other: list[int], text: str, found: str) -> None:
    assert complaints(shape, text, inputs={"y": other}) == [(found, "from")]


def test_keras_aligns_the_batches() -> None:
    import shapecalc

    spec = {
        "framework": "keras",
        "inputs": {"x": [8, 4, 4], "y": [4, 4]},
        "layers": [{"type": "add", "from": ["x", "y"]}],
    }
    report = shapecalc.check(spec)
    assert report.ok, report.diagnostics
    assert list(report.models[0].outputs.values()) == [(8, 4, 4)]


@pytest.mark.parametrize(
    ("shape", "text", "output"),
    [
        ([3, 8], "{type: clamp, min: 0, max: 6}", [3, 8]),
        ([3, 8], "{type: normalize, dim: -1}", [3, 8]),
        ([512, 7, 7], "{type: mean, dim: [2, 3]}", [512]),
        ([512, 7, 7], "{type: mean, dim: [-1, -2], keepdim: true}", [512, 1, 1]),
        ([64, 8, 8], "{type: sum, dim: 1}", [8, 8]),
        ([64, 8, 8], "{type: amax, dim: 1, keepdim: true}", [1, 8, 8]),
        ([64, 8, 8], "{type: std, dim: [1, 2, 3]}", []),
        ([196, 64], "{type: vector_norm, dim: -1}", [196]),
        ([10], "{type: logsumexp, dim: 1, keepdim: true}", [1]),
    ],
)
def test_sizes(shape: list[int], text: str, output: list[int]) -> None:
    assert figures(shape, text) == ([output], 0, 0)


@pytest.mark.parametrize(
    ("text", "received", "given"),
    [
        ("{type: argmax, dim: 1}", "float32", "int64"),
        ("{type: sum, dim: 1}", "int32", "int64"),
        ("sqrt", "int64", "float32"),
        ("abs", "complex64", "float32"),
        ("{type: pow, exponent: 2}", "int64", "int64"),
        ("{type: pow, exponent: 0.5}", "int64", "float32"),
        ("{type: clamp, min: 0.5}", "int64", "float32"),
        ("{type: cast, dtype: float16}", "int64", "float16"),
        ("{type: to, dtype: bool}", "float32", "bool"),
        ("{type: divide, from: [input, input]}", "int64", "float32"),
    ],
)
def test_dtypes(text: str, received: str, given: str) -> None:
    assert layer([4], text, dtype=received)["output_dtypes"] == [given]


@pytest.mark.parametrize(
    ("text", "dtype", "found"),
    [
        ("{type: mean, dim: 0}", "float32", ("SC106", "dim")),
        ("{type: mean, dim: []}", "float32", ("SC106", "dim")),
        ("{type: mean, dim: [1, -1]}", "float32", ("SC106", "dim")),
        ("{type: mean, dim: 3}", "float32", ("SC106", "dim")),
        ("{type: mean, dim: 1}", "int64", ("SC109", "")),
        ("{type: normalize, dim: 1}", "int64", ("SC109", "")),
        ("{type: argmax, dim: 1}", "bool", ("SC109", "")),
        ("clamp", "float32", ("SC106", "")),
        ("{type: pow, exponent: -1}", "int64", ("SC106", "exponent")),
        ("{type: drop_path, p: 1.5}", "float32", ("SC106", "p")),
        ("{type: scale, num_features: 3}", "float32", ("SC101", "num_features")),
    ],
)
def test_what_is_refused(text: str, dtype: str, found: tuple[str, str]) -> None:
    assert complaints([4], text, dtype=dtype) == [found]


def test_scale_takes_the_channels_unless_told() -> None:
    assert layer([96, 7, 7], "scale")["weights"] == {"weight": [96]}
    tokens = layer([197, 768], "{type: layer_scale, dim: -1, bias: true}")
    assert tokens["weights"] == {"weight": [768], "bias": [768]}
    assert tokens["params"] == 2 * 768


def test_another_framework_s_names_are_told() -> None:
    found = model([4, 4], "{type: mean, axis: 1, keepdims: true}")["diagnostics"]
    assert [one["help"] for one in found if one["code"] == "SC002"][:2] == [
        "write dim instead of axis",
        "write keepdim instead of keepdims",
    ]


def test_an_unknown_size_spreads_no_further() -> None:
    broken = "{type: conv2d, name: c, out_channels: 8, kernel_size: 9}"
    found = model([3, 4, 4], broken, "{type: mean, dim: [2, 3]}", "{type: linear, out_features: 2}")
    assert [one["code"] for one in found["diagnostics"] if one["severity"] == "error"] == ["SC102"]
    assert found["layers"][-1]["output_shapes"] == [[2]]
