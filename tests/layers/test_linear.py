"""Dense layers of one and two inputs, distances, and weights computed from others."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, figures, layer


def test_bilinear() -> None:
    text = "{type: bilinear, out_features: 5, from: [x, other]}"
    outputs, params, macs = figures([4, 10], text, inputs={"other": [4, 6]})
    assert (outputs, params, macs) == ([[4, 5]], 10 * 6 * 5 + 5, 4 * 10 * 6 * 5)
    assert complaints([4, 10], text, inputs={"other": [3, 6]}) == [("SC104", "from")]
    assert complaints([4, 10], text, inputs={"other": [6]}) == [("SC104", "from")]


def test_declared_sizes_of_a_bilinear() -> None:
    text = "{type: bilinear, in1_features: 6, in2_features: 6, out_features: 5, from: [x, other]}"
    found = complaints([4, 10], text, inputs={"other": [4, 6]})
    assert found == [("SC101", "in1_features")]


@pytest.mark.parametrize(
    ("text", "other", "output"),
    [
        ("{type: cosine_similarity, from: [x, other]}", [3, 4], [4]),
        ("{type: cosine_similarity, dim: 2, from: [x, other]}", [1, 4], [3]),
        ("{type: cosine_similarity, dim: -1, from: [x, other]}", [3, 1], [3]),
        ("{type: pairwise_distance, from: [x, other]}", [3, 4], [3]),
        ("{type: pairwise_distance, keepdim: true, from: [x, other]}", [1, 4], [3, 1]),
    ],
)
def test_distances(text: str, other: list[int], output: list[int]) -> None:
    assert figures([3, 4], text, inputs={"other": other}) == ([output], 0, 0)


def test_distances_that_do_not_fit() -> None:
    for name in ("cosine_similarity", "pairwise_distance"):
        text = f"{{type: {name}, from: [x, other]}}"
        assert complaints([3, 4], text, inputs={"other": [3, 5]}) == [("SC104", "from")]
        assert complaints([3, 4], text, inputs={"other": [4]}) == [("SC104", "from")]
    text = "{type: cosine_similarity, dim: 0, from: [x, other]}"
    assert complaints([3, 4], text, inputs={"other": [3, 4]}) == [("SC106", "dim")]


WEIGHT = "parametrizations.weight.original"


@pytest.mark.parametrize(
    ("shape", "text", "weights"),
    [
        (
            [3, 8, 8],
            "{type: conv2d, out_channels: 4, kernel_size: 2, parametrization: weight_norm}",
            {f"{WEIGHT}0": [4, 1, 1, 1], f"{WEIGHT}1": [4, 3, 2, 2], "bias": [4]},
        ),
        (
            [3, 8, 8],
            "{type: conv_transpose2d, out_channels: 4, kernel_size: 2, "
            "parametrization: weight_norm}",
            {f"{WEIGHT}0": [3, 1, 1, 1], f"{WEIGHT}1": [3, 4, 2, 2], "bias": [4]},
        ),
        (
            [3],
            "{type: linear, out_features: 4, bias: false, parametrization: spectral_norm}",
            {WEIGHT: [4, 3]},
        ),
    ],
)
def test_parametrizations(shape: list[int], text: str, weights: dict[str, list[int]]) -> None:
    assert layer(shape, text)["weights"] == weights


def test_a_parametrization_costs_nothing_more() -> None:
    plain = "{type: conv2d, out_channels: 4, kernel_size: 2%s}"
    _, params, macs = figures([3, 8, 8], plain % "")
    normed = figures([3, 8, 8], plain % ", parametrization: weight_norm")
    assert normed[1:] == (params + 4, macs)


def test_lazy_names() -> None:
    assert layer([3, 8, 8], "{type: LazyConv2d, out_channels: 4, kernel_size: 2}")["params"] == 52
    assert layer([3], "{type: lazy_linear, out_features: 4}")["params"] == 16
    assert layer([3, 8, 8], "LazyBatchNorm2d")["params"] == 6
