"""What the layers of a model keep from the forward pass for the backward pass."""

from __future__ import annotations

from shapecalc.costs.setting import Amount
from shapecalc.costs.storage import Place, Storages, amount_of, is_held, place_of
from shapecalc.graph import Graph, Node
from shapecalc.layers.base import FLOATS
from shapecalc.layers.cost import Kept, Wanted


def trained_weights(node: Node) -> list[str]:
    """The names of the weights of a layer that have gradients."""
    if node.inference is None or not node.trainable:
        return []
    frozen = node.inference.layer.frozen_weights()
    return [name for name in node.inference.weights if name not in frozen]


class Saved:
    """The storages that are kept, by whom, and what layers keep of their own."""

    def __init__(self, graph: Graph, storages: Storages) -> None:
        self._storages = storages
        #: The storages that are kept, with the nodes that do so.
        self.users: dict[int, list[int]] = {}
        #: The same by node.
        self.by_node: dict[int, list[int]] = {}
        #: The bytes of tensors of their own, by node.
        self.own: dict[int, Amount] = {}
        #: The storages that gradients flow through.
        self.differentiable: set[int] = set()
        #: The nodes of which not everything is known.
        self.unknown: set[int] = set()
        self._flowing: set[Place] = set()
        self._read = {place_of(port) for port in graph.outputs.values()}
        self._read.update(place_of(port) for node in graph.nodes for port in node.inputs)
        for node in graph.nodes:
            self._add(node)
        self.total = Amount()
        for one in self.users:
            self.total = self.total.plus(storages.sizes[one])
        for amount in self.own.values():
            self.total = self.total.plus(amount)

    def added_by(self, node: Node) -> Amount:
        """The bytes that are kept since this layer has run, and were not before."""
        amount = self.own.get(node.number, Amount())
        for one in self.by_node.get(node.number, ()):
            if self.users[one][0] == node.number:
                amount = amount.plus(self._storages.sizes[one])
        return amount

    def _add(self, node: Node) -> None:
        inputs = tuple(place_of(port) in self._flowing for port in node.inputs)
        read = tuple((node.number, n) in self._read for n in range(len(node.outputs)))
        wanted = Wanted(inputs, bool(trained_weights(node)), read)
        if not any(inputs) and not wanted.weights:
            return
        for number, tensor in enumerate(node.outputs):
            if tensor.dtype in FLOATS:
                place = (node.number, number)
                self._flowing.add(place)
                self.differentiable.add(self._storages.of[place])
        if node.inference is None:
            self.unknown.add(node.number)
        elif not is_held(node):
            self._keep(node, node.inference.layer.kept(
                node.inference.call, node.inference.outputs, wanted
            ))  # fmt: skip

    def _keep(self, node: Node, kept: Kept) -> None:
        storages = self._storages
        width = storages.compute_width(node)
        own = Amount()
        for tensor in kept.own:
            amount = amount_of(tensor, width)
            if amount is None:
                self.unknown.add(node.number)
            own = own.plus(amount or Amount())
        places = [(node.number, number) for number in kept.outputs]
        for number in kept.inputs:
            port = node.inputs[number]
            place = place_of(port)
            if storages.widths.get(place, width) != width and port.tensor.dtype in FLOATS:
                # Autocast converts it: what is kept is the copy.
                own = own.plus(amount_of(port.tensor, width) or Amount())
            else:
                places.append(place)
        if own != Amount():
            self.own[node.number] = own
        kept_here = dict.fromkeys(storages.of[place] for place in places if place in storages.of)
        self.by_node[node.number] = list(kept_here)
        for one in kept_here:
            self.users.setdefault(one, []).append(node.number)
