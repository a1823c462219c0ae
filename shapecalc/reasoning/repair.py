"""The smallest change of one field that makes a merge fit or an ``expect`` hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shapecalc.graph import Graph, Inference, Node, Port
from shapecalc.layers.base import Call, Layer, Shape, Tensor
from shapecalc.spec.model import LayerSpec

#: So many layers before the one that does not fit are tried.
MAX_LAYERS = 8
#: So many layers may run for that.
MAX_WORK = 6_000

#: Fields in the order in which one would change them, and by how much at most.
_FIELDS = {"output_padding": 2, "padding": 3, "kernel_size": 2, "stride": 1}
#: Those whose change by one is slight: no weight changes.
_SLIGHT = ("output_padding", "padding")


@dataclass(frozen=True, slots=True)
class Repair:
    """A field of a layer with another value, which mends what was found."""

    spec: LayerSpec
    type: str
    field: str
    value: int
    old: int
    #: Layers of the same type in which the same field is changed alike.
    others: tuple[LayerSpec, ...] = ()

    @property
    def rank(self) -> tuple[int, int, int]:
        """The order: slight changes first, then small ones, then those of one layer."""
        weight = list(_FIELDS).index(self.field) // len(_SLIGHT)
        return weight, abs(self.value - self.old), len(self.others)

    @property
    def keeps_weights(self) -> bool:
        """Whether it changes no weight."""
        return self.field in _SLIGHT

    @property
    def is_slight(self) -> bool:
        """Whether it changes no weight, by one only and in one layer only."""
        return self.rank == (0, 1, 0)


def repairs(graph: Graph, node: Node, expected: tuple[Port, Shape] | None = None) -> list[Repair]:
    """The best changes, all of one rank, that make a merge fit, or the output that is ``expected``
    have its shape, without a problem elsewhere."""
    before = {n.number for n in graph.nodes if n.inference and n.inference.problems}
    if any(number < node.number for number in before):
        return []
    best: list[Repair] = []
    work = 0
    for repair in sorted(_candidates(node), key=lambda one: one.rank):
        work += len(graph.nodes)
        if work > MAX_WORK or (best and repair.rank != best[0].rank):
            break
        if _mends(graph, repair, node, expected, before):
            best.append(repair)
    return best


def _candidates(node: Node) -> Iterator[Repair]:
    """Other values of the fields of the sliding layers that lead to a node."""
    seen: set[int] = set()
    specs: dict[tuple[int, int], Node] = {}
    queue = [node]
    while queue and len(specs) < MAX_LAYERS:
        one = queue.pop(0)
        if one.number in seen:
            continue
        seen.add(one.number)
        layer, spec = one.layer, one.spec
        if layer and spec and hasattr(layer, "kernel_size") and "kernel_size" in spec.written:
            specs.setdefault(spec.extent, one)
        queue += [port.node for port in one.inputs]
    for one in specs.values():
        if one.spec and one.layer:
            yield from _changes(one.spec, one.type, one.layer)
    yield from _alike(list(specs.values()))


def _alike(nodes: list[Node]) -> Iterator[Repair]:
    """A slight change of all layers of a type: a decoder lacks the same in each of its steps."""
    for name in _SLIGHT:
        groups: dict[tuple[str, int], list[LayerSpec]] = {}
        for node in nodes:
            old = getattr(node.layer, name, None)
            if isinstance(old, int) and node.spec is not None:
                groups.setdefault((node.type, old), []).append(node.spec)
        for (kind, old), (first, *others) in groups.items():
            for value in (old - 1, old + 1) if others else ():
                if value >= 0:
                    yield Repair(first, kind, name, value, old, tuple(others))


def _changes(spec: LayerSpec, kind: str, layer: Layer) -> Iterator[Repair]:
    for name, most in _FIELDS.items():
        old = getattr(layer, name, None)
        if isinstance(old, bool) or not isinstance(old, int):
            continue
        if name == "stride" and "stride" not in spec.written:
            continue
        least = 0 if name in _SLIGHT else 1
        for value in range(max(old - most, least), old + most + 1):
            if value != old:
                yield Repair(spec, kind, name, value, old)


def _mends(
    graph: Graph,
    repair: Repair,
    node: Node,
    expected: tuple[Port, Shape] | None,
    before: set[int],
) -> bool:
    nodes = rerun(graph, (repair.spec, *repair.others), {repair.field: repair.value})
    mended = nodes.get(node.number)
    wrong = {n.number for n in nodes.values() if n.inference and n.inference.problems}
    if mended is None or not wrong <= before:
        return False
    if expected is None:
        known = all(None not in (tensor.shape or (None,)) for tensor in mended.outputs)
        return known and node.number not in wrong
    port, wanted = expected
    shape = mended.outputs[port.number].shape
    if shape is None or len(shape) != len(wanted):
        return False
    return all(want in (None, have) for have, want in zip(shape, wanted, strict=True))


def rerun(graph: Graph, specs: tuple[LayerSpec, ...], fields: Mapping[str, Any]) -> dict[int, Node]:
    """All layers by number, with other values of some fields of a few; what follows is run anew."""
    nodes = {node.number: node for node in graph.inputs.values()}
    changed: dict[int, Layer] = {}
    fresh: set[int] = set()
    for old in graph.nodes:
        inference = old.inference
        touched = any(old.spec is spec for spec in specs)
        if inference is None or not (touched or any(p.node.number in fresh for p in old.inputs)):
            nodes[old.number] = old
            continue
        layer = inference.layer
        if touched and all(hasattr(layer, name) for name in fields):
            layer = changed.setdefault(id(layer), replace(layer, **fields))  # type: ignore[type-var]
        fresh.add(old.number)
        ports = tuple(_port(port, nodes) for port in old.inputs)
        call = Call(
            tuple(port.tensor for port in ports),
            inference.call.rounding,
            inference.call.channels_last,
        )
        anew = Inference(layer, call)
        nodes[old.number] = Node(
            old.number, old.path, old.type, old.spec, ports, anew, anew.outputs
        )
    return nodes


def _port(port: Port, nodes: dict[int, Node]) -> Port:
    node = nodes.get(port.node.number, port.node)
    known = port.number < len(node.outputs)
    tensor = node.outputs[port.number] if known else Tensor(None, port.tensor.dtype)
    return Port(node, port.number, tensor)
