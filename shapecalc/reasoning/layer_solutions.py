"""Which changes of a layer's fields give it another output size, and what comes of the rest."""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.graph import Graph, Node
from shapecalc.reasoning.repair import rerun
from shapecalc.reasoning.search import Kind, Limits, Solution, candidates, output_size, rank

#: Answers that change more than one field are looked for only up to this kernel beyond the own.
MORE_KERNEL = 4


class Current(NamedTuple):
    """A sliding layer as it is: its kind, the sizes that it receives and gives, its arguments."""

    kind: Kind
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arguments: Solution


class Change(NamedTuple):
    """Arguments that give a layer the size asked for."""

    arguments: Solution
    #: Field -> (new, old).
    fields: dict[str, tuple[int, int]]
    exact: bool

    def describe(self) -> str:
        """``padding 0 instead of 1, kernel_size 4 instead of 3``."""
        parts = [f"{name} {new} instead of {old}" for name, (new, old) in self.fields.items()]
        return ", ".join(parts)


def current(node: Node) -> Current | None:
    """How a layer slides; ``None`` where it does not, or not alike along all axes."""
    inference = node.inference
    if inference is None or not isinstance(getattr(node.layer, "kernel_size", None), int | tuple):
        return None
    transposed = [w for w in inference.transposed_windows or () if w]
    windows = [w for w in inference.windows or () if w]
    arguments = {
        Solution(w.kernel, w.stride, w.before, w.dilation, w.output_padding)
        for w in transposed
        if w.before == w.after
    } | {Solution(w.kernel, w.stride, w.before, w.dilation) for w in windows if w.before == w.after}
    sliding = transposed or windows
    if len(arguments) != 1 or not sliding:
        return None
    kind: Kind = "transpose" if transposed else "pool" if "pool" in node.type else "conv"
    return Current(
        kind, tuple(w.n for w in sliding), tuple(w.out for w in sliding), arguments.pop()
    )


def changes(now: Current, wanted: tuple[int, ...]) -> list[Change]:
    """The changes that give a layer these sizes, those of the fewest fields first."""
    own = now.arguments
    limits = Limits(
        kernels=range(1, own.kernel_size + MORE_KERNEL + 1),
        strides=range(1, max(own.stride, 4) + 1),
        dilations=range(1, max(own.dilation, 2) + 1),
    )
    found = []
    pairs = list(zip(now.inputs, wanted, strict=True))
    for one in candidates(now.kind, limits):
        if one != own and all(output_size(now.kind, one, n, exact=False) == m for n, m in pairs):
            exact = all(output_size(now.kind, one, n) == m for n, m in pairs)
            found.append(Change(one, _fields(own, one), exact))
    return sorted(found, key=lambda change: (*_size(change), *rank(change.arguments, now.kind)))


def _fields(own: Solution, other: Solution) -> dict[str, tuple[int, int]]:
    both = zip(own._fields, own, other, strict=True)
    return {name: (new, old) for name, old, new in both if old != new}


def _size(change: Change) -> tuple[int, int, int, int]:
    """How much a change changes: fields, whether exact, whether weights, steps."""
    steps = sum(abs(new - old) for new, old in change.fields.values())
    return len(change.fields), int(not change.exact), int("kernel_size" in change.fields), steps


def broken_by(graph: Graph, node: Node, change: Change) -> Node | None:
    """The first layer that no longer fits with a change."""
    assert node.spec is not None
    before = {n.number for n in graph.nodes if n.inference and n.inference.problems}
    fields = {name: new for name, (new, _) in change.fields.items()}
    after = rerun(graph, node.spec, fields)
    for number, one in sorted(after.items()):
        if one.inference and one.inference.problems and number not in before:
            return one
        base = graph.nodes[number] if number >= 0 else None
        if base and one is not base and _weights_differ(base, one, node):
            return one
    return None


def _weights_differ(base: Node, other: Node, changed: Node) -> bool:
    """Whether a layer behind the changed one would need other weights."""
    if base.spec is changed.spec or base.inference is None or other.inference is None:
        return False
    return base.inference.weights != other.inference.weights
