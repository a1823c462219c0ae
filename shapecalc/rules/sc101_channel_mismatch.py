"""A declared input size is not that of the input.

What it does: compares `in_channels`, `in_features`, `num_features` and the like, where they are
written, with what the layer receives.

Why is this bad: PyTorch raises at the first forward pass: `mat1 and mat2 shapes cannot be
multiplied`. Most often the input's size or an earlier stride changed, and a flattened size did not.

Use instead: the size in the message, or leave the field out: it is inferred.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [256, 5, 5]
layers:
  - flatten
  - {type: linear, in_features: 9216, out_features: 4096}
"""
PASSES = """
input: [256, 5, 5]
layers:
  - flatten
  - {type: linear, in_features: 6400, out_features: 4096}
"""
