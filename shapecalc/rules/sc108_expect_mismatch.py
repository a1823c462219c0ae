"""An `expect` does not hold.

What it does: compares the shape that a layer or a model yields with the one asserted by `expect`;
`_` matches anything.

Why is this bad: either the network or the assertion is not what was meant; the rest is checked with
the asserted shape.

Use instead: the equation of the layer before it tells which of its arguments to change.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 4, stride: 2, padding: 1, expect: [64, 31, 31]}
"""
PASSES = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 4, stride: 2, padding: 1, expect: [64, 32, 32]}
"""
