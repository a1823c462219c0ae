"""The least time that layers take on a device: a bound by its peak rates, and no prediction.

A layer reads each of its inputs and its weights once, writes its outputs once, and multiplies; it
cannot be done sooner than the slower of the two at the peak rate. Real kernels move more, and reach
no peak. Source: Williams, Waterman and Patterson, "Roofline", 2009.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from shapecalc.costs.devices import Device
from shapecalc.costs.memory import Memory
from shapecalc.costs.setting import Amount
from shapecalc.costs.storage import amount_of, place_of
from shapecalc.graph import Inference, Node
from shapecalc.layers.base import Tensor


class Bound(NamedTuple):
    """One layer's least time, in seconds, by what it moves and by what it multiplies."""

    moving: float
    multiplying: float

    @property
    def seconds(self) -> float:
        """The larger of both."""
        return max(self.moving, self.multiplying)

    @property
    def by_memory(self) -> bool:
        """Whether moving takes longer."""
        return self.moving > self.multiplying


class Traffic:
    """What the layers of a model read and write at the least."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        #: What layers that share an inference move, which is counted once.
        self._known: dict[tuple[int, ...], int | None] = {}

    def of(self, node: Node) -> int | None:
        """The bytes that a layer moves; 0 for a view; ``None``: not known."""
        if node.inference is None:
            return None
        storages, width = self.memory.storages, self.memory.setting.weight_width
        made = bool(storages.made(node))
        read = {
            place_of(port): (port.tensor, storages.widths.get(place_of(port), width))
            for port in node.data_inputs
        }
        # (By their ids, which are their own while the graph is kept.)
        seen = [number for tensor, wide in read.values() for number in (id(tensor), wide)]
        key = (id(node.inference), made, storages.compute_width(node), *seen)
        if key not in self._known:
            self._known[key] = self._count(node, node.inference, made, list(read.values()))
        return self._known[key]

    def _count(
        self, node: Node, inference: Inference, made: bool, read: list[tuple[Tensor, int]]
    ) -> int | None:
        layer, memory = inference.layer, self.memory
        ops = layer.element_ops(inference.call, inference.outputs)
        if not made and not ops and not inference.macs:
            return 0
        weights = [Tensor(shape, batched=False) for shape in inference.weights.values()]
        moved = [(one, memory.setting.weight_width) for one in weights if layer.reads_all_weights]
        written = [(one, memory.storages.compute_width(node)) for one in node.outputs]
        amounts = [amount_of(tensor, width) for tensor, width in (*moved, *read, *written)]
        known = [amount for amount in amounts if amount is not None]
        total = Amount()
        for amount in known:
            total = total.plus(amount)
        return total.at(memory.setting.batch) if len(known) == len(amounts) else None


class Roofline:
    """The forward pass of one model on one device."""

    def __init__(self, memory: Memory, device: Device) -> None:
        self.memory = memory
        self.traffic = Traffic(memory)
        self.device = device
        dtype = memory.setting.dtype
        #: Multiply-accumulates in a second; ``None`` where the device has none of this dtype.
        self.rate = device.macs.get(dtype)

    @cached_property
    def bounds(self) -> list[Bound | None]:
        """The bound of each layer; ``None`` where something is not known."""
        return [self._bound(node) for node in self.memory.graph.nodes]

    @property
    def seconds(self) -> float:
        """The sum over the layers that are known."""
        return sum(bound.seconds for bound in self.bounds if bound is not None)

    @property
    def complete(self) -> bool:
        """Whether all layers are known."""
        return None not in self.bounds

    @property
    def memory_bound(self) -> int:
        """How many layers take longer to move their numbers than to multiply them."""
        return sum(bound is not None and bound.by_memory for bound in self.bounds)

    def _bound(self, node: Node) -> Bound | None:
        moved = self.traffic.of(node)
        macs = node.inference.macs if node.inference else None
        if moved is None or macs is None or not self.rate:
            return None
        batch = self.memory.setting.batch
        return Bound(moved / self.device.bandwidth, macs * batch / self.rate)
