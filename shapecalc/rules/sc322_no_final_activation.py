"""An output of the model comes straight from a linear map.

What it does: reports a convolution or linear layer that yields an output of the model with no
activation or softmax after it. Off unless selected: losses that take logits want it so.

Why is this bad: where outputs are to be probabilities, or values in a range, nothing keeps them
there.

Use instead: the activation that fits the loss: `sigmoid`, `softmax`, `tanh`.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph, Node
from shapecalc.rules._flow import (
    IDENTITY,
    LINEAR_MAP,
    RESHAPE,
    activation_of,
    previous,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
DEFAULT = False
FAILS = """
input: [64]
layers:
  - {type: linear, out_features: 10}
"""
PASSES = """
input: [64]
layers:
  - {type: linear, out_features: 10}
  - {type: softmax, dim: -1}
"""


PASSING = IDENTITY | RESHAPE


def check(graph: Graph) -> Iterator[Found]:
    """Outputs that are linear in what is before them."""
    reported: set[int] = set()
    for port in graph.outputs.values():
        node: Node | None = port.node
        if port.node.inference is not None and port.node in PASSING:
            node = previous(port.node, PASSING)
        if node is None or node.number in reported:
            continue
        if node in LINEAR_MAP and not activation_of(node):
            reported.add(node.number)
            yield Found(
                node,
                "it yields an output of the model, with no activation after it",
                None,
                "put a sigmoid, softmax or tanh after it, as the loss needs",
            )
