"""``share``: layers that use the weights of earlier ones."""

from __future__ import annotations

from shapecalc.graph import Graph, Node
from shapecalc.layers.base import Problem, format_shape, plural


def share_weights(
    graph: Graph, ours: tuple[int, int], theirs: tuple[int, int], name: str
) -> Problem | None:
    """Let the nodes of one range use the weights of another, pair by pair.

    Returns what is wrong where that cannot be; ``name`` is what the owners are called. Says nothing
    where a layer could not be built.
    """
    pairs = _weighted(graph, ours), _weighted(graph, theirs)
    built = [node.inference for node in (*pairs[0], *pairs[1])]
    # What is wrong with one of them may be why their weights differ.
    if any(inference is None or inference.problems for inference in built):
        return None
    problem = _unshareable(*pairs, name)
    if problem is None:
        for node, other in zip(*pairs, strict=True):
            node.owner = other.owner or other
    return problem


def _weighted(graph: Graph, span: tuple[int, int]) -> list[Node]:
    """The nodes of a range that have weights (or could not be built)."""
    nodes = graph.nodes[span[0] : span[1]]
    return [node for node in nodes if node.inference is None or node.inference.weights]


def _unshareable(ours: list[Node], theirs: list[Node], name: str) -> Problem | None:
    """Why two lists of layers cannot use the same weights."""
    if len(ours) != len(theirs):
        message = f"it has {plural(len(ours), 'layer')} with weights, `{name}` has {len(theirs)}"
        return _problem(message, f"share with a layer or a block like this one, not `{name}`")
    for node, other in zip(ours, theirs, strict=True):
        assert node.inference is not None
        assert other.inference is not None
        mine, others = node.inference.weights, other.inference.weights
        common = [key for key in mine if key in others]
        if not common:
            message = f"{node.type} and {other.type} `{name}` have no weight in common"
            return _problem(message, "leave `share` out")
        for key in common:
            known = None not in mine[key] and None not in others[key]
            if known and mine[key] != others[key]:
                message = (
                    f"its {key} is {format_shape(mine[key])}, that of `{name}`, which it is to "
                    f"share, is {format_shape(others[key])}"
                )
                help = f"give both the same fields and the same input, or leave `share: {name}` out"
                return _problem(message, help)
    return None


def _problem(message: str, help: str) -> Problem:
    return Problem("SC101", message, "share", help)
