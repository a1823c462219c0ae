"""The costs of a model in the form of the JSON contract, and of the lines below its table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from shapecalc.costs.memory import Bytes, Memory
from shapecalc.costs.roofline import Roofline, Traffic
from shapecalc.costs.setting import Setting
from shapecalc.graph import Graph


class Costs:
    """What one model costs in one setting."""

    def __init__(self, graph: Graph, setting: Setting) -> None:
        self.graph = graph
        self.setting = setting
        self.memory = Memory(graph, setting)

    @cached_property
    def roofline(self) -> Roofline | None:
        """The bound of its time, where a device is named."""
        device = self.setting.device
        return None if device is None else Roofline(self.memory, device)

    @cached_property
    def moved(self) -> Bytes:
        """The bytes that its layers read and write at the least."""
        return Bytes(sum(one or 0 for one in self._moved), None not in self._moved)

    @cached_property
    def _moved(self) -> list[int | None]:
        traffic = Traffic(self.memory)
        return [traffic.of(node) for node in self.graph.nodes]

    @property
    def room(self) -> int | None:
        """The bytes that there are: those asked for, or else the device's."""
        device = self.setting.device
        return self.setting.room or (device.memory if device else None)

    @property
    def largest_batch(self) -> int | None:
        """The most samples that fit into the room; ``None``: not asked, or not known."""
        return None if self.room is None else self.memory.largest_batch(self.room)

    def parts(self) -> dict[str, Bytes]:
        """What the memory is made of."""
        memory = self.memory
        peak = Bytes(memory.peak.value, memory.peak.complete)
        return {
            "parameters": memory.parameters,
            "buffers": memory.buffers,
            "gradients": memory.gradients,
            "optimizer_states": memory.optimizer_states,
            "lower_precision_weights": memory.copies,
            "activations": peak,
        }

    def to_dict(self) -> dict[str, Any]:
        """The costs in the form of the JSON contract."""
        setting, memory, peak = self.setting, self.memory, self.memory.peak
        return {
            "batch": setting.batch,
            "dtype": setting.dtype,
            "autocast": setting.autocast,
            "optimizer": setting.optimizer,
            "memory": {
                **{name: part.value for name, part in self.parts().items()},
                "kept_for_backward": memory.kept.value,
                "total": memory.total.value,
                "complete": memory.total.complete,
                "peak_layer": peak.node.path if peak.node else None,
                "peak_in_backward": peak.backward,
                "room": self.room,
                "largest_batch": self.largest_batch,
            },
            "bytes_moved": self.moved.value if self.moved.complete else None,
            "layers": list(self._layers()),
            "roofline": self._roofline(),
        }

    def _layers(self) -> Iterator[dict[str, Any]]:
        """What each layer moves, its arithmetic intensity, and what is kept since it has run; one
        object for all of which that is the same."""
        saved, batch = self.memory.saved, self.setting.batch
        known: dict[tuple[int | None, ...], dict[str, Any]] = {}
        for node, moved in zip(self.graph.nodes, self._moved, strict=True):
            macs = node.inference.macs if node.inference else None
            kept = 0 if saved is None else saved.added_by(node).at(batch)
            if (moved, macs, kept) not in known:
                known[moved, macs, kept] = {
                    "bytes_moved": moved,
                    "macs_per_byte": macs * batch / moved if macs is not None and moved else None,
                    "kept_for_backward": kept,
                }
            yield known[moved, macs, kept]

    def _roofline(self) -> dict[str, Any] | None:
        roofline = self.roofline
        if roofline is None:
            return None
        known = roofline.complete
        return {
            "device": roofline.device.name,
            "least_seconds": roofline.seconds if known else None,
            "memory_bound_layers": roofline.memory_bound if known else None,
            "layers": [
                None
                if bound is None
                else {"least_seconds": bound.seconds, "memory_bound": bound.by_memory}
                for bound in roofline.bounds
            ],
        }
