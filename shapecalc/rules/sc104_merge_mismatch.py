"""The inputs of a merge do not fit.

What it does: reports an `add`, `multiply`, `concat`, `parallel` or `residual` whose inputs differ
in rank, or along an axis on which they must be equal; and several inputs for a layer that takes
one.

Why is this bad: the frameworks raise. In a `residual`, sizes that broadcasting would fit are a
mistake too: the sum would be larger than either side.

Use instead: a 1×1 convolution with the body's stride and width as the shortcut; a `center_crop` or
an `upsample` with `like` where sizes differ by a few cells.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [64, 32, 32]
layers:
  - type: residual
    body:
      - {type: conv2d, out_channels: 128, kernel_size: 3, padding: 1}
"""
PASSES = """
input: [64, 32, 32]
layers:
  - type: residual
    body:
      - {type: conv2d, out_channels: 128, kernel_size: 3, padding: 1}
    shortcut:
      - {type: conv2d, out_channels: 128, kernel_size: 1}
"""
