"""A layer gets numbers of another kind than it takes.

What it does: follows dtypes through the network: an `embedding` takes integers, a convolution or a
linear layer takes floats.

Why is this bad: the frameworks raise; token numbers fed to a linear layer have no meaning as
quantities.

Use instead: an `embedding` in between; or say what the input is: `input: {shape: [128], dtype:
int64}`.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: {shape: [3, 32, 32], dtype: uint8}
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3}
"""
PASSES = """
input: {shape: [3, 32, 32], dtype: float32}
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3}
"""
