"""A model at other input sizes, without walking its spec again.

A walked graph is cut where one tensor carries all that the rest needs. What a stretch between two
cuts makes of a tensor is computed once, so that hundreds of input sizes, which soon come to the
same few sizes inside, cost little more than the layers that really see another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

from shapecalc.coverage import losses
from shapecalc.graph import Graph, Inference, Node, Port
from shapecalc.layers.base import Call, Layer, Shape, Tensor, Weights, format_shape
from shapecalc.spec.source import Extent
from shapecalc.walk import Overrides, WalkResult, walk

#: Expressions that read these may make the network itself depend on the sizes.
_SPATIAL = re.compile(r"\bin_(length|height|width|depth|features)\b")
#: As many outputs are as much work as a layer.
OUTPUTS = 8
#: The code of weights that are not those of the spec's own input.
WEIGHTS = "weights"


@dataclass(frozen=True, slots=True)
class Failure:
    """The first layer at which a model does not fit its input."""

    node: Node
    code: str
    message: str
    #: The layer as messages call it, and where it is written.
    label: str
    extent: Extent
    #: How many elements came where so many are ``fixed`` by weights or a shape.
    needed: int | None = None
    fixed: int | None = None


class Loss(NamedTuple):
    """A layer that loses cells of its input along one of its spatial axes, of ``size`` cells."""

    node: Node
    axis: int
    size: int


class Run:
    """A stretch of the network on tensors of given shapes, up to its first failure."""

    __slots__ = ("_inexact", "failure", "graph", "nodes", "sizes")

    def __init__(
        self, graph: Graph, failure: Failure | None, given: Mapping[int, Node] | None = None
    ) -> None:
        self.graph = graph
        #: The layers by number, with those before that hand something over.
        self.nodes: dict[int, Node] = {**(given or {})}
        self.nodes.update((node.number, node) for node in graph.nodes)
        self.failure = failure
        #: Every size of every layer, in order.
        self.sizes: tuple[int | None, ...] = tuple(_sizes(graph.nodes))
        self._inexact: tuple[Loss, ...] | None = None

    @property
    def inexact(self) -> tuple[Loss, ...]:
        """Where cells of a layer's input are lost (SC201)."""
        if self._inexact is None:
            found = [] if all(node.exact for node in self.graph.nodes) else losses(self.graph)
            self._inexact = tuple(
                Loss(node, axis.axis, axis.window.n) for node, lost in found for axis in lost
            )
        return self._inexact


@dataclass(frozen=True)
class Outcome:
    """A model at one set of input sizes: its stretches, up to the first that fails."""

    runs: tuple[Run, ...]

    @property
    def failure(self) -> Failure | None:
        """Where the model does not fit."""
        return self.runs[-1].failure if self.runs else None

    @property
    def valid(self) -> bool:
        """Whether no error was found."""
        return self.failure is None

    @property
    def nodes(self) -> list[Node]:
        """The layers in the order they ran."""
        return [node for run in self.runs for node in run.graph.nodes]

    def inexact(self) -> list[Loss]:
        """Where cells of a layer's input are lost (SC201), in order."""
        return [loss for run in self.runs for loss in run.inexact]

    def node(self, number: int) -> Node | None:
        """A layer as it ran; ``None`` where the model failed before it."""
        return self._nodes.get(number)

    @cached_property
    def _nodes(self) -> dict[int, Node]:
        nodes: dict[int, Node] = {}
        for run in reversed(self.runs):
            nodes.update(run.nodes)
        return nodes

    def shape(self, port: Port) -> Shape | None:
        """The shape that comes out of a port of the spec's own walk."""
        node = self.node(port.node.number)
        if node is None or port.number >= len(node.outputs):
            return None
        return node.outputs[port.number].shape


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Nodes of the spec's own walk between two cuts, and the ports that they read from before."""

    nodes: tuple[Node, ...]
    entries: tuple[tuple[int, int], ...]
    #: Those of its own ports that are read behind it.
    exits: tuple[tuple[int, int], ...]


class Replay:
    """Runs a walked model at other input sizes; the weights stay those of its own input."""

    def __init__(self, graph: Graph) -> None:
        self.base = graph
        self.spec = spec = graph.spec
        #: How many layers have run so far.
        self.work = 0
        #: Whether the network itself may change with the sizes, so that it must be walked anew.
        self.rewalks = _SPATIAL.search(spec.source.text) is not None and _changes(self.base)
        self._weights: dict[int, Weights] = {
            node.number: node.inference.weights for node in self.base.nodes if node.inference
        }
        self._ports = {
            (port.node.number, port.number): port
            for node in self.base.nodes
            for port in node.inputs
        }
        self._stretches = [] if self.rewalks else list(_stretches(self.base))
        self._runs: dict[tuple[int, tuple[Tensor, ...]], Run] = {}
        self._inferences: dict[tuple[int, tuple[Tensor, ...]], Inference] = {}
        self._walks: dict[tuple[tuple[str, Shape], ...], Outcome] = {}

    def at(self, inputs: Mapping[str, Shape]) -> Outcome:
        """The model with these shapes for some of its inputs."""
        if self.rewalks:
            key = tuple(sorted(inputs.items()))
            if key not in self._walks:
                self._walks[key] = self._rewalk(inputs)
            return self._walks[key]
        tensors = {
            (given.number, 0): Tensor(
                inputs.get(name, given.outputs[0].shape), given.outputs[0].dtype
            )
            for name, given in self.base.inputs.items()
        }
        runs = []
        for position, stretch in enumerate(self._stretches):
            received = tuple(
                [tensors.get(entry) or self._ports[entry].tensor for entry in stretch.entries]
            )
            run = self._runs.get((position, received))
            if run is None:
                run = self._runs[position, received] = self._run(stretch, received)
            runs.append(run)
            if run.failure:
                break
            for number, output in stretch.exits:
                tensors[number, output] = run.nodes[number].outputs[output]
        return Outcome(tuple(runs))

    def _run(self, stretch: _Stretch, received: tuple[Tensor, ...]) -> Run:
        graph = Graph(self.spec)
        places: dict[int, Node] = {}
        for (number, output), tensor in zip(stretch.entries, received, strict=True):
            places[number] = _given(self._ports[number, output].node, output, tensor, places)
        failure: Failure | None = None
        for old in stretch.nodes:
            node, failure = self._run_node(old, places)
            places[old.number] = node
            graph.nodes.append(node)
            if failure:
                break
        for name, port in self.base.outputs.items():
            if port.node.number in places:
                graph.outputs[name] = _port(port, places)
        self.work += sum(1 + len(node.outputs) // OUTPUTS for node in graph.nodes)
        return Run(graph, failure, places)

    def _run_node(self, old: Node, places: Mapping[int, Node]) -> tuple[Node, Failure | None]:
        ports = tuple([_port(port, places) for port in old.inputs])
        inference = old.inference
        if inference is None:
            return Node(old.number, old.path, old.type, old.spec, ports, None, old.outputs), None
        key = (id(inference.layer), tuple([port.tensor for port in ports]))
        found = self._inferences.get(key)
        if found is None:
            found = self._inferences[key] = _infer(inference.layer, inference.call, key[1])
        node = Node(old.number, old.path, old.type, old.spec, ports, found, found.outputs)
        return node, self._failure(node, found)

    def _failure(self, node: Node, inference: Inference) -> Failure | None:
        for problem in inference.problems:
            needed, fixed = _counts(node, problem.code)
            return _failed(node, problem.code, problem.message, needed, fixed)
        base = self._weights.get(node.number, {})
        for name, shape in inference.weights.items():
            own = base.get(name)
            if own is not None and own != shape and None not in (*own, *shape):
                message = f"its {name} is {format_shape(own)}, this needs {format_shape(shape)}"
                return _failed(node, WEIGHTS, message, _elements(shape), _elements(own))
        return None

    def _rewalk(self, inputs: Mapping[str, Shape]) -> Outcome:
        return self.outcome(walk(self.spec, None, Overrides(inputs=inputs), first_only=True))

    def outcome(self, result: WalkResult) -> Outcome:
        """What a walk of the whole spec came to; weights are to be those of its own input."""
        graph = result.graph
        self.work += len(graph.nodes)
        for finding in result.findings:
            node = next((n for n in graph.nodes if n.spec and n.spec is finding.spec), None)
            node = node or Node(len(graph.nodes), finding.path, "", None, (), None, ())
            label, colon, message = finding.message.partition(": ")
            message = message if colon else finding.message
            failure = Failure(node, finding.code, message, label, finding.extent)
            return Outcome((Run(graph, failure),))
        if len(graph.nodes) == len(self.base.nodes):
            for node in graph.nodes:
                wrong = self._failure(node, node.inference) if node.inference else None
                if wrong is not None:
                    return Outcome((Run(graph, wrong),))
        return Outcome((Run(graph, None),))


def _failed(node: Node, code: str, message: str, needed: int | None, fixed: int | None) -> Failure:
    label, extent = (node.spec.label(node.type), node.spec.extent) if node.spec else ("", (0, 0))
    return Failure(node, code, message, label, extent, needed, fixed)


def _changes(graph: Graph) -> bool:
    """Whether a network may depend on its input sizes: it is walked with sizes that nobody knows,
    where whatever is computed from them is unknown as well."""
    unknown: dict[str, Shape] = {}
    for name, node in graph.inputs.items():
        shape = node.outputs[0].shape
        if shape is None:
            return True
        channels = -1 if graph.spec.framework == "keras" else 0
        fixed = channels % len(shape) if len(shape) > 1 else None
        unknown[name] = tuple(size if i == fixed else None for i, size in enumerate(shape))
    other = walk(graph.spec, None, Overrides(inputs=unknown))
    nodes = other.graph.nodes
    return (
        other.doubted
        or len(nodes) != len(graph.nodes)
        or any(
            one.inference is None or two.layer != one.layer
            for one, two in zip(nodes, graph.nodes, strict=True)
        )
    )


def _stretches(graph: Graph) -> Iterator[_Stretch]:
    """The network, cut wherever at most one tensor is read on, and none that was read before: all
    readers of a tensor are in one stretch, which so knows what none of them reads."""
    last_use = {
        (port.node.number, port.number): position
        for position, node in enumerate(graph.nodes)
        for port in node.inputs
    }
    known: set[int] = set()
    read: set[tuple[int, int]] = set()
    live = {(node.number, 0) for node in graph.inputs.values() if (node.number, 0) in last_use}
    entries: dict[tuple[int, int], None] = {}
    stretch: list[Node] = []
    for position, node in enumerate(graph.nodes):
        for port in node.inputs:
            key = (port.node.number, port.number)
            read.add(key)
            if key[0] not in known:
                entries[key] = None
            if last_use[key] == position:
                live.discard(key)
        stretch.append(node)
        known.add(node.number)
        live |= {
            key for output in range(len(node.outputs)) if (key := (node.number, output)) in last_use
        }
        if len(live) <= 1 and not live & read:
            exits = tuple(key for key in live if key[0] in known)
            yield _Stretch(tuple(stretch), tuple(entries), exits)
            stretch, entries, known = [], {}, set()
    if stretch:
        yield _Stretch(tuple(stretch), tuple(entries), ())


def _given(old: Node, output: int, tensor: Tensor, places: Mapping[int, Node]) -> Node:
    """A node before the stretch, with the tensors that it hands over."""
    known = places.get(old.number)
    outputs = list(known.outputs if known else old.outputs)
    outputs[output] = tensor
    return Node(old.number, old.path, old.type, old.spec, (), old.inference, tuple(outputs))


def _port(port: Port, places: Mapping[int, Node]) -> Port:
    node = places.get(port.node.number)
    if node is None or port.number >= len(node.outputs):
        return Port(port.node, port.number, Tensor(None, port.tensor.dtype))
    return Port(node, port.number, node.outputs[port.number])


def _infer(layer: Layer, like: Call, inputs: tuple[Tensor, ...]) -> Inference:
    return Inference(layer, Call(inputs, like.rounding, like.channels_last))


def _sizes(nodes: list[Node]) -> Iterator[int | None]:
    for node in nodes:
        for tensor in node.outputs:
            if tensor.shape is None:
                yield None
            else:
                yield from tensor.shape


def _elements(shape: Shape | None) -> int | None:
    if shape is None or None in shape:
        return None
    return prod(size for size in shape if size is not None)


def _counts(node: Node, code: str) -> tuple[int | None, int | None]:
    """The elements that came and those that a layer's own fields fix."""
    shape = node.inputs[0].tensor.shape if node.inputs else None
    layer = node.layer
    target = getattr(layer, "shape", None) or getattr(layer, "unflattened_size", None)
    if code == "SC107" and target and -1 not in target:
        axis = getattr(layer, "dim", None)
        needed = _elements(shape) if axis is None or not shape else shape[max(axis - 1, 0)]
        return needed, _elements(target)
    declared = getattr(layer, "in_features", None)
    if code == "SC101" and declared and shape:
        return shape[-1], declared
    return None, None
