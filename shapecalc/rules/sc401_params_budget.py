"""The model has more parameters than its budget.

What it does: compares the number of parameters, each counted once, with `budget: {params: …}`, with
the budget of the configuration, or with `--max-params`.

Why is this bad: whoever set the limit has a file size, a download or a card in mind that the model
no longer fits.

Use instead: fewer channels where the message says most parameters are, or a larger budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._budget import compare
from shapecalc.rules.base import Found

SEVERITY = "error"
FAILS = """
input: [3, 32, 32]
budget: {params: 400}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""
PASSES = """
input: [3, 32, 32]
budget: {params: 1K}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""


def check(graph: Graph) -> Iterator[Found]:
    """The model against its limit."""
    yield from compare(graph, "params")
