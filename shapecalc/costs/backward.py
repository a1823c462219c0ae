"""What lives while the backward pass runs through each layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shapecalc.costs.saved import Saved
from shapecalc.costs.setting import Amount
from shapecalc.costs.storage import Storages, place_of
from shapecalc.graph import Graph, Node


class Point(NamedTuple):
    """The activations that live while a layer runs, in one direction or the other."""

    live: Amount
    node: Node
    backward: bool = False


class Backward:
    """The backward pass: it starts with all that is kept and the gradients of the outputs.

    The gradient of a storage is as large as it; it is there from the turn of the storage's last
    reader until that of its maker. What is kept is let go when its first user has been passed.
    """

    def __init__(self, graph: Graph, storages: Storages, saved: Saved) -> None:
        self.graph = graph
        self.storages = storages
        self.saved = saved
        self.live = saved.total
        self._gradients: set[int] = set()

    def points(self) -> Iterator[Point]:
        """What lives at each layer, from the last to the first."""
        ends = (place_of(port) for port in self.graph.outputs.values())
        self._begin(self.storages.of[place] for place in ends if place in self.storages.of)
        for node in reversed(self.graph.nodes):
            self._begin((*self.storages.outputs(node), *self.storages.inputs(node)))
            yield Point(self.live, node, backward=True)
            self._pass(node)

    def _begin(self, storages: Iterable[int]) -> None:
        """Gradients of these come to be, where they have any."""
        for one in storages:
            if one in self.saved.differentiable and one not in self._gradients:
                self._gradients.add(one)
                self.live = self.live.plus(self.storages.sizes[one])

    def _pass(self, node: Node) -> None:
        """What only this layer and those behind it needed goes."""
        number, sizes = node.number, self.storages.sizes
        gone = [self.saved.own.get(number, Amount())]
        kept = self.saved.by_node.get(number, ())
        gone += [sizes[one] for one in kept if self.saved.users[one][0] == number]
        made = self._gradients.intersection(self.storages.made(node))
        self._gradients -= made
        gone += [sizes[one] for one in made]
        for amount in gone:
            self.live = self.live.minus(amount)
