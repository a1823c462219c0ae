"""Successive dilations have a common factor.

What it does: reports the second of two convolutions of stride 1 in a row whose dilations have a
common factor, where no other layer at that resolution mixes neighbouring cells: 2, 2, 2 or 2, 4, 8.

Why is this bad: neighbouring cells of the output are computed from cells of the input that have
nothing in common, as if the image had been split into several smaller ones; fine structure shows a
grid (Wang et al.: "Understanding Convolution for Semantic Segmentation", 2017, arXiv:1702.08502).

Use instead: dilations without a common factor, such as 1, 2, 5; or begin or end with a dilation of
1, as WaveNet's 1, 2, 4, 8 does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import gcd

from shapecalc.graph import Graph, Inference, Node
from shapecalc.rules._flow import (
    ACTIVATION,
    CONV,
    DROPOUT,
    IDENTITY,
    MAX_STEPS,
    NORM,
    flow,
    known,
    label,
    previous,
    spatial,
)
from shapecalc.rules.base import Found
from shapecalc.sizes import Window

SEVERITY = "warning"
FAILS = """
input: [64, 32, 32]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 3, padding: 2, dilation: 2}
  - relu
  - {type: conv2d, out_channels: 64, kernel_size: 3, padding: 4, dilation: 4}
  - relu
"""
PASSES = """
input: [64, 32, 32]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 3, padding: 1, dilation: 1}
  - relu
  - {type: conv2d, out_channels: 64, kernel_size: 3, padding: 2, dilation: 2}
  - relu
  - {type: conv2d, out_channels: 64, kernel_size: 3, padding: 4, dilation: 4}
  - relu
"""


PASSING = IDENTITY | DROPOUT | NORM | ACTIVATION


def check(graph: Graph) -> Iterator[Found]:
    """Dilated convolutions on dilated convolutions."""
    stages: _Stages | None = None
    for node in flow(graph).of(CONV):
        if not any(window.dilation > 1 for window in kernels_of(node).values()):
            continue
        before = _before(node)
        factors = _common(before, node)
        if before is None or not factors:
            continue
        if _common(_before(before), before):
            continue  # the first pair of a row is reported
        stages = stages or _Stages(graph)
        if any(not stages.mixes(node, axis, factor) for axis, factor in factors.items()):
            yield Found(
                node,
                f"its dilation and that of the {label(before)} before have the factor "
                f"{max(factors.values())} in common: neighbouring cells are computed from "
                "different ones",
                "dilation",
                "use dilations such as 1, 2, 5",
            )


def kernels_of(node: Node | None) -> dict[int, Window]:
    """Of a layer of stride 1 the windows, by axis, that look at more than one cell."""
    return node.inference.fact(_kernels) if node and node.inference else {}


def _kernels(inference: Inference) -> dict[int, Window]:
    windows = inference.windows
    if not windows or any(window is None or window.stride > 1 for window in windows):
        return {}
    return {axis: w for axis, w in enumerate(windows) if w is not None and w.kernel > 1}


def _before(node: Node) -> Node | None:
    """The convolution before; one that looks at single cells does not count."""
    for _ in range(MAX_STEPS):
        found = previous(node, PASSING)
        if found is None or found not in CONV:
            return None
        if kernels_of(found):
            return found
        node = found
    return None


def _common(before: Node | None, node: Node) -> dict[int, int]:
    """The common factors above 1 of the dilations, by axis."""
    earlier = kernels_of(before)
    return {
        axis: factor
        for axis, window in kernels_of(node).items()
        if axis in earlier and (factor := gcd(window.dilation, earlier[axis].dilation)) > 1
    }


class _Stages:
    """The stretches of a network at one resolution, and the dilations used in each."""

    def __init__(self, graph: Graph) -> None:
        self.parent: dict[int, int] = {}
        self.dilations: dict[tuple[int, int], set[int]] = {}
        keeps = cache(lambda inference: keeps_resolution(graph, inference))
        for node in graph.nodes:
            if node.inference and keeps(node.inference):
                for port in node.data_inputs:
                    self.parent[self.stage(node.number)] = self.stage(port.node.number)
        for node in graph.nodes:
            for axis, window in kernels_of(node).items():
                key = self.stage(node.number), axis
                self.dilations.setdefault(key, set()).add(window.dilation)

    def stage(self, number: int) -> int:
        """The stage of a layer, by the number of one of its layers."""
        while (parent := self.parent.get(number, number)) != number:
            self.parent[number] = self.parent.get(parent, parent)
            number = parent
        return number

    def mixes(self, node: Node, axis: int, factor: int) -> bool:
        """Whether a layer at this resolution joins what the factor keeps apart."""
        dilations = self.dilations[self.stage(node.number), axis]
        return any(gcd(dilation, factor) == 1 for dilation in dilations)


def keeps_resolution(graph: Graph, inference: Inference) -> bool:
    """Whether one cell further in its output is one cell further in its input."""
    if inference.windows is not None:
        return all(window is not None and window.stride == 1 for window in inference.windows)
    received = known(inference.call.inputs[0].shape) if inference.call.inputs else None
    yielded = known(inference.outputs[0].shape) if inference.outputs else None
    if not received or not yielded:
        return False
    return spatial(graph, received) == spatial(graph, yielded)
