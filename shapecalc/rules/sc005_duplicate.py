"""A key or a name is given twice.

What it does: reports a key that stands twice in one mapping, a name that two layers of a list have,
and two models of a file with the same name.

Why is this bad: YAML readers keep the last of two equal keys without a word, and `from: a` would
not say which `a` is meant.

Use instead: a name of its own for each; names are unique in their list, blocks may repeat them.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [3, 64, 64]
layers:
  - {type: conv2d, name: stem, out_channels: 8, kernel_size: 3}
  - {type: relu, name: stem}
"""
PASSES = """
input: [3, 64, 64]
layers:
  - {type: conv2d, name: stem, out_channels: 8, kernel_size: 3}
  - {type: relu, name: active}
"""
