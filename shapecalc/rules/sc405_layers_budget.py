"""The model has more layers than its budget.

What it does: compares the number of layers that run, blocks and repeats unrolled and containers not
counted, with `budget: {layers: …}`, with the budget of the configuration, or with `--max-layers`.

Why is this bad: each layer is a kernel to launch; on small inputs that, not arithmetic, takes the
time.

Use instead: fewer turns of a `repeat`, or a larger budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._budget import compare_layers
from shapecalc.rules.base import Found

SEVERITY = "error"
FAILS = """
input: [3, 32, 32]
budget: {layers: 1}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""
PASSES = """
input: [3, 32, 32]
budget: {layers: 2}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""


def check(graph: Graph) -> Iterator[Found]:
    """The model against its limit."""
    yield from compare_layers(graph)
