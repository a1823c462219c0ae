"""Along which axis of an input each axis of a layer's output runs, and what it reads of it.

:func:`reaches` asks the layer; the rest is what layers answer with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from shapecalc.layers.base import Call, Layer, Shape, Tensor
from shapecalc.reach import SAME, Reach, adaptive, everything, sliding, spreading, stepping


class Along(NamedTuple):
    """An axis of the output runs along this axis of an input; each cell reads so much of it."""

    axis: int
    reach: Reach = SAME


#: For each axis of the output; ``None``: it runs along no axis of that input.
Reaches = Sequence[Along | None]


def reaches(layer: Layer, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
    """How the first output runs along the axes of the ``number``-th input. An axis of the input
    along which none runs is read as a whole."""
    given, yielded = call.inputs[number].shape, outputs[0].shape
    if given is None or yielded is None:
        return ()
    found = layer.reaches(call, outputs, number)
    if found is None:
        found = _as_declared(layer, call, given, yielded)
    return found if len(found) == len(yielded) else ()


def _as_declared(layer: Layer, call: Call, given: Shape, yielded: Shape) -> Reaches:
    """What follows from the layer's windows, or from what it adds, or from its being pointwise."""
    if layer.pointwise:
        return same_place(given, yielded)
    windows = layer.windows(call)
    if windows is not None:
        return spatial(call, [None if one is None else sliding(one) for one in windows])
    transposed = layer.transposed_windows(call)
    if transposed is not None:
        return spatial(call, [None if one is None else spreading(one) for one in transposed])
    added = layer.added_cells()
    if added:
        return shifted(call, given, [before for before, _ in added])
    return ()


def spatial(call: Call, along: Iterable[Reach | None], channels: Along | None = None) -> Reaches:
    """The spatial axes one by one; by default all channels are read."""
    first = 0 if call.channels_last else 1
    axes = [None if reach is None else Along(first + i, reach) for i, reach in enumerate(along)]
    return (*axes, channels) if call.channels_last else (channels, *axes)


def shifted(call: Call, shape: Shape, before: list[int]) -> Reaches:
    """Cells added before the last axes (under Keras: before the channels)."""
    first = len(shape) - len(before) - call.channels_last
    shifts = dict(enumerate(before, first))
    return [Along(axis, stepping(-shifts.get(axis, 0), 1)) for axis in range(len(shape))]


def same_place(given: Shape, yielded: Shape) -> Reaches:
    """Cell by cell; an axis of size 1 is broadcast, and ranks are aligned at the last axes."""
    missing = len(yielded) - len(given)
    found: list[Along | None] = [None] * max(missing, 0)
    for axis, size in enumerate(given):
        stretched = size == 1 and yielded[axis + missing] != 1
        found.append(None if stretched else Along(axis))
    return found


def without(shape: Shape, dropped: Iterable[int], keep: bool = False) -> Reaches:
    """Some axes are read as a whole, and gone (or kept, with another size)."""
    gone = set(dropped)
    axes = (None if axis in gone else Along(axis) for axis in range(len(shape)))
    return [along for along in axes if keep or along is not None]


def laid_out_anew(given: Shape, yielded: Shape) -> Reaches:
    """The same cells in the same order: an axis with as many cells before it and in it as one of
    the input runs along that one; axes that were joined or split are read as a whole."""
    if None in given or None in yielded:
        return ()
    before = {
        (prod(size or 0 for size in given[:axis]), size): axis for axis, size in enumerate(given)
    }
    found = (
        before.get((prod(size or 0 for size in yielded[:axis]), size))
        for axis, size in enumerate(yielded)
    )
    return [None if axis is None else Along(axis) for axis in found]


def axis_at(rank: int, dim: int) -> int:
    """The index into a shape that an axis number means: 1 is the first, -1 the last."""
    return dim + rank if dim < 0 else dim - 1


def along_axis(rank: int, dim: int, reach: Reach | None) -> Reaches:
    """One axis is read so (``None``: as a whole), the others cell by cell."""
    axis = axis_at(rank, dim)
    own = None if reach is None else Along(axis, reach)
    return [own if other == axis else Along(other) for other in range(rank)]


def steps(call: Call, number: int, along: Reach | None = None) -> Reaches:
    """Each step of a sequence reads all features of all steps, or of those that are said."""
    shape = call.inputs[number].shape
    if shape is None or len(shape) != 2:
        return ()
    return (Along(0, everything(shape[0]) if along is None else along), None)


def adapted(call: Call, outputs: Sequence[Tensor]) -> Reaches:
    """Each spatial axis cut into as many stretches as the output has cells."""
    after = Call((outputs[0],), channels_last=call.channels_last).spatial()
    return spatial(
        call,
        [
            None if n is None or out is None else adaptive(n, out)
            for n, out in zip(call.spatial(), after, strict=False)
        ],
    )
