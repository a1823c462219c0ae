"""A reshape changes the number of elements.

What it does: compares the number of elements before and after a `reshape` or an `unflatten`.

Why is this bad: the frameworks raise; or, with a -1, the elements go to another axis than was
meant.

Use instead: the sizes of the input; `-1` for the one that follows from the others.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [6272]
layers:
  - {type: reshape, shape: [128, 8, 8]}
"""
PASSES = """
input: [6272]
layers:
  - {type: reshape, shape: [128, 7, 7]}
"""
