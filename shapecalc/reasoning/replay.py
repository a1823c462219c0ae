"""A model at other input sizes, without walking its spec again.

A walked graph is run once more on other shapes: what a layer does to a shape is remembered, so that
hundreds of sizes cost little more than the layers that really see another size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shapecalc import rules
from shapecalc.graph import Graph, Inference, Node, Port
from shapecalc.layers.base import Call, Layer, Shape, Tensor, Weights, format_shape
from shapecalc.spec.model import ModelSpec
from shapecalc.walk import Overrides, WalkResult, walk

#: Expressions that read these make the network itself depend on the sizes.
_SPATIAL = re.compile(r"\bin_(length|height|width|depth|features)\b")


@dataclass(frozen=True, slots=True)
class Failure:
    """The first layer at which a model does not fit its input."""

    node: Node
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A model at one set of input sizes."""

    graph: Graph
    failure: Failure | None

    @property
    def valid(self) -> bool:
        """Whether no error was found."""
        return self.failure is None

    def inexact(self) -> list[Node]:
        """The layers at which cells of the input are lost (SC201)."""
        check = rules.rule("SC201").check
        assert check is not None
        return [found.node for found in check(self.graph) if found.node is not None]


class Replay:
    """Runs a walked model at other input sizes; the weights stay those of its own input."""

    def __init__(self, spec: ModelSpec, result: WalkResult) -> None:
        self.spec = spec
        self.result = result
        self.base = result.graph
        #: Whether the network itself may change with the sizes, so that it must be walked anew.
        self.rewalks = bool(_SPATIAL.search(spec.source.text))
        self._memo: dict[tuple[int, tuple[Tensor, ...]], Inference] = {}
        self._weights: dict[int, Weights] = {
            node.number: node.inference.weights for node in self.base.nodes if node.inference
        }
        self._fits: dict[tuple[int, int], bool] = {}

    def at(self, inputs: Mapping[str, Shape]) -> Outcome:
        """The model with these shapes for some of its inputs."""
        if self.rewalks:
            return self._rewalk(inputs)
        graph = Graph(self.spec)
        places: dict[int, Node] = {}
        for name, given in self.base.inputs.items():
            tensor = Tensor(inputs.get(name, given.outputs[0].shape), given.outputs[0].dtype)
            node = Node(given.number, given.path, "input", None, (), None, (tensor,))
            graph.inputs[name] = places[node.number] = node
        failure: Failure | None = None
        for old in self.base.nodes:
            node, wrong = self._run(old, places)
            places[old.number] = node
            graph.nodes.append(node)
            failure = failure or wrong
        for name, port in self.base.outputs.items():
            graph.outputs[name] = self._port(port, places)
        return Outcome(graph, failure)

    def _run(self, old: Node, places: Mapping[int, Node]) -> tuple[Node, Failure | None]:
        ports = tuple([self._port(port, places) for port in old.inputs])
        inference = old.inference
        if inference is None:
            return Node(old.number, old.path, old.type, old.spec, ports, None, old.outputs), None
        key = (id(inference.layer), tuple([port.tensor for port in ports]))
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = _infer(inference.layer, inference.call, key[1])
        node = Node(old.number, old.path, old.type, old.spec, ports, found, found.outputs)
        if found.problems:
            return node, Failure(node, found.problems[0].message)
        return node, None if self._same_weights(node, found) else self._weight_failure(node)

    @staticmethod
    def _port(port: Port, places: Mapping[int, Node]) -> Port:
        node = places.get(port.node.number)
        if node is None or port.number >= len(node.outputs):
            return Port(port.node, port.number, Tensor(None, port.tensor.dtype))
        return Port(node, port.number, node.outputs[port.number])

    def _same_weights(self, node: Node, inference: Inference) -> bool:
        key = (node.number, id(inference))
        known = self._fits.get(key)
        if known is None:
            base = self._weights[node.number]
            known = self._fits[key] = all(
                None in shape or base.get(name) == shape
                for name, shape in inference.weights.items()
            )
        return known

    def _weight_failure(self, node: Node) -> Failure:
        assert node.inference is not None
        base = self._weights[node.number]
        for name, shape in node.inference.weights.items():
            if base.get(name) != shape:
                want = format_shape(base.get(name))
                return Failure(
                    node, f"its {name} is {want}, this input needs {format_shape(shape)}"
                )
        raise AssertionError(node.path)

    def _rewalk(self, inputs: Mapping[str, Shape]) -> Outcome:
        sizes = {
            name: tuple(size for size in shape if size is not None)
            for name, shape in inputs.items()
        }
        result = walk(self.spec, None, Overrides(inputs=sizes))
        graph = result.graph
        for finding in result.findings:
            node = next((n for n in graph.nodes if n.spec and n.spec is finding.spec), None)
            return Outcome(graph, Failure(node or graph.nodes[-1], finding.message))
        if len(graph.nodes) == len(self.base.nodes):
            for node in graph.nodes:
                if node.inference and not self._same_weights(node, node.inference):
                    return Outcome(graph, self._weight_failure(node))
        return Outcome(graph, None)


def _infer(layer: Layer, like: Call, inputs: tuple[Tensor, ...]) -> Inference:
    return Inference(layer, Call(inputs, like.rounding, like.channels_last))
