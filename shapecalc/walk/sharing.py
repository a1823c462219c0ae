"""``share``: layers that use the weights of earlier ones."""

from __future__ import annotations

from shapecalc.graph import Graph, Node
from shapecalc.layers.base import format_shape, plural


def share_weights(
    graph: Graph, ours: tuple[int, int], theirs: tuple[int, int], name: str
) -> str | None:
    """Let the nodes of one range use the weights of another, pair by pair.

    Returns why that cannot be; ``name`` is what the owners are called. Says nothing where a layer
    could not be built.
    """
    pairs = _weighted(graph, ours), _weighted(graph, theirs)
    if not all(node.inference for node in (*pairs[0], *pairs[1])):
        return None
    reason = _unshareable(*pairs, name)
    if reason is None:
        for node, other in zip(*pairs, strict=True):
            node.owner = other.owner or other
    return reason


def _weighted(graph: Graph, span: tuple[int, int]) -> list[Node]:
    """The nodes of a range that have weights (or could not be built)."""
    nodes = graph.nodes[span[0] : span[1]]
    return [node for node in nodes if node.inference is None or node.inference.weights]


def _unshareable(ours: list[Node], theirs: list[Node], name: str) -> str | None:
    """Why two lists of layers cannot use the same weights."""
    if len(ours) != len(theirs):
        return f"it has {plural(len(ours), 'layer')} with weights, `{name}` has {len(theirs)}"
    for node, other in zip(ours, theirs, strict=True):
        assert node.inference is not None
        assert other.inference is not None
        mine, others = node.inference.weights, other.inference.weights
        common = mine.keys() & others.keys()
        if not common:
            return f"{node.type} and {other.type} have no weight in common"
        for key in sorted(common):
            known = None not in mine[key] and None not in others[key]
            if known and mine[key] != others[key]:
                return (
                    f"{key} is {format_shape(mine[key])} here, {format_shape(others[key])} in "
                    f"`{name}`"
                )
    return None
