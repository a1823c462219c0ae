"""A reference names nothing in scope.

What it does: reports a name under `from`, `like`, `share`, `outputs` or `input` that no earlier
layer (or model) has, that a `when` has left out, or that stands for several outputs.

Why is this bad: it is not known what the layer reads.

Use instead: a name given before, in this list or in one written around it. What is inside a block
is read as `block.name`, where the block lists it under `outputs`.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [3, 64, 64]
layers:
  - {type: relu, name: stem}
  - {type: add, from: [stem, sten]}
"""
PASSES = """
input: [3, 64, 64]
layers:
  - {type: relu, name: stem}
  - {type: add, from: [stem, input]}
"""
