"""Pools beside max and mean, and what undoes them."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, layer


@pytest.mark.parametrize(
    ("shape", "text", "output"),
    [
        ([16, 100], "{type: lp_pool1d, norm_type: 2, kernel_size: 3}", [16, 33]),
        ([16, 8, 8], "{type: lp_pool2d, norm_type: 1, kernel_size: 3, stride: 2}", [16, 3, 3]),
        ([2, 8, 8], "{type: lp_pool2d, norm_type: 2, kernel_size: 3, ceil_mode: true}", [2, 3, 3]),
        ([8, 4, 4, 4], "{type: lp_pool3d, norm_type: 2, kernel_size: 2}", [8, 2, 2, 2]),
        (
            [16, 50, 32],
            "{type: fractional_max_pool2d, kernel_size: 3, output_ratio: 0.5}",
            [16, 25, 16],
        ),
        (
            [16, 50, 32],
            "{type: fractional_max_pool2d, kernel_size: 2, output_size: [13, 12]}",
            [16, 13, 12],
        ),
        (
            [4, 9, 9, 9],
            "{type: fractional_max_pool3d, kernel_size: 3, output_size: 6}",
            [4, 6, 6, 6],
        ),
        (
            [4, 9, 9, 9],
            "{type: avg_pool3d, kernel_size: 3, padding: 1, divisor_override: 2}",
            [4, 3, 3, 3],
        ),
    ],
)
def test_sizes(shape: list[int], text: str, output: list[int]) -> None:
    assert layer(shape, text)["output_shapes"] == [output]


def test_indices_are_output_1() -> None:
    for text in (
        "{type: max_pool2d, kernel_size: 2, return_indices: true}",
        "{type: adaptive_max_pool2d, output_size: 4, return_indices: true}",
        "{type: fractional_max_pool2d, kernel_size: 2, output_size: 4, return_indices: true}",
    ):
        assert layer([3, 8, 8], text)["output_shapes"] == [[3, 4, 4]] * 2


@pytest.mark.parametrize(
    ("shape", "text", "found"),
    [
        ([2, 8, 8], "{type: lp_pool2d, norm_type: 0, kernel_size: 2}", ("SC106", "norm_type")),
        ([2, 8], "{type: lp_pool1d, norm_type: 2, kernel_size: [2]}", ("SC002", "kernel_size")),
        ([2, 2, 8, 8], "{type: lp_pool3d, norm_type: 2, kernel_size: 3}", ("SC102", "kernel_size")),
        ([2, 2, 8, 8], "{type: avg_pool3d, kernel_size: 3, padding: 1}", ("SC102", "kernel_size")),
        (
            [2, 8, 8],
            "{type: avg_pool2d, kernel_size: 2, divisor_override: 0}",
            ("SC106", "divisor_override"),
        ),
        (
            [2, 4, 4],
            "{type: fractional_max_pool2d, kernel_size: 2, output_size: 4}",
            ("SC102", "kernel_size"),
        ),
        ([2, 8, 8], "{type: fractional_max_pool2d, kernel_size: 2}", ("SC106", "")),
        (
            [2, 8, 8],
            "{type: fractional_max_pool2d, kernel_size: 2, output_ratio: 1.0}",
            ("SC106", "output_ratio"),
        ),
        (
            [2, 4, 4, 4],
            "{type: fractional_max_pool3d, kernel_size: 1, output_size: 4}",
            ("SC102", "kernel_size"),
        ),
    ],
)
def test_what_is_refused(shape: list[int], text: str, found: tuple[str, str]) -> None:
    assert complaints(shape, text) == [found]


POOL = "{type: max_pool2d, name: pool, kernel_size: 2, return_indices: true}"


@pytest.mark.parametrize(
    ("unpool", "output"),
    [
        ("kernel_size: 2, indices: pool.1", [3, 8, 8]),
        ("kernel_size: 3, stride: 2, indices: pool.1", [3, 9, 9]),
        ("kernel_size: 2, output_size: [9, 8], indices: pool.1", [3, 9, 8]),
    ],
)
def test_unpooling(unpool: str, output: list[int]) -> None:
    text = f"{{type: max_unpool2d, {unpool}}}"
    assert layer([3, 9, 8], POOL, text)["output_shapes"] == [output]


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([POOL, "{type: max_unpool2d, kernel_size: 2}"], ("SC002", "")),
        ([POOL, "{type: max_unpool2d, kernel_size: 2, indices: pool.0}"], ("SC109", "indices")),
        ([POOL, "{type: max_unpool2d, kernel_size: 2, indices: poll.1}"], ("SC006", "indices")),
        (
            [POOL, "{type: max_unpool2d, kernel_size: 2, output_size: 10, indices: pool.1}"],
            ("SC106", "output_size"),
        ),
        (
            [POOL, "{type: max_unpool2d, kernel_size: 2, padding: 2, indices: pool.1}"],
            ("SC106", "padding"),
        ),
        (
            [
                POOL,
                "{type: max_pool2d, kernel_size: 2}",
                "{type: max_unpool2d, kernel_size: 2, indices: pool.1}",
            ],
            ("SC104", "indices"),
        ),
    ],
)
def test_unpooling_without_the_pool(layers: list[str], found: tuple[str, str]) -> None:
    assert complaints([3, 8, 8], *layers) == [found]
