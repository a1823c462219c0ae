"""There is no such layer type or block.

What it does: reports a `type` that names neither a layer of the framework nor a block of the file.

Why is this bad: the layer's output is not known, nor that of all that read it.

Use instead: the nearest name, which the message offers; `shapecalc layers` lists all types,
`blocks` defines new ones.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [3, 64, 64]
layers:
  - {type: conv2s, out_channels: 8, kernel_size: 3}
"""
PASSES = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3}
"""
