"""A map is sampled down without a blur.

What it does: reports strided convolutions and strided max pools that do not follow a blur: an
average pool of stride 1, a `blur_pool2d`, or a frozen depthwise convolution. Off unless selected.

Why is this bad: sampling without a low-pass filter aliases; the output changes when the input moves
by a pixel (Zhang: "Making Convolutional Networks Shift-Invariant Again", 2019, arXiv:1904.11486).

Use instead: stride 1, then a strided blur; an average pool for the shortcut of a residual.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph, Node
from shapecalc.rules._flow import CONV, IDENTITY, MAX_POOL, Kind, flow, previous
from shapecalc.rules.base import Found

SEVERITY = "warning"
DEFAULT = False
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 4, stride: 2, padding: 1}
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3, padding: 1}
  - {type: avg_pool2d, kernel_size: 2}
"""


BLUR = Kind(r"avg_pool[123]d(_same)?|blur_pool[123]d")

SLIDING = CONV | MAX_POOL


def check(graph: Graph) -> Iterator[Found]:
    """Strides without a low-pass filter."""
    for node in flow(graph).of(SLIDING):
        windows = node.inference.windows if node.inference else None
        strides = [window.stride for window in windows or () if window and window.stride > 1]
        before = previous(node, IDENTITY) if strides else None
        if strides and not _is_blur(node) and not (before and _is_blur(before)):
            yield Found(
                node,
                f"the stride of {strides[0]} samples without a blur",
                "stride",
                "use a stride of 1, and a blur_pool2d after it",
            )


def _is_blur(node: Node) -> bool:
    """Whether it is a fixed low-pass filter."""
    if node in BLUR:
        return True
    groups = getattr(node.layer, "groups", 1)
    return node in CONV and not node.trainable and (groups > 1 or "depthwise" in node.type)
