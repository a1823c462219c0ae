"""Groups, heads or shuffle factors do not divide.

What it does: reports `groups`, `num_groups`, `num_heads`, shuffle factors and the like that do not
divide the size they split.

Why is this bad: the frameworks refuse the layer.

Use instead: a divisor; `groups: in_channels` for a depthwise convolution.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [30, 32, 32]
layers:
  - {type: conv2d, out_channels: 60, kernel_size: 3, groups: 4}
"""
PASSES = """
input: [32, 32, 32]
layers:
  - {type: conv2d, out_channels: 60, kernel_size: 3, groups: 4}
"""
