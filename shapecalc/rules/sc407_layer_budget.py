"""One layer is larger than the budget for any layer.

What it does: compares the parameters and the multiply-accumulates of every single layer with
`budget: {layer_params: …, layer_macs: …}`, with the budget of the configuration, or with
`--max-layer-params` and `--max-layer-macs`.

Why is this bad: an accelerator with small fast memory takes the weights layer by layer; and one
layer that outgrows all others is most often a mistake, such as a `flatten` too early.

Use instead: fewer channels or groups, a pool before it, or a larger budget.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.budget import format_amount
from shapecalc.graph import Graph
from shapecalc.rules._budget import excess, figure_of, from_where
from shapecalc.rules.base import Found

SEVERITY = "error"
FAILS = """
input: [3, 32, 32]
budget: {layer_params: 1M}
layers:
  - flatten
  - {type: linear, out_features: 512}
"""
PASSES = """
input: [3, 32, 32]
budget: {layer_params: 2M}
layers:
  - flatten
  - {type: linear, out_features: 512}
"""


def check(graph: Graph) -> Iterator[Found]:
    """Layers against the limit for any layer."""
    limits = {figure: graph.limits.get(f"layer_{figure}") for figure in ("params", "macs")}
    for node in graph.nodes if any(limits.values()) else ():
        over = []
        for figure, limit in limits.items():
            value = figure_of(node, figure) if limit else None
            if limit and value is not None and value > limit.value:
                said = f"{excess(figure, value, limit)}{from_where(limit)}"
                over.append(f"{figure} are {format_amount(figure, value)}, {said}")
        if over:
            yield Found(node, "; ".join(over))
