"""Which axes of a model's inputs are sizes that may be others: height and width, a length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shapecalc.graph import Graph, Inference, Node
from shapecalc.layers.base import AXES, INTEGERS, Call, Shape, Tensor

#: So many layers behind an input are looked at for the axis that holds its features.
MAX_STEPS = 200


class InputAxis(NamedTuple):
    """An axis of an input: the input's name, the place in its shape, what it is called."""

    input: str
    place: int
    name: str
    own: int

    @property
    def letter(self) -> str:
        """As formulas call it: ``H``."""
        return self.name[0].upper()

    def resized(self, shape: Shape, size: int | None) -> Shape:
        """The shape of the input with another size along this axis."""
        return (*shape[: self.place], size, *shape[self.place + 1 :])


def input_axes(graph: Graph) -> list[InputAxis]:
    """Each spatial axis of each input, in order."""
    found = []
    for name, node in graph.inputs.items():
        shape = node.outputs[0].shape
        if shape is None or None in shape:
            continue
        for index, axis_name in _axes(graph, node, shape):
            found.append(InputAxis(name, index, axis_name, shape[index] or 1))
    return found


def _axes(graph: Graph, node: Node, shape: Shape) -> Iterator[tuple[int, str]]:
    rank = len(shape) - 1
    if rank == 0:
        if node.outputs[0].dtype in INTEGERS:
            yield 0, "length"  # tokens
    elif rank == 1:
        yield (0 if _features_last(graph, node, shape) else 1), "length"
    else:
        first = 0 if graph.spec.framework == "keras" else 1
        yield from enumerate(AXES.get(rank, ()), first)


def _features_last(graph: Graph, node: Node, shape: Shape) -> bool:
    """Whether an input of two axes is a sequence of vectors (as recurrent layers and attention
    take it), not channels of a signal: by the first layer behind it whose weights tell."""
    alike = {node.number}
    for reader in graph.nodes[:MAX_STEPS]:
        if not reader.inputs or reader.inputs[0].node.number not in alike:
            continue
        if reader.inference is None:
            break
        tensors = tuple(port.tensor for port in reader.inputs)
        changed = [_weights_change(reader.inference, tensors, axis) for axis in (0, 1)]
        if True in changed:
            return changed == [False, True]
        if reader.outputs[0].shape == shape:
            alike.add(reader.number)
    return graph.spec.framework == "keras"


def _weights_change(inference: Inference, tensors: tuple[Tensor, ...], axis: int) -> bool:
    shape = tensors[0].shape or ()
    if axis >= len(shape):
        return False
    wider = (*shape[:axis], 2 * (shape[axis] or 1), *shape[axis + 1 :])
    call = Call(
        (tensors[0]._replace(shape=wider), *tensors[1:]),
        inference.call.rounding,
        inference.call.channels_last,
    )
    other = Inference(inference.layer, call)
    return bool(other.problems) or other.weights != inference.weights
