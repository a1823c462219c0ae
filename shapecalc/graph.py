"""The layers of a model as they ran, and who feeds whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from shapecalc.layers.base import Call, Layer, Problem, Shape, Tensor, Weights
from shapecalc.sizes import Rounding, TransposedWindow, Window
from shapecalc.spec.model import LayerSpec, ModelSpec

if TYPE_CHECKING:
    from shapecalc.budget import Limits
    from shapecalc.reasoning.dims import Domain

T = TypeVar("T")


class Inference:
    """A layer on inputs of given shapes: its outputs, problems, weights and cost.

    Shared by all uses of one layer on the same shapes, so that what repeats is computed once.
    """

    __slots__ = ("_facts", "_macs", "_weights", "_windows", "call", "layer", "outputs", "problems")

    def __init__(self, layer: Layer, call: Call) -> None:
        self.layer = layer
        self.call = call
        self.outputs: tuple[Tensor, ...] = tuple(
            [tensor._replace(shape=_possible(tensor.shape)) for tensor in layer.infer(call)]
        )
        self.problems: list[Problem] = call.problems
        if any(problem.code == "SC103" for problem in self.problems):
            # A layer of the wrong rank says nothing of what its readers were meant for.
            self.outputs = tuple([tensor._replace(shape=None) for tensor in self.outputs])
        self._weights: Weights | None = None
        self._macs: tuple[int | None] | None = None
        self._windows: tuple[tuple[Window | None, ...] | None] | None = None
        self._facts: dict[Callable[[Inference], Any], Any] = {}

    def fact(self, find: Callable[[Inference], T]) -> T:
        """What a function makes of it, asked once for all layers that share it."""
        if find not in self._facts:
            self._facts[find] = find(self)
        found: T = self._facts[find]
        return found

    @property
    def weights(self) -> Weights:
        """The learnable tensors by name."""
        if self._weights is None:
            weights = self.layer.weights(self.call)
            self._weights = {name: _possible(shape) or () for name, shape in weights.items()}
        return self._weights

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one sample; ``None`` where they are not known."""
        if self._macs is None:
            known = all(None not in shape for shape in self.weights.values())
            self._macs = (self.layer.macs(self.call, self.outputs) if known else None,)
        return self._macs[0]

    @property
    def windows(self) -> tuple[Window | None, ...] | None:
        """How the layer slides over each spatial axis of its first input."""
        if self._windows is None:
            self._windows = (self.layer.windows(self.call),)
        return self._windows[0]

    @property
    def transposed_windows(self) -> tuple[TransposedWindow | None, ...] | None:
        """The same for a transposed convolution."""
        return self.layer.transposed_windows(self.call)

    @property
    def rounding(self) -> Rounding:
        """How fractions were rounded."""
        return self.call.rounding


def _possible(shape: Shape | None) -> Shape | None:
    """A shape without the sizes that cannot be (a size below 1 has been reported)."""
    if shape is None or all(size is None or size > 0 for size in shape):
        return shape
    return tuple([None if size is None or size < 1 else size for size in shape])


class Port(NamedTuple):
    """One output of a node, and the tensor that its readers see there."""

    node: Node
    number: int
    tensor: Tensor


class Node:
    """A leaf layer as it ran (or an input of the model, which has no ``inference``)."""

    __slots__ = (
        "data_inputs",
        "inference",
        "inputs",
        "number",
        "outputs",
        "owner",
        "path",
        "spec",
        "trainable",
        "type",
        "within",
    )

    def __init__(
        self,
        number: int,
        path: str,
        type_name: str,
        spec: LayerSpec | None,
        inputs: tuple[Port, ...],
        inference: Inference | None,
        outputs: tuple[Tensor, ...],
        trainable: bool = True,
    ) -> None:
        self.number = number
        self.path = path
        self.type = type_name
        self.spec = spec
        self.inputs = inputs
        self.inference = inference
        self.outputs = outputs
        self.trainable = trainable
        #: The inputs whose cells it reads; without those named only for their shape.
        self.data_inputs = inputs
        if inference is not None and inference.layer.shape_only:
            self.data_inputs = _without_named(inference.layer, inputs)
        #: The node whose weights this one uses, where it shares them.
        self.owner: Node | None = None
        #: The containers and uses of blocks around it that have an ``ignore``, outermost first.
        self.within: tuple[LayerSpec, ...] = ()

    @property
    def name(self) -> str | None:
        """Its name in the spec."""
        return self.spec.name if self.spec else self.path

    @property
    def layer(self) -> Layer | None:
        """The layer that ran."""
        return self.inference.layer if self.inference else None

    @property
    def exact(self) -> bool:
        """Whether none of its sizes had to be rounded."""
        windows = self.inference.windows if self.inference else None
        return windows is None or all(window is None or window.exact for window in windows)


def _without_named(layer: Layer, inputs: tuple[Port, ...]) -> tuple[Port, ...]:
    named = sum(getattr(layer, field) is not None for field in layer.shape_only)
    return inputs[: len(inputs) - named]


def count_params(node: Node) -> tuple[int | None, int | None]:
    """(all, trainable) parameters of a layer that no earlier layer has counted."""
    inference = node.inference
    if inference is None:
        return None, None
    shared = node.owner.inference.weights if node.owner and node.owner.inference else {}
    frozen = inference.layer.frozen_weights()
    total, trainable = 0, 0
    for name, shape in inference.weights.items():
        if shared.get(name) == shape:
            continue
        if None in shape:
            return None, None
        size = prod(size for size in shape if size is not None)
        total += size
        if node.trainable and name not in frozen:
            trainable += size
    return total, trainable


class Group:
    """One turn of a container or block: the nodes from ``first`` up to, not including, ``last``."""

    __slots__ = ("first", "last", "output", "path", "spec", "type")

    def __init__(self, path: str, type_name: str, spec: LayerSpec, first: int) -> None:
        self.path = path
        self.type = type_name
        self.spec = spec
        self.first = first
        self.last = first
        #: What it yielded.
        self.output: Tensor | None = None


class Readers:
    """Which nodes read the cells of which output; who keeps this does not keep the graph."""

    def __init__(self, nodes: list[Node]) -> None:
        #: By the number of a node, what reads its first output; of all others by that as well.
        self._first: dict[int, list[Node]] = {}
        self._others: dict[tuple[int, int], list[Node]] = {}
        for node in nodes:
            for source, output, _ in node.data_inputs:
                number = source.number
                if output:
                    self._others.setdefault((number, output), []).append(node)
                elif number in self._first:
                    self._first[number].append(node)
                else:
                    self._first[number] = [node]

    def __call__(self, node: Node, output: int = 0) -> list[Node]:
        """The nodes that read the cells of an output."""
        if output:
            return self._others.get((node.number, output), [])
        return self._first.get(node.number, [])


class Graph:
    """A model as it ran."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        #: The upper limits that its figures are held against.
        self.limits: Limits = {}
        self.inputs: dict[str, Node] = {}
        #: Leaf layers in the order they ran.
        self.nodes: list[Node] = []
        #: Containers and blocks in the order they were entered.
        self.groups: list[Group] = []
        #: Output name (or path) -> where it comes from.
        self.outputs: dict[str, Port] = {}
        #: What is known of its named sizes, where it has any.
        self.domain: Domain | None = None
        self._readers: Readers | None = None

    @property
    def readers(self) -> Readers:
        """Who reads what; asked for after the walk."""
        if self._readers is None:
            self._readers = Readers(self.nodes)
        return self._readers

    def sources(self) -> Iterator[Node]:
        """Inputs, then layers in the order they ran."""
        yield from self.inputs.values()
        yield from self.nodes
