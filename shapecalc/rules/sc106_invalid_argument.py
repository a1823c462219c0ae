"""An argument has a value that the framework refuses.

What it does: reports `output_padding` that is too large, pool padding above half the kernel, `same`
padding with a stride in PyTorch, reflected padding as large as the input, an axis that is not
there, the batch axis, sizes below 1, and lists of another length than there are axes.

Why is this bad: the layer cannot be built, or raises at the first forward pass.

Use instead: what the message says.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [64, 32, 32]
layers:
  - {type: max_pool2d, kernel_size: 2, padding: 2}
"""
PASSES = """
input: [64, 32, 32]
layers:
  - {type: max_pool2d, kernel_size: 4, padding: 2}
"""
