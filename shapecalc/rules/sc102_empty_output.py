"""The output has no cell: the kernel does not fit.

What it does: reports a layer whose output would be smaller than 1 along an axis.

Why is this bad: the frameworks raise, or (PyTorch's transposed convolution) return an empty tensor
with which everything after it computes nothing.

Use instead: a smaller kernel, more padding, a larger input, or fewer strides before; the chain of
sizes shows where it got so small.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [64, 4, 4]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 7}
"""
PASSES = """
input: [64, 4, 4]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 7, padding: 3}
"""
