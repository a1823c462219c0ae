"""The network has too many layers.

What it does: reports a model that has more than 1,000,000 layers once blocks and repeats are
unrolled.

Why is this bad: a single `repeat: 1e9` would keep the checker busy for hours; no network that can
be trained is so deep.

Use instead: a smaller `repeat`.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [64]
layers:
  - {type: relu, repeat: 1000000000}
"""
PASSES = """
input: [64]
layers:
  - {type: linear, out_features: 64}
  - relu
"""
