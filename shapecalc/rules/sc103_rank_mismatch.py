"""A layer gets a tensor of another rank than it takes.

What it does: compares the number of axes that a layer takes with that of its input: 2-D layers take
channels, height and width.

Why is this bad: PyTorch raises, or takes the channels for the batch.

Use instead: the variant for the input's rank (`conv1d`), the name without a rank (`conv`), or an
`unflatten` or `flatten` in between.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [16, 100]
layers:
  - {type: conv2d, out_channels: 32, kernel_size: 3}
"""
PASSES = """
input: [16, 100]
layers:
  - {type: conv1d, out_channels: 32, kernel_size: 3}
"""
