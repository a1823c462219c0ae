"""A key is unknown, missing or of the wrong type.

What it does: compares every key of models, blocks and layers with those that the language, the
layer's type and the block have, and constants with the type that their field takes.

Why is this bad: a misspelt key would silently mean its default; the network that is checked would
not be the one that was meant.

Use instead: the nearest key, which the message offers; `shapecalc explain conv2d` lists the fields
of a layer type.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 8, kernel_sise: 3}
"""
PASSES = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3}
"""
