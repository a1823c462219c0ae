"""The receptive field of every layer: which cells of the model's inputs one of its cells can see.

Fields are those of the layers' geometry: padding counts as cells around the input, which is why a
field may be larger than the input; a dilated window counts from its first to its last cell; the
statistics of a norm do not count. What reads an axis as a whole (attention, a linear layer behind
a flatten, a global pool) sees from there on all that was there to be seen, and no more.

After Araujo, Norris, Sim: "Computing Receptive Fields of Convolutional Neural Networks" (Distill,
2019), whose recurrences are the case of plain convolutions; :mod:`shapecalc.reach` has the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from math import inf
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from shapecalc.graph import Graph, Inference, Node, Port
from shapecalc.layers.base import INTEGERS, Dim, Shape
from shapecalc.layers.merge import Concat
from shapecalc.layers.reaches import axis_at, reaches
from shapecalc.reach import SAME, Reach, fixed


class Seen(NamedTuple):
    """What is seen of one axis of an input: the axis of the tensor along which that moves
    (``None``: all cells see the same), and how."""

    along: int | None
    reach: Reach


#: By axis of a tensor, the axis of a layer's output that runs along it, and what of it is read.
Axes = dict[int, tuple[int, Reach]]
#: By the name of an input, what is seen of each of its axes.
Sight = dict[str, tuple[Seen, ...]]


@dataclass(frozen=True, slots=True)
class Field:
    """What the cells of a layer's output see of one input, along some of its axes.

    ``size``, ``start`` and ``centre`` are in cells of the input: of the first cell's field, which
    may begin before the input does. ``jump`` is how far the next cell's field lies from it. They
    are ``None`` where they are not known; ``jump`` also where all cells see the same.
    """

    input: str
    #: The axes, counted from 0 (without the batch).
    axes: tuple[int, ...]
    size: tuple[int | None, ...]
    jump: tuple[Fraction | None, ...]
    start: tuple[int | None, ...]
    centre: tuple[Fraction | None, ...]


_known: WeakKeyDictionary[Graph, Fields] = WeakKeyDictionary()


def fields(graph: Graph) -> Fields:
    """The receptive fields of a model's layers."""
    found = _known.get(graph)
    if found is None:
        found = _known[graph] = Fields(graph)
    return found


class Fields:
    """What each tensor of a model sees of its inputs."""

    def __init__(self, graph: Graph) -> None:
        self._channels_last = graph.spec.framework == "keras"
        self._inputs = {node.number: name for name, node in graph.inputs.items()}
        self._sizes = {name: node.outputs[0].shape for name, node in graph.inputs.items()}
        self._integers = {
            name for name, node in graph.inputs.items() if node.outputs[0].dtype in INTEGERS
        }
        self._seen: dict[tuple[int, int], Sight] = {}
        self._computed: dict[tuple[int, ...], Sight] = {}
        self._blurred: dict[tuple[int, int], Sight] = {}
        self._features: dict[str, int] = {}
        #: What is made of a sight, which many layers share; it is kept, so that its id is its own.
        self._of_sight: dict[int, tuple[Sight, list[Field]]] = {}
        self._others: tuple[Fields, ...] = ()
        for name, node in graph.inputs.items():
            axes = range(len(self._sizes[name] or ()))
            self._seen[node.number, 0] = {name: tuple(Seen(axis, SAME) for axis in axes)}
        for node in graph.nodes:
            self._add(node)

    def agreeing(self, *others: Fields) -> Fields:
        """Those of the same model at other input sizes as well: what differs is not known."""
        alike = copy(self)
        alike._others = others
        return alike

    def sight(self, port: Port) -> Sight:
        """What a tensor sees."""
        place = (port.node.number, port.number)
        sight, made = self._seen.get(place, {}), port.node.outputs[port.number].shape
        shape = port.tensor.shape
        if shape is made or shape is None or made is None or len(shape) == len(made):
            return sight
        # A mistaken `expect` has given it other axes: nothing is known of where these run.
        if place not in self._blurred:
            self._blurred[place] = self._moved(sight, {}, made)
        return self._blurred[place]

    def of(self, node: Node, number: int = 0) -> list[Field]:
        """What an output of a layer sees, input by input, along the axes that are places."""
        found = self._all_of_node(node, number)
        for other in self._others:
            found = [_agreed(*both) for both in zip(found, other.of(node, number), strict=False)]
        return found

    def _all_of_node(self, node: Node, number: int) -> list[Field]:
        sight = self._seen.get((node.number, number), {})
        if id(sight) not in self._of_sight:
            found = [self._field(name, seen) for name, seen in sight.items()]
            self._of_sight[id(sight)] = (sight, found)
        return self._of_sight[id(sight)][1]

    def places(self, name: str) -> tuple[int, ...]:
        """The axes of an input that are places: all of them, but for that of the channels."""
        rank = len(self._sizes[name] or ())
        if rank < 2 or name in self._integers:
            return tuple(range(rank))
        channels = self._features.get(name, rank - 1 if self._channels_last else 0)
        return tuple(axis for axis in range(rank) if axis != channels)

    def joined_axis(self, node: Node) -> int | None:
        """The axis of its output along which a layer lays its inputs one after another."""
        layer, inference = node.layer, node.inference
        if not isinstance(layer, Concat) or inference is None:
            return None
        rank = len(node.outputs[0].shape or ())
        if layer.dim is not None:
            return axis_at(rank, layer.dim)
        return rank - 1 if self._channels_last else 0

    def size(self, name: str, axis: int) -> Dim:
        """The size of an axis of an input."""
        shape = self._sizes[name]
        return None if shape is None else shape[axis]

    def _add(self, node: Node) -> None:
        ports = node.data_inputs
        if len(ports) == len(node.outputs) == 1 and node.inference:
            sight = self._alone(node.inference, ports[0])
        else:
            sight = self._of_all(node, ports)
        whole: Sight | None = None
        for number, tensor in enumerate(node.outputs):
            if _is_seen_alike(node, number, tensor.shape):
                self._seen[node.number, number] = sight
                continue
            if whole is None:
                whole = _together([self._through(port, {}) for port in ports], None)
            self._seen[node.number, number] = whole

    def _alone(self, inference: Inference, port: Port) -> Sight:
        """What is seen by a layer that makes one tensor of one."""
        sight, along = self.sight(port), inference.fact(_along)[0]
        if along is None:
            return sight
        key = (id(inference), id(sight))
        found = self._computed.get(key)
        if found is None:
            found = self._computed[key] = self._through(port, along)
            self._note_features(found)
        return found

    def _of_all(self, node: Node, ports: tuple[Port, ...]) -> Sight:
        """What is seen by a layer that reads several tensors, or yields some."""
        inference = node.inference
        if inference is None or not node.outputs:
            return {}
        sights = [self.sight(port) for port in ports]
        key = (id(inference), *map(id, sights))
        sight = self._computed.get(key)
        if sight is None:
            many = [
                sight if along is None else self._through(port, along)
                for sight, port, along in zip(sights, ports, inference.fact(_along), strict=False)
                if sight
            ]
            sight = _together(many, inference.outputs[0].shape)
            # Layers that see the same share it, and what is made of it.
            sight = self._computed[key] = next((one for one in sights if one == sight), sight)
            self._note_features(sight)
        return sight

    def _through(self, port: Port, axes: Axes) -> Sight:
        """What a layer that reads a tensor so sees of the inputs."""
        return self._moved(self.sight(port), axes, port.tensor.shape)

    def _moved(self, sight: Sight, axes: Axes, shape: Shape | None) -> Sight:
        return {
            name: tuple(
                [
                    one if one.along is None else self._moved_along(name, axis, one, axes, shape)
                    for axis, one in enumerate(seen)
                ]
            )
            for name, seen in sight.items()
        }

    def _moved_along(
        self, name: str, axis: int, seen: Seen, axes: Axes, shape: Shape | None
    ) -> Seen:
        assert seen.along is not None
        if seen.along in axes:
            along, reach = axes[seen.along]
            return Seen(along, reach.through(seen.reach))
        count = shape[seen.along] if shape else None
        return Seen(None, self._all_of(name, axis, seen.reach, count))

    def _all_of(self, name: str, axis: int, reach: Reach, count: Dim) -> Reach:
        """What so many cells see together, as far as the input goes."""
        cells = reach.over(-inf if count is None else 0, inf if count is None else count - 1)
        return fixed(_within(cells, self.size(name, axis)))

    def _note_features(self, sight: Sight) -> None:
        """The axis of an input that is read as a whole first, alone, is that of the channels."""
        for name, seen in sight.items():
            if name not in self._features and len(seen) > 1:
                gone = [axis for axis, one in enumerate(seen) if one.along is None]
                if gone:
                    default = len(seen) - 1 if self._channels_last else 0
                    self._features[name] = gone[0] if len(gone) == 1 else default

    def _field(self, name: str, seen: tuple[Seen, ...]) -> Field:
        axes = self.places(name)
        numbers = [
            _numbers(seen[axis].reach, seen[axis].along is None, self.size(name, axis))
            for axis in axes
        ]
        size, jump, start, centre = zip(*numbers, strict=True) if numbers else ((), (), (), ())
        return Field(name, axes, size, jump, start, centre)


def _is_seen_alike(node: Node, number: int, shape: Shape | None) -> bool:
    """Whether an output of a layer sees what its first one was made to see: not where it has
    another shape, nor where a mistaken ``expect`` has given it other axes."""
    if node.inference is None:
        return True
    made = node.inference.outputs[0].shape
    if number == 0:
        return shape is None or made is None or len(shape) == len(made)
    return node.inference.layer.multiple or shape == node.outputs[0].shape


def _along(inference: Inference) -> list[Axes | None]:
    """For each input of a layer, its axes along which the first output runs; ``None``: all of them,
    cell by cell."""
    layer, call, outputs = inference.layer, inference.call, inference.outputs
    found: list[Axes | None] = []
    for number, tensor in enumerate(call.inputs):
        all_along = reaches(layer, call, outputs, number)
        axes = {one.axis: (axis, one.reach) for axis, one in enumerate(all_along) if one}
        rank = len(tensor.shape) if tensor.shape is not None else -1
        alike = axes == {axis: (axis, SAME) for axis in range(rank)}
        found.append(None if alike else axes)
    return found


@lru_cache(maxsize=4)
def _numbers(
    reach: Reach, still: bool, n: Dim
) -> tuple[int | None, Fraction | None, int | None, Fraction | None]:
    """Size, jump, start and centre along an axis of size ``n``; most often of the next axis too.

    ``still``: all cells see the same.
    """
    if still or not reach.advance:
        cells = _within(reach.over(0, 0), n)
        if cells is None or abs(cells[0]) == inf or cells[1] == inf:
            return (n if cells else 0), None, None, None
        first, last = int(cells[0]), int(cells[1])
        return last - first + 1, None, first, Fraction(first + last, 2)
    if reach.size == inf:
        return n, reach.jump, 0, None
    cells = next((cells for cells in reach.phases if cells is not None), None)
    start = None if cells is None else int(cells[0])
    return int(reach.size), reach.jump, start, reach.centre


def _within(cells: tuple[float, float] | None, n: Dim) -> tuple[float, float] | None:
    """The part of a stretch that lies within an axis."""
    if cells is None:
        return None
    first, last = max(cells[0], 0), cells[1] if n is None else min(cells[1], n - 1)
    return (first, last) if first <= last else None


def _together(many: list[Sight], shape: tuple[Dim, ...] | None) -> Sight:
    """What is seen by a layer that reads several tensors."""
    found: Sight = {}
    for sight in many:
        for name, seen in sight.items():
            known = found.get(name)
            found[name] = seen if known is None else tuple(
                _both(one, other, shape) for one, other in zip(known, seen, strict=True)
            )  # fmt: skip
    return found


def _both(one: Seen, other: Seen, shape: tuple[Dim, ...] | None) -> Seen:
    alongs = {seen.along for seen in (one, other)} - {None}
    along = alongs.pop() if len(alongs) == 1 else None
    count = shape[along] if shape and along is not None else 1
    if alongs or (along is None and not (one.reach.advance == other.reach.advance == 0)):
        count = None
    joined = one.reach.joined(other.reach, count)
    return Seen(along if joined.advance else None, joined)


def merges(graph: Graph) -> Iterator[tuple[Node, list[Port]]]:
    """The layers that join several tensors, with these."""
    for node in graph.nodes:
        ports = list(node.data_inputs)
        if len(ports) > 1:
            yield node, ports


def _agreed(one: Field, other: Field) -> Field:
    """What two fields have in common."""

    def common(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(x if x == y else None for x, y in zip(a, b, strict=True))

    return Field(
        one.input,
        one.axes,
        common(one.size, other.size),
        common(one.jump, other.jump),
        common(one.start, other.start),
        common(one.centre, other.centre),
    )


def overall(graph: Graph) -> list[Field]:
    """What the outputs of a model see together, input by input: the largest field of each axis."""
    found = [
        field
        for port in graph.outputs.values()
        for field in fields(graph).of(port.node, port.number)
    ]
    by_input: dict[str, list[Field]] = {}
    for field in found:
        by_input.setdefault(field.input, []).append(field)
    return [reduce(_larger, of_input) for of_input in by_input.values()]


def _larger(one: Field, other: Field) -> Field:
    return max((one, other), key=lambda field: [size or 0 for size in field.size])
