"""What rules ask of a graph: which layers are of a kind, what reads a layer, what it reads.

Looked up once a graph, so that a rule costs no more than the layers it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from shapecalc.graph import Graph, Node
from shapecalc.layers.base import Shape


class Kind:
    """A kind of layers, in either framework: ``node in CONV | POOL``.

    A pattern of type names, since types come in one, two and three dimensions; one that matches
    none (yet) does no harm. With ``activations`` the element-wise non-linearities belong to it.
    """

    __slots__ = ("_activations", "_known", "_pattern")

    def __init__(self, pattern: str, *, activations: bool = False) -> None:
        self._pattern = pattern
        self._activations = activations
        self._known: dict[str, bool] = {}

    def __or__(self, other: Kind) -> Kind:
        both = f"{self._pattern}|{other._pattern}"
        return Kind(both, activations=self._activations or other._activations)

    def __contains__(self, node: Node) -> bool:
        known = self._known.get(node.type)
        return self._look(node) if known is None else known

    def _look(self, node: Node) -> bool:
        found = re.fullmatch(self._pattern, node.type) is not None
        if node.layer is None:
            return found
        found = found or (self._activations and node.layer.is_activation)
        self._known[node.type] = found
        return found


CONV = Kind(r"(depthwise_|separable_)?conv[123]d(_same)?")
TRANSPOSED_CONV = Kind(r"conv_transpose[123]d")
LINEAR = Kind(r"linear")
#: What multiplies its input with learned weights.
LINEAR_MAP = CONV | TRANSPOSED_CONV | LINEAR
BATCH_NORM = Kind(r"(sync_)?batch_norm([123]d)?")
INSTANCE_NORM = Kind(r"instance_norm[123]d")
NORM = BATCH_NORM | INSTANCE_NORM | Kind(r"group_norm|layer_norm|rms_norm|local_response_norm")
#: Those that zero; `alpha_dropout` and noise do something else.
DROPOUT = Kind(r"(spatial_)?dropout([123]d)?")
MAX_POOL = Kind(r"max_pool[123]d(_same)?")
POOL = Kind(r"(global_|adaptive_|fractional_)?(max|avg|lp)_pool[123]d(_same)?")
IDENTITY = Kind(r"identity")
#: The same numbers in another order or under another shape.
RESHAPE = Kind(r"flatten|unflatten|reshape|permute|transpose|squeeze|unsqueeze")
ACTIVATION = Kind(r"(?!)", activations=True)
SOFTMAX = Kind(r"softmax|log_softmax")
NONE = Kind(r"(?!)")
#: How far a rule looks back; nobody would see the connection over more layers.
MAX_STEPS = 64


class Flow:
    """The layers of a graph by type, and who reads whom."""

    def __init__(self, graph: Graph) -> None:
        #: The layers that read an output (by default the first) of a layer.
        self.readers = graph.readers
        self._outputs = {(port.node.number, port.number) for port in graph.outputs.values()}
        self._types: dict[str, list[Node]] = {}
        for node in graph.nodes:
            if node.inference is not None:
                self._types.setdefault(node.type, []).append(node)
        self._sharing: set[int] | None = None

    def of(self, kind: Kind) -> Iterator[Node]:
        """The layers of a kind, those that could not be computed left out."""
        for nodes in self._types.values():
            if nodes[0] in kind:
                yield from nodes

    def is_output(self, node: Node) -> bool:
        """Whether the model yields what this layer does."""
        return (node.number, 0) in self._outputs

    def only_reader(self, node: Node) -> Node | None:
        """The layer that alone reads the only output; ``None`` where there is no such one."""
        readers = self.readers(node)
        if len(readers) != 1 or len(node.outputs) != 1 or self.is_output(node):
            return None
        return readers[0]

    def next(self, node: Node, passing: Kind = NONE) -> Node | None:
        """The next layer of a chain, those of the kind ``passing`` left out; a chain ends where
        a tensor has several readers, where layers are joined, and at an output of the model."""
        reader = self.only_reader(node)
        while reader is not None and len(reader.inputs) == 1 and reader in passing:
            reader = self.only_reader(reader)
        return reader if reader is not None and len(reader.data_inputs) == 1 else None

    def shares_weights(self, node: Node) -> bool:
        """Whether another layer uses the same weights."""
        if self._sharing is None:
            self._sharing = {
                other.owner.number
                for nodes in self._types.values()
                for other in nodes
                if other.owner is not None
            }
        return node.owner is not None or node.number in self._sharing


_known: WeakKeyDictionary[Graph, Flow] = WeakKeyDictionary()


def flow(graph: Graph) -> Flow:
    """The flow of a graph."""
    found = _known.get(graph)
    if found is None:
        found = _known[graph] = Flow(graph)
    return found


def activation_of(node: Node) -> str | None:
    """The activation that a layer ends with, by name; Keras' layers may have one built in."""
    word = getattr(node.layer, "activation", None)
    if isinstance(word, str):
        return None if word == "linear" else word
    return node.type if node in ACTIVATION or node in SOFTMAX else None


def previous(node: Node, passing: Kind = NONE) -> Node | None:
    """The layer that a layer reads, those of the kind ``passing`` left out; ``None`` where it
    reads an input of the model, or several layers."""
    for _ in range(MAX_STEPS):
        if len(node.data_inputs) != 1 or node.data_inputs[0].node.inference is None:
            return None
        node = node.data_inputs[0].node
        if node not in passing:
            return node
    return None


def input_shape(node: Node) -> tuple[int, ...] | None:
    """The shape of the first input; ``None`` where a size of it is not known."""
    return known(node.inputs[0].tensor.shape) if node.inputs else None


def output_shape(node: Node) -> tuple[int, ...] | None:
    """The shape of the first output; ``None`` where a size of it is not known."""
    return known(node.outputs[0].shape) if node.outputs else None


def label(node: Node) -> str:
    """A layer as messages call it: ``conv2d `stem```."""
    return node.spec.label(node.type) if node.spec else node.type


def known(shape: Shape | None) -> tuple[int, ...] | None:
    """A shape of which every size is known."""
    sizes = tuple(size for size in shape or () if size is not None)
    return sizes if shape is not None and len(sizes) == len(shape) else None


def spatial(graph: Graph, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without its channels."""
    return shape[:-1] if graph.spec.framework == "keras" else shape[1:]
