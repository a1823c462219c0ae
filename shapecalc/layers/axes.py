"""Axis numbers as PyTorch counts them: 0 is the batch, 1 the first axis of a shape, negative from
the end."""

from __future__ import annotations

from shapecalc.layers.base import Call, Dim, PerAxis, Shape, plural


def resolve_axis(
    call: Call, field: str, dim: int, extra: int = 0, rank: int | None = None
) -> int | None:
    """The index into the shape (without the batch) that ``dim`` means.

    ``extra`` new axes may be counted as well; ``rank`` replaces the rank of the input. SC106 for
    the batch axis and for an axis that is not there; ``None`` then, and where the rank is unknown.
    """
    if rank is None:
        if call.shape is None:
            return None
        rank = len(call.shape)
    total = rank + 1 + extra
    index = dim + total if dim < 0 else dim
    if index == 0:
        call.report(
            "SC106",
            f"{field} {dim} is the batch axis, which cannot be touched",
            field,
            _axes_help(field, total),
        )
        return None
    if not 0 < index < total:
        call.report(
            "SC106",
            f"{field} is {dim}, the input has {plural(rank, 'axis')} besides the batch",
            field,
            _axes_help(field, total),
        )
        return None
    return index - 1


def _axes_help(field: str, total: int) -> str:
    """Which numbers mean the axes of a shape."""
    if total == 1:
        return "the input has no axis besides the batch"
    if total == 2:
        return f"write {field}: 1, its only axis"
    return f"{field}: 1 is the first axis of the shape, {total - 1} (or -1) the last"


def resolve_axes(
    call: Call, field: str, dims: PerAxis, rank: int | None = None, empty: bool = False
) -> tuple[int, ...] | None:
    """The same for one axis number or a list of them, each axis once.

    An empty list means all axes to PyTorch, the batch among them: SC106 unless ``empty``.
    """
    if isinstance(dims, int):
        dims = (dims,)
    if not dims and not empty:
        message = f"{field} lists no axis: PyTorch takes all then, the batch too"
        call.report("SC106", message, field, "name them: [1, …], 1 is the first of the shape")
        return None
    axes = []
    for dim in dims:
        axis = resolve_axis(call, field, dim, rank=rank)
        if axis is None:
            return None
        axes.append(axis)
    if len(set(axes)) < len(axes):
        message = f"{field} {list(dims)} names an axis twice"
        call.report("SC106", message, field, "name each axis once; -1 is the last one")
        return None
    return tuple(axes)


def with_sizes(shape: Shape, axis: int, *sizes: Dim) -> Shape:
    """A shape with other sizes in place of one of its axes."""
    return (*shape[:axis], *sizes, *shape[axis + 1 :])
