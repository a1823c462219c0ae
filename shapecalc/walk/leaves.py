"""Layers that are no containers: run on what they read, as nodes of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shapecalc.graph import Inference, Node, Port
from shapecalc.layers.base import Call, Layer, Problem, Tensor, format_shape, plural
from shapecalc.limits import MAX_RANK
from shapecalc.spec.model import Binding, LayerSpec
from shapecalc.walk.guess import Guess, certain
from shapecalc.walk.hints import before_flatten
from shapecalc.walk.scope import Result
from shapecalc.walk.state import State
from shapecalc.walk.values import Values

#: How often it is looked into what is certain of layers that could not be built.
MAX_GUESSES = 1_000


class Leaves:
    """Applies layers to their inputs, reports what they find, and adds them to the graph."""

    def __init__(self, state: State, values: Values) -> None:
        self.state = state
        self.findings = state.findings
        self.values = values
        self.memo = state.memory.inferences(state.spec.rounding, state.channels_last)
        #: What is certain of layers that could not be built.
        self.guesses: dict[Any, Guess | None] = {}

    def ranked(
        self, layer: LayerSpec, binding: Binding, path: str, inputs: tuple[Port, ...]
    ) -> type[Layer] | None:
        """The class of a type without its rank: by the rank of the input."""
        assert binding.variants is not None
        shape = inputs[0].tensor.shape if inputs else None
        if shape is None:
            return None
        rank = len(shape) - 1
        found = binding.variants.get(rank)
        if found is None and rank == 0:
            found = next(
                (c for c in binding.variants.values() if 1 in getattr(c, "ranks", ())), None
            )
        if found is None:
            ranks = ", ".join(str(rank + 1) for rank in sorted(binding.variants))
            message = f"there is none for {plural(len(shape), 'axis')}: {format_shape(shape)}"
            problem = Problem("SC103", message, None, f"it takes inputs of {ranks} axes")
            self.findings.report_layer(layer, layer.type, problem, path, inputs)
        return found

    def run_layer(
        self,
        layer: LayerSpec,
        value: Layer,
        trainable: bool,
        path: str,
        inputs: tuple[Port, ...],
    ) -> Result:
        """Apply a layer to its inputs, report what it found, add it to the graph."""
        node = self.run_node(layer, value, trainable, path, inputs)
        outputs = node.outputs
        ports = tuple([Port(node, i, tensor) for i, tensor in enumerate(outputs)])
        label = layer.label(value.type_name)
        if not value.multiple:
            return Result(ports, label)
        # Where not even the shape is known, the number of outputs is not known either.
        assert node.inference is not None
        countless = bool(node.inference.problems) or outputs[0].shape is None
        return Result(ports, label, multiple=True, unknown=countless)

    def run_node(
        self,
        layer: LayerSpec,
        value: Layer,
        trainable: bool,
        path: str,
        inputs: tuple[Port, ...],
    ) -> Node:
        """The same, of which only the node is wanted."""
        tensors = tuple([port.tensor for port in inputs])
        flipped = self.state.flipped
        trust = not flipped or layer.extent not in flipped
        key = (id(value), tensors, trust)
        inference = self.memo.get(key)
        if inference is None:
            call = Call(tensors, self.state.spec.rounding, self.state.channels_last, trust)
            inference = self.memo[key] = _bounded(Inference(value, call))
        if len(inference.outputs) > 1:
            self.state.spend(len(inference.outputs))
        if inference.call.filled_in and trust:
            self.state.fills.append(layer.extent)
        if inference.problems:
            self.problems(layer, value.type_name, vars(value), inference.problems, path, inputs)
        nodes = self.state.graph.nodes
        number = len(nodes)
        if self.unsure(inputs):
            self.state.uncertain.add(number)
        node = Node(
            number,
            path,
            value.type_name,
            layer,
            inputs,
            inference,
            inference.outputs,
            trainable,
        )
        node.within = self.findings.within
        nodes.append(node)
        return node

    def unsure(self, inputs: tuple[Port, ...]) -> bool:
        """Whether of what a layer reads not even the dtype is certain."""
        uncertain = self.state.uncertain
        for port in inputs:  # noqa: SIM110 - asked for every layer: a generator takes twice as long
            if port.node.number in uncertain:
                return True
        return False

    def problems(
        self,
        layer: LayerSpec,
        type_name: str,
        values: Mapping[str, Any],
        found: Iterable[Problem],
        path: str,
        inputs: tuple[Port, ...],
    ) -> None:
        """Report what a layer of these values found."""
        tensors = tuple(port.tensor for port in inputs)
        for problem in () if layer.broken else found:
            if self.unsure(inputs) and _depends_on_kind(problem, tensors):
                continue
            if problem.code == "SC101":
                self.state.disputes.append(layer.extent)
            elif problem.code == "SC106":
                blamed = values.get(problem.field or "")
                if self.findings.repeats(problem.code, layer, problem.field, blamed):
                    continue
            self.problem(layer, type_name, problem, path, inputs)

    def problem(
        self,
        layer: LayerSpec,
        type_name: str,
        problem: Problem,
        path: str,
        inputs: tuple[Port, ...],
    ) -> None:
        """Report one thing that a layer found, with what the layers before it tell."""
        if problem.code == "SC101" and inputs and inputs[0].node.type == "flatten":
            before = format_shape(inputs[0].node.inputs[0].tensor.shape)
            problem = problem._replace(message=f"{problem.message} ({before} flattened)")
        binding = layer.bindings.get(layer.type)
        if problem.code == "SC103" and inputs and binding and binding.layer:
            earlier = before_flatten(inputs[0], binding.layer.rank)
            ways = [way for way in (earlier, problem.help) if way]
            problem = problem._replace(help=", or ".join(ways) or None)
        container = binding.layer if binding and binding.lists else None
        shown = container.type_name if container else type_name
        self.findings.report_layer(layer, shown, problem, path, inputs)

    def partial(
        self,
        layer: LayerSpec,
        binding: Binding,
        cls: type[Layer],
        path: str,
        inputs: tuple[Port, ...],
        names: Mapping[str, Any],
    ) -> Result:
        """A layer of which some fields are not known: what they do not change is known."""
        self.findings.stop_if_enough()
        known, unknown = self.values.partial(binding, cls, names)
        tensors = tuple(port.tensor for port in inputs)
        key = (id(binding), cls, repr(known), tensors)
        if key not in self.guesses:
            found = None
            if len(self.guesses) < MAX_GUESSES and len(inputs) == 1 + len(binding.references):
                call = Call(tensors, self.state.spec.rounding, self.state.channels_last)
                found = certain(cls, known, unknown, call)
            self.guesses[key] = found
        guess = self.guesses[key]
        if guess is None:
            return self.unknown(layer, cls.type_name, path, inputs)
        self.problems(layer, cls.type_name, known, guess.problems, path, inputs)
        number = len(self.state.graph.nodes)
        node = Node(number, path, cls.type_name, layer, inputs, None, guess.outputs)
        self.add(node)
        if "dtype" in unknown or self.unsure(inputs):
            self.state.uncertain.add(number)
        ports = tuple(Port(node, i, tensor) for i, tensor in enumerate(guess.outputs))
        countless = cls.multiple and (not guess.counted or guess.outputs[0].shape is None)
        label = layer.label(cls.type_name)
        return Result(ports, label, multiple=cls.multiple, unknown=countless)

    def unknown(
        self, layer: LayerSpec, type_name: str, path: str, inputs: tuple[Port, ...]
    ) -> Result:
        """A layer that could not be built: a node whose output is not known."""
        binding = layer.bindings.get(layer.type)
        multiple = binding is not None and binding.layer is not None and binding.layer.multiple
        dtype = inputs[0].tensor.dtype if inputs else "float32"
        # What reads nothing, of all that may be meant, is a source, which has no batch.
        batched = any(port.tensor.batched for port in inputs)
        tensor = Tensor(None, dtype, batched)
        node = Node(len(self.state.graph.nodes), path, type_name, layer, inputs, None, (tensor,))
        self.add(node)
        self.state.uncertain.add(node.number)
        return Result((Port(node, 0, tensor),), layer.label(), multiple=multiple, unknown=True)

    def add(self, node: Node) -> None:
        """Put a node into the graph."""
        node.within = self.findings.within
        self.state.graph.nodes.append(node)


def _bounded(inference: Inference) -> Inference:
    """Leave out the shapes that have more axes than there may be."""
    for tensor in inference.outputs:
        if tensor.shape is not None and len(tensor.shape) > MAX_RANK:
            message = f"the output has {len(tensor.shape):,} axes, at most {MAX_RANK} may be"
            inference.problems.append(Problem("SC106", message, None, None))
            inference.outputs = tuple(t._replace(shape=None) for t in inference.outputs)
            break
    return inference


def _depends_on_kind(problem: Problem, tensors: tuple[Tensor, ...]) -> bool:
    """Whether a problem may be gone with another dtype of an input, or with a batch."""
    mixed = len({tensor.batched for tensor in tensors}) > 1
    return problem.code == "SC109" or (mixed and problem.code in ("SC103", "SC104", "SC106"))
