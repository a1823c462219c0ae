"""Pieces of an axis: several of them, or one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapecalc.layers.axes import resolve_axis, with_sizes
from shapecalc.layers.base import Call, Dim, Layer, PerAxis, Tensor, arg, format_shape
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.dtypes import kind_of
from shapecalc.layers.reaches import Reaches, along_axis, axis_at, without
from shapecalc.layers.rearrange import MAX_PIECES
from shapecalc.layers.strides import Strides, reordered
from shapecalc.reach import Reach, stepping
from shapecalc.sizes import counted, slice_size


class _Piece(Layer):
    """What the pieces of an axis share."""

    dim: int = arg("the axis to cut; 1 is the first after the batch", default=1)

    frameworks = ("pytorch", "keras")
    foreign = {"axis": "dim"}

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        axis = resolve_axis(call, "dim", self.dim)
        if axis is None or call.shape is None:
            return call.tensor(None)
        return self.cut(call, axis, call.shape[axis])

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.shape or ())
        if len(outputs[0].shape or ()) < rank:
            return without(call.shape or (), [axis_at(rank, self.dim)])
        return along_axis(rank, self.dim, self._taken((call.shape or ())[axis_at(rank, self.dim)]))

    def _taken(self, size: Dim) -> Reach | None:
        """What the first piece takes of the axis; ``None``: something of the whole."""
        return None

    def cut(self, call: Call, axis: int, size: Dim) -> tuple[Tensor, ...]:
        """The outputs for an axis that is there."""
        raise NotImplementedError

    @staticmethod
    def resized(call: Call, axis: int, *sizes: Dim) -> Tensor:
        """The input with other sizes in place of the axis."""
        assert call.shape is not None
        return call.tensor(with_sizes(call.shape, axis, *sizes))[0]

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (strides,) * len(outputs)

    def without_axis(self, call: Call, strides: Strides) -> Strides | None:
        """The strides of a view of one index of the axis."""
        axis = resolve_axis(Call(call.inputs), "dim", self.dim)
        if axis is None or call.shape is None:
            return None
        order = [other for other in range(len(call.shape)) if other != axis]
        return reordered(strides, order, call.input.batched)


def not_too_many(call: Call, field: str | None, count: int) -> bool:
    """Whether there are no more pieces than one layer may have; SC106 where there are."""
    if count <= MAX_PIECES:
        return True
    call.report("SC106", f"it makes {count:,} pieces, at most {MAX_PIECES:,}", field)
    return False


class Split(_Piece):
    """Cuts an axis into pieces of a size (or of the sizes listed), read as ``name.0``, …"""

    split_size: PerAxis = arg("the size of each piece (the last may be smaller), or all sizes")

    multiple = True
    foreign = {"axis": "dim", "split_size_or_sections": "split_size", "sections": "split_size"}
    reference = "torch.split, keras.ops.split, ONNX Split"
    equation = "Σ split_size = in[dim]"
    example = "{type: split, split_size: [16, 32, 16], dim: 1}", (64, 8, 8)

    def cut(self, call: Call, axis: int, size: Dim) -> tuple[Tensor, ...]:
        if isinstance(self.split_size, tuple):
            sizes = self._listed(call, self.split_size, size)
        else:
            sizes = self._equal(call, self.split_size, size)
        if sizes is None:
            return call.tensor(None)
        return tuple(self.resized(call, axis, piece) for piece in sizes)

    @staticmethod
    def _equal(call: Call, piece: int, size: Dim) -> Iterable[Dim] | None:
        if not call.require_least("split_size", piece) or size is None:
            return None
        if not not_too_many(call, "split_size", -(-size // piece)):
            return None
        return (
            min(piece, size - start)
            for start in range(0, counted(-(-size // piece)) * piece, piece)
        )

    @staticmethod
    def _listed(call: Call, sizes: tuple[int, ...], size: Dim) -> Iterable[Dim] | None:
        if not not_too_many(call, "split_size", len(sizes)):
            return None
        for piece in sizes:
            if not call.require_least("split_size", piece, 0):
                return None
        if size is not None and sum(sizes) != size:
            call.report(
                "SC106",
                f"split_size {list(sizes)} comes to {sum(sizes)}, the axis has {size}",
                "split_size",
                f"the sizes must add up to {size}",
            )
        elif 0 in sizes:
            call.report("SC102", f"split_size {list(sizes)} leaves a piece empty", "split_size")
        return [piece or None for piece in sizes] or None


class Unbind(_Piece):
    """Takes an axis apart: one output for each index, read as ``name.0``, ``name.1``, …"""

    multiple = True
    aliases = ("unstack",)
    reference = "torch.unbind, keras.ops.unstack"
    example = "{type: unbind, dim: 1}", (3, 12, 64)

    def cut(self, call: Call, axis: int, size: Dim) -> tuple[Tensor, ...]:
        if size is None or not not_too_many(call, None, size):
            return call.tensor(None)
        return (self.resized(call, axis),) * counted(size)

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (self.without_axis(call, strides),) * len(outputs)


class Slice(_Piece):
    """A range of an axis, as Python's ``x[:, start:end:step]`` has it."""

    start: int | None = arg("the first index; negative from the end", default=None)
    end: int | None = arg("the index behind the last; negative from the end", default=None)
    step: int = arg("take every so manieth", default=1)

    foreign = {"axis": "dim", "stop": "end", "begin": "start"}
    reference = "x[:, start:end:step], keras.ops.slice, ONNX Slice"
    equation = "out = ⌈(end - start)/step⌉"
    example = "{type: slice, dim: 1, start: 1}", (197, 768)

    def cut(self, call: Call, axis: int, size: Dim) -> tuple[Tensor, ...]:
        if not call.require_least("step", self.step) or size is None:
            return (self.resized(call, axis, None),)
        taken = slice_size(size, self.start, self.end, self.step)
        if taken == 0:
            start, end = ("" if bound is None else bound for bound in (self.start, self.end))
            field = "end" if self.start is None else "start"
            call.report("SC102", f"[{start}:{end}] of {size} cells is empty", field)
        return (self.resized(call, axis, taken or None),)

    def _taken(self, size: Dim) -> Reach | None:
        start = self.start or 0
        if start < 0:
            return None if size is None else stepping(max(start + size, 0), self.step)
        return stepping(start, self.step)

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        axis = resolve_axis(Call(call.inputs), "dim", self.dim)
        if axis is None:
            return (None,)
        axis += call.input.batched
        return ((*strides[:axis], strides[axis] * self.step, *strides[axis + 1 :]),)


class Narrow(_Piece):
    """``length`` cells of an axis from ``start`` on."""

    start: int = arg("the first index; negative from the end")
    length: int = arg("how many cells")

    reference = "torch.narrow"
    equation = "out = length"
    example = "{type: narrow, dim: 1, start: 0, length: 32}", (64, 8, 8)

    def cut(self, call: Call, axis: int, size: Dim) -> tuple[Tensor, ...]:
        if self.length < 1:
            code = "SC102" if self.length == 0 else "SC106"
            call.report(code, f"length is {self.length}, at least 1 is needed", "length")
            return (self.resized(call, axis, None),)
        if size is not None:
            self._check_range(call, size)
        return (self.resized(call, axis, self.length),)

    def _check_range(self, call: Call, size: int) -> None:
        start = self.start + size if self.start < 0 else self.start
        if not 0 <= start <= size:
            call.report("SC106", f"start is {self.start}, the axis has {size} cells", "start")
        elif start + self.length > size:
            call.report(
                "SC106",
                f"{self.length} cells from {start} on need {start + self.length}, "
                f"the axis has {size}",
                "length",
                f"use a length of at most {size - start}" if start < size else None,
            )

    def _taken(self, size: Dim) -> Reach | None:
        if self.start < 0:
            return None if size is None else stepping(self.start + size, 1)
        return stepping(self.start, 1)


class Select(_Piece):
    """One index of an axis, which is dropped: ``x[:, index]``."""

    index: int = arg("which one; negative from the end")

    reference = "torch.select, keras.ops.take, ONNX Gather"
    example = "{type: select, dim: 1, index: 0}", (197, 768)

    def cut(self, call: Call, axis: int, size: Dim) -> tuple[Tensor, ...]:
        if size is not None and not -size <= self.index < size:
            call.report(
                "SC106",
                f"index is {self.index}, the axis has {size}",
                "index",
                f"use 0 to {size - 1}, or -1 for the last",
            )
        return (self.resized(call, axis),)

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (self.without_axis(call, strides),)


class IndexSelect(_Piece):
    """Those indices of an axis that a second input, a ``constant`` of integers, lists."""

    arity = (2, 2)
    aliases = ("take",)
    reference = "torch.index_select, keras.ops.take, ONNX Gather"
    equation = "out[dim] = the number of indices"
    example = (
        "{type: sequential, layers: [{type: constant, name: order, shape: [196], dtype: int64}, "
        "{type: index_select, from: [input, order], dim: 1}]}",
        (196, 768),
    )

    def cut(self, call: Call, axis: int, size: Dim) -> tuple[Tensor, ...]:
        indices = call.inputs[1]
        if kind_of(indices.dtype) != "integer" or indices.dtype not in ("int32", "int64"):
            call.report(
                "SC109", f"the indices are {indices.dtype}, int32 or int64 is needed", "from"
            )
        count: Dim = None
        if indices.batched:
            call.report(
                "SC106",
                "the indices come from the input: PyTorch takes the same for the whole batch",
                "from",
                "take them from a {type: constant, shape: [n], dtype: int64}; what the input says "
                "is looked up by an embedding",
            )
        elif indices.shape is not None and len(indices.shape) > 1:
            call.report(
                "SC103",
                f"the indices are {format_shape(indices.shape)}, one axis is needed",
                "from",
            )
        elif indices.shape is not None:
            count = indices.shape[0] if indices.shape else 1
        return (Tensor(self.resized(call, axis, count).shape, call.dtype, call.input.batched),)

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (None,)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(1,))
