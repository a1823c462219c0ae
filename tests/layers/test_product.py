"""Products of tensors, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from tests.layers.support import complaints, figures


@pytest.mark.parametrize(
    ("shape", "other", "text", "output", "macs"),
    [
        ([12, 7, 6], [12, 6, 7], "{type: matmul, from: [x, y]}", [12, 7, 7], 12 * 7 * 6 * 7),
        ([12, 5, 4], [1, 4, 3], "{type: bmm, from: [x, y]}", [12, 5, 3], 12 * 5 * 4 * 3),
        ([5, 4], [4, 3], "{type: einsum, subscripts: 'bij,bjk->bik', from: [x, y]}", [5, 3], 60),
        ([5, 4], [5, 3], "{type: einsum, subscripts: 'bij,bik->bjk', from: [x, y]}", [4, 3], 60),
        ([8, 5, 4], [8, 3, 4], "{type: einsum, subscripts: '...qd,...kd->...qk', from: [x, y]}",
         [8, 5, 3], 8 * 5 * 4 * 3),
        ([5, 4], [3], "{type: einsum, subscripts: 'bij,bk->bik', from: [x, y]}", [5, 3], 0),
        ([5, 4], [3], "{type: einsum, subscripts: 'bij->bji', from: x}", [4, 5], 0),
    ],
)  # fmt: skip
def test_products(
    shape: list[int], other: list[int], text: str, output: list[int], macs: int
) -> None:
    assert figures(shape, text, inputs={"y": other}) == ([output], 0, macs)


@pytest.mark.parametrize(
    ("shape", "other", "text", "found"),
    [
        ([5, 4], [3, 4], "{type: matmul, from: [x, y]}", ("SC104", "from")),
        ([2, 5, 4], [3, 4, 6], "{type: matmul, from: [x, y]}", ("SC104", "from")),
        ([2, 5, 4], [4, 6], "{type: matmul, from: [x, y]}", ("SC104", "from")),
        ([5], [5], "{type: matmul, from: [x, y]}", ("SC103", "from")),
        ([5, 4], [3, 3], "{type: einsum, subscripts: 'bij,bjk->bik', from: [x, y]}",
         ("SC104", "from")),
        ([5, 4], [4, 3], "{type: einsum, subscripts: 'bij,bjk->ikb', from: [x, y]}",
         ("SC106", "subscripts")),
        ([5, 4], [4, 3], "{type: einsum, subscripts: 'ij,jk->ik', from: [x, y]}",
         ("SC103", "subscripts")),
        ([5, 4], [4, 3], "{type: einsum, subscripts: 'bij,bjk->bim', from: [x, y]}",
         ("SC106", "subscripts")),
        ([5, 4], [4, 3], "{type: einsum, subscripts: 'bij->bij', from: [x, y]}",
         ("SC106", "subscripts")),
        ([5, 4], [4, 3], "{type: einsum, subscripts: 'b1j->bj', from: x}",
         ("SC106", "subscripts")),
    ],
)  # fmt: skip
def test_products_that_do_not_fit(
    shape: list[int], other: list[int], text: str, found: tuple[str, str]
) -> None:
    assert complaints(shape, text, inputs={"y": other}) == [found]


ATTENTION = "{type: scaled_dot_product_attention, from: [x, k, v]}"


def test_attention() -> None:
    inputs = {"k": [12, 77, 64], "v": [12, 77, 32]}
    macs = 12 * 197 * 77 * (64 + 32)
    assert figures([12, 197, 64], ATTENTION, inputs=inputs) == ([[12, 197, 32]], 0, macs)


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"k": [12, 77, 60], "v": [12, 77, 64]}, "SC104"),
        ({"k": [12, 77, 64], "v": [12, 76, 64]}, "SC104"),
        ({"k": [4, 77, 64], "v": [4, 77, 64]}, "SC104"),
        ({"k": [77, 64], "v": [77, 64]}, "SC104"),
        ({"k": [64], "v": [77, 64]}, "SC103"),
    ],
)
def test_attention_that_does_not_fit(inputs: dict[str, list[int]], code: str) -> None:
    assert complaints([12, 197, 64], ATTENTION, inputs=inputs) == [(code, "from")]


def test_grouped_queries() -> None:
    grouped = ATTENTION.replace("from", "enable_gqa: true, from")
    inputs = {"k": [4, 77, 64], "v": [4, 77, 64]}
    assert figures([12, 197, 64], grouped, inputs=inputs)[0] == [[12, 197, 64]]
    inputs = {"k": [5, 77, 64], "v": [5, 77, 64]}
    assert complaints([12, 197, 64], grouped, inputs=inputs) == [("SC105", "from")]


def test_masks() -> None:
    masked = "{type: sdpa, from: [input, input, input, mask]}"
    for shape, dtype, codes in (
        ("[9, 9]", "bool", []),
        ("[1, 1, 9]", "float32", []),
        ("[9, 8]", "bool", ["SC104"]),
        ("[9, 9]", "int64", ["SC109"]),
    ):
        mask = f"{{type: constant, name: mask, shape: {shape}, dtype: {dtype}}}"
        assert [code for code, _ in complaints([4, 9, 16], mask, masked)] == codes


@pytest.mark.parametrize(
    ("shape", "other", "axes", "output"),
    [
        ([5, 4], [3, 4], 2, (5, 3)),
        ([5, 4], [4, 3], [2, 1], (5, 3)),
        ([4], [4], -1, (1,)),
        ([5, 4], [4], [2, 1], (5,)),
        ([5, 4], [3, 3], 2, None),
        ([5, 4], [5, 4], 0, None),
    ],
)
def test_dot_of_keras(
    shape: list[int], other: list[int], axes: Any, output: tuple[int, ...] | None
) -> None:
    spec = {
        "framework": "keras",
        "inputs": {"x": shape, "y": other},
        "layers": [{"type": "dot", "axes": axes, "from": ["x", "y"]}],
    }
    report = shapecalc.check(spec)
    assert report.ok == (output is not None)
    if output:
        assert list(report.models[0].outputs.values()) == [output]
        assert report.models[0].layers[0].macs == 4 * max(1, output[0]) * (*output, 1)[1]
