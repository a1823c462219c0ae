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
from shapecalc.graph import Node
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


class Roofline:
    """The forward pass of one model on one device."""

    def __init__(self, memory: Memory, device: Device) -> None:
        self.memory = memory
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
        moved = bytes_moved(self.memory, node)
        macs = node.inference.macs if node.inference else None
        if moved is None or macs is None or not self.rate:
            return None
        batch = self.memory.setting.batch
        return Bound(moved / self.device.bandwidth, macs * batch / self.rate)


def bytes_moved(memory: Memory, node: Node) -> int | None:
    """The bytes that a layer reads and writes at the least; 0 for a view; ``None``: not known."""
    inference, storages = node.inference, memory.storages
    if inference is None:
        return None
    layer, made = inference.layer, storages.made(node)
    ops = layer.element_ops(inference.call, inference.outputs)
    if not made and not ops and not inference.macs:
        return 0
    width = memory.setting.weight_width
    weights = [Tensor(shape, batched=False) for shape in inference.weights.values()]
    read = {place_of(port): port.tensor for port in node.data_inputs}
    amounts = [amount_of(weight, width) for weight in weights] if layer.reads_all_weights else []
    amounts += [amount_of(one, storages.widths.get(place, width)) for place, one in read.items()]
    amounts += [amount_of(one, storages.compute_width(node)) for one in node.outputs]
    known = [amount for amount in amounts if amount is not None]
    total = Amount()
    for amount in known:
        total = total.plus(amount)
    return total.at(memory.setting.batch) if len(known) == len(amounts) else None
