"""Which tensors of a model lie in which storage, and how large those are.

A view, and what overwrites its input, lies in the storage of its input. Tensors that the model
holds anyway (parameters, constants) take no room here: they are counted as such.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

from shapecalc.costs.setting import WIDTHS, Amount, Setting
from shapecalc.graph import Graph, Node, Port
from shapecalc.layers.base import FLOATS, Tensor
from shapecalc.layers.strides import Strides, contiguous, full_sizes

_BYTES = {
    "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "int32": 4, "int64": 8, "complex64": 8,
}  # fmt: skip

#: An output of a node: the node's number, and which output.
Place = tuple[int, int]


@lru_cache(maxsize=1024)
def tensor_bytes(tensor: Tensor, width: int = WIDTHS["float32"]) -> int | None:
    """The bytes of one tensor (of one sample), its floating-point numbers ``width`` bytes each;
    ``None`` where its size is not known."""
    sizes = [size for size in tensor.shape or () if size is not None and size >= 0]
    if tensor.shape is None or len(sizes) < len(tensor.shape):
        return None
    count = prod(sizes)
    return count * _BYTES.get(tensor.dtype, width)


def amount_of(tensor: Tensor, width: int) -> Amount | None:
    """The bytes of one tensor, for each sample or whatever the batch; ``None``: not known."""
    size = tensor_bytes(tensor, width)
    if size is None:
        return None
    return Amount(sample=size) if tensor.batched else Amount(fixed=size)


def is_held(node: Node) -> bool:
    """Whether its outputs are tensors that the model holds, and nothing computes."""
    return node.layer is not None and node.layer.arity == (0, 0)


class _Laid(NamedTuple):
    """How an output lies: its strides, whether in the storage of the first input, or in one of its
    own of so many bytes (``None``: not known)."""

    strides: Strides | None
    shared: bool
    amount: Amount | None = None


class Storages:
    """The storages of a model, by their numbers."""

    def __init__(self, graph: Graph, setting: Setting) -> None:
        self.setting = setting
        #: The storage that each output of each node lies in.
        self.of: dict[Place, int] = {}
        #: The bytes of each storage.
        self.sizes: list[Amount] = []
        #: By the number of a node, the storages that it made.
        self._made: dict[int, list[int]] = {}
        #: The bytes of the floating-point numbers of each output.
        self.widths: dict[Place, int] = {}
        #: The nodes of which not all sizes are known.
        self.unknown: set[int] = set()
        self._strides: dict[Place, Strides | None] = {}
        #: How the outputs of layers that share an inference lie, which is worked out once.
        self._known: dict[tuple[Any, ...], list[_Laid]] = {}
        for node in graph.sources():
            self._add(node)

    def inputs(self, node: Node) -> list[int]:
        """The storages that a node reads."""
        return [self.of[place] for port in node.inputs if (place := place_of(port)) in self.of]

    def outputs(self, node: Node) -> list[int]:
        """The storages that its outputs lie in, each once."""
        if len(node.outputs) == 1:
            return [self.of[node.number, 0]]
        places = ((node.number, number) for number in range(len(node.outputs)))
        return list(dict.fromkeys(self.of[place] for place in places))

    def made(self, node: Node) -> list[int]:
        """The storages that it made."""
        return self._made.get(node.number, [])

    def compute_width(self, node: Node) -> int:
        """The bytes of the floating-point numbers that a layer computes with."""
        setting = self.setting
        if not setting.autocast:
            return setting.width
        wish = node.layer.autocast if node.layer else ""
        if wish:
            return setting.width if wish == "lower" else WIDTHS["float32"]
        widths = [
            self.widths.get(place_of(port), WIDTHS["float32"])
            for port in node.inputs
            if port.tensor.dtype in FLOATS
        ]
        return max(widths, default=WIDTHS["float32"])

    def _add(self, node: Node) -> None:
        width = self.compute_width(node)
        for number, (strides, shared, amount) in enumerate(self._laid(node, width)):
            place = (node.number, number)
            self.widths[place], self._strides[place] = width, strides
            if shared:
                self.of[place] = self.of[place_of(node.inputs[0])]
                continue
            if amount is None:
                self.unknown.add(node.number)
            self.of[place] = len(self.sizes)
            self._made.setdefault(node.number, []).append(len(self.sizes))
            self.sizes.append(amount or Amount())

    def _laid(self, node: Node, width: int) -> list[_Laid]:
        """How each output lies."""
        first = node.inputs[0] if node.inputs else None
        strides = None if first is None else self._strides.get(place_of(first))
        # (By their ids, which are their own while the graph is kept.)
        read = None if first is None else id(first.tensor)
        key = (id(node.inference), id(node.outputs), read, strides, width)
        if key not in self._known:
            self._known[key] = self._find_laid(node, width)
        return self._known[key]

    def _find_laid(self, node: Node, width: int) -> list[_Laid]:
        shared = self._shared(node)
        inference = node.inference
        own = inference.layer.laid_out(inference.call, inference.outputs) if inference else ()
        found = []
        for number, tensor in enumerate(node.outputs):
            strides = shared[number] if number < len(shared) else None
            if strides is not None:
                found.append(_Laid(strides, shared=True))
                continue
            sizes = full_sizes(tensor)
            laid = own[number] if number < len(own) else None
            strides = laid or (None if sizes is None else contiguous(sizes))
            amount = Amount() if is_held(node) else amount_of(tensor, width)
            found.append(_Laid(strides, shared=False, amount=amount))
        return found

    def _shared(self, node: Node) -> tuple[Strides | None, ...]:
        """For each output that is a view of the first input, its strides."""
        inference = node.inference
        if inference is None or not node.inputs:
            return ()
        place = place_of(node.inputs[0])
        strides = self._strides.get(place)
        sizes = full_sizes(node.inputs[0].tensor)
        # (An input that another part of the model sees under another shape is not followed.)
        if strides is None or sizes is None or len(strides) != len(sizes):
            return ()
        training = self.setting.training
        return inference.layer.shared(inference.call, inference.outputs, strides, training)


def place_of(port: Port) -> Place:
    return port.node.number, port.number
