"""The model is deeper than its budget.

What it does: compares the number of layers on the longest path from an input (activations and norms
count, as in Keras' tables) with `budget: {depth: …}`, with the budget of the configuration, or with
`--max-depth`.

Why is this bad: layers on one path run one after the other, whatever the hardware: depth bounds the
latency from below.

Use instead: parallel branches or fewer turns of a `repeat`, or a larger budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._budget import compare_depth
from shapecalc.rules.base import Found

SEVERITY = "error"
FAILS = """
input: [3, 32, 32]
budget: {depth: 1}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""
PASSES = """
input: [3, 32, 32]
budget: {depth: 2}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""


def check(graph: Graph) -> Iterator[Found]:
    """The model against its limit."""
    yield from compare_depth(graph)
