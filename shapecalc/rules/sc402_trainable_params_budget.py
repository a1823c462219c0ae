"""The model has more trainable parameters than its budget.

What it does: compares the number of parameters that are trained with `budget: {trainable_params:
…}`, with the budget of the configuration, or with `--max-trainable-params`.

Why is this bad: an optimiser keeps two or three further numbers for each of them, and a fine-tuned
part that was meant to be small is not.

Use instead: `trainable: false` on what is meant to be frozen, or a larger budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._budget import compare
from shapecalc.rules.base import Found

SEVERITY = "error"
FAILS = """
input: [3, 32, 32]
budget: {trainable_params: 400}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""
PASSES = """
input: [3, 32, 32]
budget: {trainable_params: 1K}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""


def check(graph: Graph) -> Iterator[Found]:
    """The model against its limit."""
    yield from compare(graph, "trainable_params")
