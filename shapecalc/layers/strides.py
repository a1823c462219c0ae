"""How a view lies in the storage of what it is a view of.

Sizes and strides have all axes, the batch first. A batch has :data:`BATCH` samples here: one alone
would have an axis of size 1, along which anything is contiguous.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.layers.base import Tensor

Sizes = tuple[int, ...]
#: How far apart neighbours lie, for each axis.
Strides = tuple[int, ...]

BATCH = 2


def full_sizes(tensor: Tensor) -> Sizes | None:
    """The sizes of a tensor with its batch; ``None`` where they are not known."""
    if tensor.shape is None:
        return None
    sizes = tuple(size for size in tensor.shape if size is not None)
    if len(sizes) < len(tensor.shape):
        return None
    return (BATCH, *sizes) if tensor.batched else sizes


def contiguous(sizes: Sizes) -> Strides:
    """The strides of a tensor that lies in one piece, its last axis closest."""
    return tuple(prod(sizes[axis + 1 :]) for axis in range(len(sizes)))


def viewed(sizes: Sizes, strides: Strides, wanted: Sizes) -> Strides | None:
    """The strides of a tensor under another shape; ``None`` where it must be copied for that.

    Each run of axes that lies in one piece must be cut at sizes of the new shape. Source: PyTorch's
    ``Tensor.view``.
    """
    if prod(sizes) != prod(wanted):
        return None
    found: list[int] = []
    position = len(wanted) - 1
    for size, step in _runs(sizes, strides):
        cells = 1
        while position >= 0 and (cells < size or wanted[position] == 1):
            found.append(step * cells)
            cells *= wanted[position]
            position -= 1
        if cells != size:
            return None
    found += [1] * (position + 1)
    return tuple(reversed(found))


def _runs(sizes: Sizes, strides: Strides) -> list[tuple[int, int]]:
    """(cells, stride) of the pieces that lie together, the last one first."""
    runs: list[tuple[int, int]] = []
    for size, step in zip(reversed(sizes), reversed(strides), strict=True):
        if size == 1:
            continue
        if runs and step == runs[-1][0] * runs[-1][1]:
            runs[-1] = (runs[-1][0] * size, runs[-1][1])
        else:
            runs.append((size, step))
    return runs or [(1, 1)]


def relaid(one: Tensor, other: Tensor, strides: Strides) -> tuple[Strides | None]:
    """The strides of a tensor as a view of another with the same cells in the same order; ``None``
    where there is no such view, or a size is not known."""
    sizes, wanted = full_sizes(one), full_sizes(other)
    return (None if sizes is None or wanted is None else viewed(sizes, strides, wanted),)


def reordered(strides: Strides, axes: Sequence[int], batched: bool) -> Strides:
    """The strides with the axes, which leave the batch out, in another order."""
    kept = strides[: int(batched)]
    return (*kept, *(strides[axis + batched] for axis in axes))
