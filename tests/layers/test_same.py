"""TensorFlow's ``same`` padding, and antialiased downsampling."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.layers import catalogue
from shapecalc.layers.base import Call, Tensor
from tests.layers.support import complaints, figures, layer


@pytest.mark.parametrize(
    ("shape", "text", "output"),
    [
        ([3, 224, 224], "{type: conv2d_same, out_channels: 8, kernel_size: 3, stride: 2}",
         [8, 112, 112]),
        ([3, 7, 8], "{type: conv2d_same, out_channels: 8, kernel_size: 5, stride: 3}", [8, 3, 3]),
        ([3, 6], "{type: conv1d_same, out_channels: 8, kernel_size: 1, stride: 2}", [8, 3]),
        ([3, 7, 8], "{type: max_pool2d_same, kernel_size: 2}", [3, 4, 4]),
        ([3, 7, 8], "{type: avg_pool2d_same, kernel_size: 3, stride: 1}", [3, 7, 8]),
        ([3, 7, 8], "{type: conv_same, out_channels: 8, kernel_size: 3}", None),
        ([3, 56, 57], "blur_pool2d", [3, 28, 29]),
        ([3, 56], "{type: blur_pool1d, kernel_size: 5, stride: 3}", [3, 19]),
        ([3, 56], "blur_pool", [3, 28]),
    ],
)  # fmt: skip
def test_sizes(shape: list[int], text: str, output: list[int] | None) -> None:
    if output is None:
        assert complaints(shape, text) == [("SC003", "type")]
    else:
        assert figures(shape, text)[0] == [output]


def test_weights_and_costs() -> None:
    text = "{type: conv2d_same, out_channels: 32, kernel_size: 3, stride: 2, bias: false}"
    found = layer([3, 224, 224], text)
    assert found["weights"] == {"weight": [32, 3, 3, 3]}
    assert found["macs"] == 112 * 112 * 32 * 27
    assert layer([3, 224, 224], "blur_pool2d")["macs"] == 3 * 112 * 112 * 9


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "before", "after"),
    [(224, 3, 2, 0, 1), (7, 3, 2, 1, 1), (8, 4, 1, 1, 2), (6, 1, 2, 0, 0)],
)
def test_windows(n: int, kernel: int, stride: int, before: int, after: int) -> None:
    cls = catalogue("pytorch").types["conv1d_same"]
    conv = cls(out_channels=1, kernel_size=kernel, stride=stride)
    (window,) = conv.windows(Call((Tensor((1, n)),))) or ()
    assert window is not None
    assert (window.before, window.after, window.out) == (before, after, -(-n // stride))


def test_rounding_up_does_not_matter() -> None:
    spec = {
        "input": [3, 6],
        "rounding": "ceil",
        "layers": [{"type": "conv1d_same", "out_channels": 8, "kernel_size": 1, "stride": 2}],
        "expect": [8, 3],
    }
    assert shapecalc.check(spec).ok


@pytest.mark.parametrize(
    ("shape", "text", "found"),
    [
        ([3, 8], "{type: conv1d_same, out_channels: 8, kernel_size: 3, padding: 1}",
         ("SC002", "padding")),
        ([3, 8], "{type: conv1d_same, out_channels: 8, kernel_size: 0}", ("SC106", "kernel_size")),
        ([3, 8], "{type: conv1d_same, out_channels: 8, kernel_size: 3, groups: 2}",
         ("SC105", "groups")),
        ([3, 8], "{type: max_pool2d_same, kernel_size: 3}", ("SC103", "")),
        ([3, 2], "{type: blur_pool1d, kernel_size: 5}", ("SC106", "kernel_size")),
        ([3, 8], "{type: blur_pool1d, channels: 4}", ("SC101", "channels")),
    ],
)  # fmt: skip
def test_what_is_refused(shape: list[int], text: str, found: tuple[str, str]) -> None:
    assert complaints(shape, text) == [found]
