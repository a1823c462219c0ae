"""How many bytes a model needs, at inference and in training.

Activations live as long as something reads them: from the layer that makes them (an input: from the
start) until their last reader has run, outputs of the model to the end; what lies in one storage
lives together. In training, what autograd saves lives until the backward pass has used it, and the
gradients of activations are there from their first to their last use. Allocators, workspaces of
kernels and the framework itself are outside of this model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from math import prod
from typing import NamedTuple

from shapecalc.costs.backward import Backward, Point
from shapecalc.costs.saved import Saved, trained_weights
from shapecalc.costs.setting import STATES, WIDTHS, Amount, Setting
from shapecalc.costs.storage import Storages, place_of, tensor_bytes
from shapecalc.graph import Graph, Node
from shapecalc.layers.base import Shape


class Bytes(NamedTuple):
    """Bytes, and whether all of them are known."""

    value: int
    complete: bool = True


class Peak(NamedTuple):
    """The most bytes of live activations, the layer that runs then, and in which direction."""

    value: int
    node: Node | None
    backward: bool
    complete: bool


class Memory:
    """The memory of one model in one setting."""

    def __init__(self, graph: Graph, setting: Setting | None = None) -> None:
        self.graph = graph
        self.setting = setting or Setting()

    @cached_property
    def parameters(self) -> Bytes:
        """All parameters, each counted once."""
        return self._of_weights(self._weights(), self.setting.weight_width)

    @cached_property
    def buffers(self) -> Bytes:
        """What is neither parameter nor activation: running statistics, constants."""
        total, complete = 0, True
        for node in self.graph.nodes:
            inference = node.inference
            if inference is None or node.owner is not None:
                continue
            for tensor in inference.layer.buffers(inference.call).values():
                size = tensor_bytes(tensor, self.setting.weight_width)
                total, complete = total + (size or 0), complete and size is not None
        return Bytes(total, complete)

    @cached_property
    def gradients(self) -> Bytes:
        """A gradient for each trained parameter."""
        if not self.setting.training:
            return Bytes(0)
        return self._of_weights(self._weights(trained=True), self.setting.weight_width)

    @cached_property
    def optimizer_states(self) -> Bytes:
        """What the optimizer remembers of each trained parameter."""
        if self.setting.optimizer is None:
            return Bytes(0)
        numbers, steps = STATES[self.setting.optimizer]
        gradients = self.gradients
        tensors = sum(1 for _ in self._weights(trained=True)) if steps else 0
        steps_bytes = steps * tensors * WIDTHS["float32"]
        return Bytes(numbers * gradients.value + steps_bytes, gradients.complete)

    @cached_property
    def copies(self) -> Bytes:
        """The weights in the lower precision, which autocast makes and keeps."""
        if not self.setting.autocast:
            return Bytes(0)
        lower = (
            shape
            for node, shape in self._weights()
            if node is not None and node.layer is not None and node.layer.autocast == "lower"
        )
        return self._of_weights(((None, shape) for shape in lower), self.setting.width)

    @cached_property
    def storages(self) -> Storages:
        """Which tensors lie in which storage."""
        return Storages(self.graph, self.setting)

    @cached_property
    def saved(self) -> Saved | None:
        """What the layers keep for the backward pass; ``None`` at inference."""
        return Saved(self.graph, self.storages) if self.setting.training else None

    @property
    def kept(self) -> Bytes:
        """What the layers keep for the backward pass."""
        if self.saved is None:
            return Bytes(0)
        return Bytes(self.saved.total.at(self.setting.batch), self.complete)

    @property
    def complete(self) -> bool:
        """Whether the sizes of all activations are known."""
        return not self.storages.unknown and not (self.saved and self.saved.unknown)

    @cached_property
    def peak(self) -> Peak:
        """The most bytes of activations that live at once."""
        batch = self.setting.batch
        most = max(self.points, key=lambda point: point.live.at(batch), default=None)
        if most is None:
            return Peak(0, None, False, self.complete)
        return Peak(most.live.at(batch), most.node, most.backward, self.complete)

    @cached_property
    def held(self) -> Bytes:
        """All but the activations: what does not depend on the batch."""
        parts = (
            self.parameters, self.buffers, self.gradients, self.optimizer_states, self.copies,
        )  # fmt: skip
        return Bytes(sum(part.value for part in parts), all(part.complete for part in parts))

    @property
    def total(self) -> Bytes:
        """All of it, at the peak."""
        return Bytes(self.held.value + self.peak.value, self.held.complete and self.complete)

    def largest_batch(self, limit: int) -> int | None:
        """The most samples that fit into so many bytes (0: not even one); ``None``: any number, or
        not known."""
        if not self.held.complete or not self.complete:
            return None
        room = limit - self.held.value
        if any(point.live.fixed > room for point in self.points) or room < 0:
            return 0
        growing = [point.live for point in self.points if point.live.sample > 0]
        most = ((room - live.fixed) // live.sample for live in growing)
        return min(most, default=None)

    @cached_property
    def points(self) -> list[Point]:
        """What lives while each layer runs, forwards and, in training, backwards."""
        points = list(self._forward())
        if self.saved is not None:
            points += Backward(self.graph, self.storages, self.saved).points()
        return points

    def _forward(self) -> Iterator[Point]:
        storages, saved = self.storages, self.saved
        dying = _last_reads(self.graph, storages)
        live = Amount()
        for node in self.graph.sources():
            for one in storages.made(node):
                live = live.plus(storages.sizes[one])
            if saved is not None:
                live = live.plus(saved.own.get(node.number, Amount()))
            yield Point(live, node)
            for one in dying.get(node.number, ()):
                if saved is None or one not in saved.users:
                    live = live.minus(storages.sizes[one])

    def _weights(self, trained: bool = False) -> Iterator[tuple[Node | None, Shape]]:
        """Every weight that no earlier layer has counted, with the layer that has it."""
        for node in self.graph.nodes:
            if node.inference is None:
                yield None, (None,)
                continue
            owner = node.owner.inference if node.owner else None
            shared = owner.weights if owner else {}
            names = trained_weights(node) if trained else node.inference.weights
            for name in names:
                shape = node.inference.weights[name]
                if shared.get(name) != shape:
                    yield node, shape

    @staticmethod
    def _of_weights(weights: Iterable[tuple[Node | None, Shape]], width: int) -> Bytes:
        total, complete = 0, True
        for _, shape in weights:
            sizes = [size for size in shape if size is not None]
            complete = complete and len(sizes) == len(shape)
            total += prod(sizes) * width if len(sizes) == len(shape) else 0
        return Bytes(total, complete)


def _last_reads(graph: Graph, storages: Storages) -> dict[int, list[int]]:
    """For each node, the storages that nothing reads after it has run."""
    last: dict[int, int] = {}
    for node in graph.nodes:
        for one in (*storages.inputs(node), *storages.outputs(node)):
            last[one] = node.number
    for port in graph.outputs.values():
        last.pop(storages.of.get(place_of(port), -1), None)
    dying: dict[int, list[int]] = {}
    for one, reader in last.items():
        dying.setdefault(reader, []).append(one)
    return dying
