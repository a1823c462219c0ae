"""The model takes more multiply-accumulates than its budget.

What it does: compares the multiply-accumulates for one sample with `budget: {macs: …}`, with the
budget of the configuration, or with `--max-macs`.

Why is this bad: the time and the energy that one sample takes grow with them; a change of a stride
near the input can cost more than all that follows.

Use instead: earlier strides, fewer channels or groups where the message says most of them are, or a
larger budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._budget import compare
from shapecalc.rules.base import Found

SEVERITY = "error"
FAILS = """
input: [3, 32, 32]
budget: {macs: 300K}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""
PASSES = """
input: [3, 32, 32]
budget: {macs: 1M}
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
"""


def check(graph: Graph) -> Iterator[Found]:
    """The model against its limit."""
    yield from compare(graph, "macs")
