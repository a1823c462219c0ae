"""A transposed convolution whose kernel its stride does not divide.

What it does: reports a learned transposed convolution with a stride above 1 that writes to some
cells of the output more often than to others.

Why is this bad: with a kernel of 3 and a stride of 2, every other row and column gets twice as many
contributions. The network has to learn to cancel that out, mostly does not, and the images show a
checkerboard (Odena, Dumoulin, Olah: "Deconvolution and Checkerboard Artifacts", Distill, 2016).

Use instead: a kernel that is a multiple of the stride (4 for a stride of 2), or an `upsample` and a
convolution. Frozen layers (bilinear upsampling) are not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from shapecalc.graph import Graph
from shapecalc.layers.base import AXES
from shapecalc.rules._flow import TRANSPOSED_CONV, flow
from shapecalc.rules.base import Found
from shapecalc.sizes import TransposedWindow

SEVERITY = "warning"
FAILS = """
input: [64, 16, 16]
layers:
  - {type: conv_transpose2d, out_channels: 32, kernel_size: 3, stride: 2, padding: 1,
     output_padding: 1}
"""
PASSES = """
input: [64, 16, 16]
layers:
  - {type: conv_transpose2d, out_channels: 32, kernel_size: 4, stride: 2, padding: 1}
"""


def check(graph: Graph) -> Iterator[Found]:
    """Transposed convolutions that write unevenly."""
    for node in flow(graph).of(TRANSPOSED_CONV):
        if not node.trainable or node.inference is None:
            continue
        windows = node.inference.transposed_windows or ()
        uneven = [axis for axis, window in enumerate(windows) if window and _is_uneven(window)]
        if uneven:
            window = windows[uneven[0]]
            assert window is not None
            names = AXES[len(windows)]
            multiple = -(-window.kernel // window.stride) * window.stride
            yield Found(
                node,
                f"the stride of {window.stride} does not divide the kernel of {window.kernel}: "
                f"along the {' and '.join(names[axis] for axis in uneven)} some cells of the "
                "output get more contributions than others, in a checkerboard",
                "kernel_size",
                f"use a kernel_size of {multiple} with a dilation of 1, or upsample and convolve"
                if window.dilation > 1
                else f"use a kernel_size of {multiple}, or upsample and convolve",
            )


def _is_uneven(window: TransposedWindow) -> bool:
    """Whether the taps of all positions do not meet each cell equally often."""
    if window.stride == 1 or window.n == 1:
        return False
    return window.kernel % window.stride != 0 or gcd(window.dilation, window.stride) > 1
