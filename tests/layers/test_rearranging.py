"""Pixels and channels, windows and columns."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, figures, layer


@pytest.mark.parametrize(
    ("shape", "text", "output"),
    [
        ([64, 16, 16], "{type: pixel_shuffle, upscale_factor: 2}", [16, 32, 32]),
        ([5, 18, 4, 4], "{type: pixel_shuffle, upscale_factor: 3}", [5, 2, 12, 12]),
        ([3, 32, 32], "{type: pixel_unshuffle, downscale_factor: 4}", [48, 8, 8]),
        ([3, 5, 5], "{type: unfold, kernel_size: 3}", [27, 9]),
        ([3, 32, 32], "{type: unfold, kernel_size: [4, 2], stride: [4, 2]}", [24, 128]),
        ([27, 9], "{type: fold, output_size: 5, kernel_size: 3}", [3, 5, 5]),
        ([48, 64], "{type: fold, output_size: 32, kernel_size: 4, stride: 4}", [3, 32, 32]),
    ],
)
def test_sizes(shape: list[int], text: str, output: list[int]) -> None:
    assert figures(shape, text) == ([output], 0, 0)


@pytest.mark.parametrize(
    ("shape", "text", "found"),
    [
        ([6, 4, 4], "{type: pixel_shuffle, upscale_factor: 2}", ("SC105", "upscale_factor")),
        ([4, 4, 4], "{type: pixel_shuffle, upscale_factor: 0}", ("SC106", "upscale_factor")),
        ([4, 4], "{type: pixel_shuffle, upscale_factor: 2}", ("SC103", "")),
        ([4, 5, 4], "{type: pixel_unshuffle, downscale_factor: 2}", ("SC105", "downscale_factor")),
        ([3, 3, 3], "{type: unfold, kernel_size: 4, stride: 2}", ("SC102", "kernel_size")),
        ([3, 3], "{type: unfold, kernel_size: 2}", ("SC103", "")),
        ([3, 5, 5], "{type: unfold, kernel_size: [3, 3, 3]}", ("SC106", "kernel_size")),
        ([26, 9], "{type: fold, output_size: 5, kernel_size: 3}", ("SC105", "kernel_size")),
        ([27, 8], "{type: fold, output_size: 5, kernel_size: 3}", ("SC107", "output_size")),
        ([27, 9], "{type: fold, output_size: 2, kernel_size: 3}", ("SC102", "kernel_size")),
        ([27, 9], "{type: fold, output_size: 0, kernel_size: 3}", ("SC106", "output_size")),
    ],
)
def test_what_is_refused(shape: list[int], text: str, found: tuple[str, str]) -> None:
    assert complaints(shape, text) == [found]


def test_both_sides_of_a_pixel_unshuffle_are_named() -> None:
    text = "{type: pixel_unshuffle, downscale_factor: 2}"
    assert complaints([4, 5, 7], text) == [("SC105", "downscale_factor")]


def test_columns_and_back() -> None:
    windows = "kernel_size: 3, stride: 2, padding: 1, dilation: 2"
    unfold = f"{{type: unfold, {windows}}}"
    fold = f"{{type: fold, output_size: [9, 7], {windows}}}"
    assert layer([5, 9, 7], unfold, fold)["output_shapes"] == [[5, 9, 7]]
