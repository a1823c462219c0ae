"""Sizes as functions of an input's size, in a normal form: two tensors that are alike at every size
are known to be so without trying any.

A window gives ``⌊(n + c)/s⌋ + 1``. A function is kept as (number of what was divided, what was
added); equal numbers and equal shifts are equal sizes, whatever the input.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from shapecalc.graph import Graph, Node, Port
from shapecalc.layers.base import Layer
from shapecalc.sizes import TransposedWindow, Window

#: (number of a function, what is added to it).
Function = tuple[int, int]


class SizeFunctions:
    """The functions of all sizes of a graph, axis by axis."""

    def __init__(self, graph: Graph) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._of: dict[tuple[int, int], tuple[Function, ...]] = {}
        for node in graph.inputs.values():
            self._place(node, 0, tuple(self._new() for _ in node.outputs[0].shape or ()))
        for node in graph.nodes:
            for output, functions in enumerate(self._run(node)):
                self._place(node, output, functions)

    def of(self, port: Port) -> tuple[Function, ...]:
        """One function for each axis of a tensor."""
        found = self._of.get((port.node.number, port.number))
        rank = len(port.tensor.shape or ())
        return found if found is not None and len(found) == rank else ()

    def _place(self, node: Node, output: int, functions: tuple[Function, ...]) -> None:
        self._of[node.number, output] = functions

    def _new(self, key: Hashable | None = None) -> Function:
        if key is None:
            return self._numbers.setdefault(object(), len(self._numbers)), 0
        return self._numbers.setdefault(key, len(self._numbers)), 0

    def _run(self, node: Node) -> Iterator[tuple[Function, ...]]:
        shape = node.inputs[0].tensor.shape if node.inputs else None
        functions = self.of(node.inputs[0]) if node.inputs else ()
        windows = _windows(node)
        first = 0 if node.inference and node.inference.call.channels_last else 1
        for tensor in node.outputs:
            own = tensor.shape or ()
            if windows and functions and len(own) == len(functions):
                inner = [
                    self._slide(functions[axis], window, node) if window else self._new()
                    for axis, window in enumerate(windows, first)
                ]
                yield (*functions[:first], *inner, *functions[first + len(inner) :])
            elif _resizes(node.layer):
                yield self._resized(node, len(own))
            elif own == shape and len(functions) == len(own):
                yield functions
            else:
                yield tuple(self._axis(node, axis, size) for axis, size in enumerate(own))

    def _resized(self, node: Node, rank: int) -> tuple[Function, ...]:
        """What is brought to another layer's size, to one of its own, or by a factor."""
        like = self.of(node.inputs[-1]) if getattr(node.layer, "like", None) is not None else ()
        if len(like) == rank:
            return like
        factor = getattr(node.layer, "scale_factor", None)
        functions = self.of(node.inputs[0])
        if isinstance(factor, int | float) and float(factor).is_integer():
            return tuple(self._scaled(*one, int(factor), int(factor)) for one in functions)
        return tuple(self._new() for _ in range(rank))

    def _axis(self, node: Node, axis: int, size: int | None) -> Function:
        """An axis of a layer that is no window: that of the first input that has its size."""
        for port in node.inputs:
            functions, shape = self.of(port), port.tensor.shape or ()
            if axis < min(len(functions), len(shape)) and shape[axis] == size:
                return functions[axis]
        return self._new()

    def _slide(self, function: Function, window: Window | TransposedWindow, node: Node) -> Function:
        number, shift = function
        if isinstance(window, TransposedWindow):
            more = window.span - window.before - window.after + window.output_padding
            return self._scaled(number, shift, window.stride, more)
        inner = shift + window.before + window.after - window.span
        if window.stride == 1:
            return number, inner + 1
        if getattr(node.layer, "ceil_mode", False) or "same" in (
            getattr(node.layer, "padding", None),
            node.type[-4:],
        ):
            # The last window may be left out, the padding may depend on the size.
            return self._new(("other", number, shift, window._replace(n=0, out=0)))
        turns, rest = divmod(inner, window.stride)
        rounding = node.inference.rounding if node.inference else "floor"
        return self._new(("down", number, rest, window.stride, rounding))[0], turns + 1

    def _scaled(self, number: int, shift: int, stride: int, more: int) -> Function:
        if stride == 1:
            return number, shift - 1 + more
        return self._new(("up", number, stride))[0], (shift - 1) * stride + more


def _windows(node: Node) -> Sequence[Window | TransposedWindow | None] | None:
    inference = node.inference
    return (inference.transposed_windows or inference.windows) if inference else None


def _resizes(layer: Layer | None) -> bool:
    fields = ("like", "scale_factor", "size", "output_size")
    return any(getattr(layer, field, None) is not None for field in fields)
