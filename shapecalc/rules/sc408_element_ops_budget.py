"""The model computes more element operations than its budget.

What it does: compares the element operations of one sample (what norms, activations, pools and
element-wise layers compute, which are no multiply-accumulates) with `budget: {element_ops: …}`,
with the budget of the configuration, or with `--max-element-ops`.

Why is this bad: on devices that multiply fast these operations, which each read and write memory,
take most of the time.

Use instead: fewer or smaller feature maps where the message says most operations are, or a larger
budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._budget import compare
from shapecalc.rules.base import Found

SEVERITY = "error"
FAILS = """
input: [3, 32, 32]
budget: {element_ops: 10K}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""
PASSES = """
input: [3, 32, 32]
budget: {element_ops: 20K}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""


def check(graph: Graph) -> Iterator[Found]:
    """The model against its limit."""
    yield from compare(graph, "element_ops")
