"""What the rules on budgets share: a figure against its limit, and what it is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.budget import Limit, format_amount
from shapecalc.graph import Graph, Node, count_params
from shapecalc.rules.base import Found

if TYPE_CHECKING:
    from shapecalc.costs.memory import Memory
    from shapecalc.costs.setting import Optimizer

#: How many of the largest layers are named.
LARGEST = 3


def compare(graph: Graph, figure: str) -> Iterator[Found]:
    """The sum of a figure over all layers against its limit."""
    if figure in graph.limits:
        values = [(node, figure_of(node, figure)) for node in graph.nodes]
        total = sum(value or 0 for _, value in values)
        complete = all(value is not None for _, value in values)
        known = [(node, value) for node, value in values if value]
        yield from _found(graph, figure, total, complete, _largest(graph, figure, known, total))


#: The optimizer that the budgets of memory hold for, by the figure; ``None``: inference.
OPTIMIZERS: dict[str, Optimizer | None] = {"memory": None, "training_memory": "adam"}


def compare_memory(graph: Graph) -> Iterator[Found]:
    """All that a sample needs at inference, or in training with Adam, against their limits."""
    for figure, optimizer in OPTIMIZERS.items():
        if figure in graph.limits:
            from shapecalc.costs.memory import Memory
            from shapecalc.costs.setting import Setting

            memory = Memory(graph, Setting(optimizer=optimizer))
            help = _memory_parts(graph, memory)
            total = memory.total
            yield from _found(graph, figure, total.value, total.complete, help)


def _memory_parts(graph: Graph, memory: Memory) -> str:
    held = {
        "parameters": memory.parameters,
        "buffers": memory.buffers,
        "gradients": memory.gradients,
        "optimizer states": memory.optimizer_states,
    }
    peak = memory.peak
    at = f" at {_label(graph, peak.node)}" if peak.node else ""
    parts = [
        f"{name} {format_amount('memory', part.value)}" for name, part in held.items() if part.value
    ]
    return ", ".join(
        [*parts, f"tensors that live at once {format_amount('memory', peak.value)}{at}"]
    )


def compare_layers(graph: Graph) -> Iterator[Found]:
    """The number of layers against its limit."""
    if "layers" in graph.limits:
        types = Counter(node.type for node in graph.nodes).most_common(LARGEST)
        help = ", ".join(f"{count} × {name}" for name, count in types)
        yield from _found(graph, "layers", len(graph.nodes), True, f"most are {help}")


def compare_depth(graph: Graph) -> Iterator[Found]:
    """The layers on the longest path against their limit."""
    if "depth" in graph.limits:
        yield from _found(graph, "depth", depth(graph), True, None)


def depth(graph: Graph) -> int:
    """The number of leaf layers on the longest path from an input (or another source)."""
    found: dict[int, int] = {}
    for node in graph.nodes:
        found[node.number] = 1 + max((found.get(p.node.number, 0) for p in node.inputs), default=0)
    return max(found.values(), default=0)


def figure_of(node: Node, figure: str) -> int | None:
    """What one layer adds to a figure."""
    if figure == "macs":
        return node.inference.macs if node.inference else None
    if figure == "element_ops":
        inference = node.inference
        return inference.layer.element_ops(inference.call, inference.outputs) if inference else None
    return count_params(node)[figure == "trainable_params"]


def excess(figure: str, value: int, limit: Limit) -> str:
    """``234,112 (4.7 %) over the budget of 5M``."""
    over = value - limit.value
    share = f" ({_percent(100 * over / limit.value)})" if limit.value else ""
    return f"{format_amount(figure, over)}{share} over the budget of {limit.written}"


def _percent(value: float) -> str:
    """``4.72 %``, ``20,700 %``."""
    return f"{value:,.0f} %" if value >= 1000 else f"{value:.3g} %"


def from_where(limit: Limit) -> str:
    """Who set a limit, where it is not the spec."""
    return f" ({limit.origin})" if limit.origin else ""


def _found(
    graph: Graph, figure: str, value: int, complete: bool, help: str | None
) -> Iterator[Found]:
    limit = graph.limits[figure]
    if value > limit.value:
        names = {
            "trainable_params": "trainable parameters",
            "training_memory": "training memory",
            "element_ops": "element operations",
        }
        name = names.get(figure, figure)
        verb = "is" if figure in (*OPTIMIZERS, "depth") else "are"
        model = f"model `{graph.spec.name}`: " if limit.extent is None else ""
        least = "" if complete else "at least "
        message = (
            f"{model}{name} {verb} {least}{format_amount(figure, value)}, "
            f"{excess(figure, value, limit)}{from_where(limit)}"
        )
        yield Found(None, message, None, help, limit.extent, f"budget.{figure}")


def _largest(graph: Graph, figure: str, values: list[tuple[Node, int]], total: int) -> str | None:
    """The layers, as they are written, that add most; all uses of one together."""
    sums: Counter[int] = Counter()
    uses: Counter[int] = Counter()
    first: dict[int, Node] = {}
    for node, value in values:
        key = id(node.spec)
        first.setdefault(key, node)
        sums[key] += value
        uses[key] += 1
    parts = []
    for key, value in sums.most_common(LARGEST):
        times = f" ×{uses[key]}" if uses[key] > 1 else ""
        share = f"{100 * value / total:.3g} %"
        label = _label(graph, first[key])
        parts.append(f"{label}{times} {format_amount(figure, value)} ({share})")
    return f"largest: {', '.join(parts)}" if parts else None


def _label(graph: Graph, node: Node) -> str:
    if node.spec is None:
        return f"input `{node.path}`"
    line = graph.spec.source.span(node.spec.extent).line
    return f"{node.spec.label(node.type)} (line {line})"
