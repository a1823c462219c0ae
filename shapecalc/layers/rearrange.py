"""Layers that only lay the same elements out anew."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from shapecalc.layers.axes import resolve_axis
from shapecalc.layers.base import Call, Layer, Shape, Tensor, arg, format_shape, plural, product
from shapecalc.layers.reaches import Along, Reaches, along_axis, laid_out_anew
from shapecalc.layers.strides import Strides, relaid


class _Relaid(Layer):
    """The same cells in the same order under another shape: a view wherever there is one."""

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return relaid(call.input, outputs[0], strides)


class Flatten(_Relaid):
    """Joins a range of axes into one."""

    start_dim: int = arg("first axis to join; 1 is the first after the batch", default=1)
    end_dim: int = arg("last axis to join", default=-1)

    reference = "torch.nn.Flatten, keras.layers.Flatten, ONNX Flatten"
    equation = "out = Π(sizes from start_dim to end_dim)"
    example = "flatten", (512, 7, 7)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        if shape is None:
            whole = self.start_dim == 1 and self.end_dim == -1
            return call.tensor((None,) if whole else None)
        if shape == () and call.channels_last:
            return call.tensor((1,))  # Keras makes an axis of a single number, PyTorch does not
        first = resolve_axis(call, "start_dim", self.start_dim)
        last = resolve_axis(call, "end_dim", self.end_dim)
        if first is None or last is None:
            return call.tensor(None)
        if first > last:
            call.report(
                "SC106",
                f"start_dim {self.start_dim} comes after end_dim {self.end_dim}",
                "start_dim",
            )
            return call.tensor(None)
        joined = product(shape[first : last + 1])
        return call.tensor((*shape[:first], joined, *shape[last + 1 :]))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return laid_out_anew(call.shape or (), outputs[0].shape or ())


def fill_in(call: Call, field: str, wanted: tuple[int, ...], total: int | None) -> Shape | None:
    """A target shape with its -1 computed from the number of elements.

    SC106 for a shape that is none, SC107 where the elements do not fit.
    """
    if field == "unflattened_size" and not wanted:
        call.report("SC106", f"{field} is empty", field)
        return None
    if any(size < -1 for size in wanted) or wanted.count(-1) > 1:
        call.report("SC106", f"{field} {list(wanted)}: at most one -1, and no other below 0", field)
        return None
    known = prod(size for size in wanted if size != -1)
    if total is None:
        return tuple(None if size == -1 else size for size in wanted)
    if -1 in wanted and known and total % known == 0:
        return tuple(total // known if size == -1 else size for size in wanted)
    if -1 not in wanted and known == total:
        return wanted
    have = f"the input has {total:,} elements"
    need = (
        f"{field} {list(wanted)} needs a multiple of {known:,}"
        if -1 in wanted
        else f"{field} {list(wanted)} has {known:,}"
    )
    call.report("SC107", f"{have}, {need}", field, _reshape_help(field, wanted, total))
    return tuple(None if size == -1 else size for size in wanted)


def _reshape_help(field: str, wanted: tuple[int, ...], total: int) -> str | None:
    """Replace the first size by what makes the numbers of elements equal."""
    for position in range(len(wanted)):
        rest = prod(size for i, size in enumerate(wanted) if i != position and size != -1)
        if rest > 0 and total % rest == 0 and -1 not in wanted:
            mended = [*wanted[:position], total // rest, *wanted[position + 1 :]]
            return f"write {field}: {mended}, or -1 for one of them"
    known = prod(size for size in wanted if size != -1)
    if known == 0:
        return "every size is at least 1"
    if -1 in wanted:
        below = total // known * known
        near = f"{below:,} or {below + known:,}" if below else f"{known:,}"
        return f"let the layer before give {near} elements, or change the sizes"
    # The longest beginning that divides it, and the rest in one.
    kept = next(n for n in range(len(wanted), -1, -1) if _divides(prod(wanted[:n]), total))
    mended = [*wanted[:kept], total // prod(wanted[:kept])]
    return f"let the layer before give {known:,} elements, or write {field}: {mended}"


def _divides(factor: int, total: int) -> bool:
    return factor > 0 and total % factor == 0


class Reshape(_Relaid):
    """The same elements under another shape (without the batch); one size may be -1."""

    shape: tuple[int, ...] = arg("the target shape, at most one size -1")

    foreign = {"target_shape": "shape", "size": "shape"}
    aliases = ("view",)
    frameworks = ("pytorch", "keras")
    reference = "torch.reshape, torch.Tensor.view, keras.layers.Reshape, ONNX Reshape"
    equation = "Π(out) = Π(in)"
    example = "{type: reshape, shape: [128, 7, 7]}", (6272,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        total = None if call.shape is None else product(call.shape)
        return call.tensor(fill_in(call, "shape", self.shape, total))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return laid_out_anew(call.shape or (), outputs[0].shape or ())


class Unflatten(_Relaid):
    """Splits one axis into several."""

    dim: int = arg("the axis to split; 1 is the first after the batch", default=1)
    unflattened_size: tuple[int, ...] = arg("its new sizes, at most one -1")

    reference = "torch.nn.Unflatten"
    equation = "Π(unflattened_size) = in[dim]"
    example = "{type: unflatten, dim: 1, unflattened_size: [128, 7, 7]}", (6272,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        axis = resolve_axis(call, "dim", self.dim)
        if axis is None or call.shape is None:
            return call.tensor(None)
        sizes = fill_in(call, "unflattened_size", self.unflattened_size, call.shape[axis])
        if sizes is None:
            return call.tensor(None)
        return call.tensor((*call.shape[:axis], *sizes, *call.shape[axis + 1 :]))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return laid_out_anew(call.shape or (), outputs[0].shape or ())


class Permute(Layer):
    """Reorders the axes; all of them are listed, the batch (0) first."""

    dims: tuple[int, ...] = arg("the axes in their new order, as in PyTorch: [0, 2, 3, 1]")

    reference = "torch.permute, keras.layers.Permute, ONNX Transpose"
    example = "{type: permute, dims: [0, 2, 3, 1]}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        if shape is None:
            return call.tensor((None,) * (len(self.dims) - 1) if self.dims else None)
        total = len(shape) + 1
        order = [dim + total if dim < 0 else dim for dim in self.dims]
        if sorted(order) != list(range(total)):
            call.report(
                "SC106",
                f"dims {list(self.dims)} must list each of the {plural(total, 'axis')} once",
                "dims",
                f"the axes are {list(range(total))}, the batch is 0",
            )
            return call.tensor((None,) * len(shape))
        if order[0] != 0:
            call.report(
                "SC106", f"dims {list(self.dims)} moves the batch axis", "dims", "begin with 0"
            )
            return call.tensor((None,) * len(shape))
        return call.tensor(tuple(shape[axis - 1] for axis in order[1:]))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.shape or ())
        return [Along(dim - 1 if dim > 0 else dim + rank) for dim in self.dims if dim % (rank + 1)]

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        dims = [dim % max(len(strides), 1) for dim in self.dims]
        if sorted(dims) != list(range(len(strides))):
            return (None,)
        return (tuple(strides[dim] for dim in dims),)


class Chunk(Layer):
    """Cuts an axis into ``chunks`` pieces, read as ``name.0``, ``name.1``, …"""

    chunks: int = arg("how many pieces at the most")
    dim: int = arg("the axis to cut; 1 is the first after the batch", default=1)

    multiple = True
    foreign = {"axis": "dim"}
    frameworks = ("pytorch", "keras")
    reference = "torch.chunk, ONNX Split"
    equation = "pieces of ⌈in/chunks⌉, the last one smaller"
    example = "{type: chunk, chunks: 2, dim: 1}", (116, 28, 28)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        axis = resolve_axis(call, "dim", self.dim)
        if not call.require_least("chunks", self.chunks):
            return call.tensor(None)
        if self.chunks > MAX_PIECES:
            call.report("SC106", f"chunks is {self.chunks}, at most {MAX_PIECES:,}", "chunks")
            return call.tensor(None)
        if axis is None or call.shape is None or call.shape[axis] is None:
            return call.tensor(None) * self.chunks
        size = call.shape[axis] or 0
        piece = -(-size // self.chunks)
        pieces = [min(piece, size)]
        while (size := size - piece) > 0:
            pieces.append(min(piece, size))
        before, after = call.shape[:axis], call.shape[axis + 1 :]
        return tuple(call.tensor((*before, piece, *after))[0] for piece in pieces)

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return along_axis(len(call.shape or ()), self.dim, None)

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (strides,) * len(outputs)


#: How many pieces one layer may cut its input into.
MAX_PIECES = 10_000


class ChannelShuffle(Layer):
    """Interleaves the channels of ``groups`` groups."""

    groups: int = arg("how many groups the channels come from")

    reference = "torch.nn.ChannelShuffle"
    equation = "groups divides the channels"
    example = "{type: channel_shuffle, groups: 2}", (116, 28, 28)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if call.shape is not None and len(call.shape) < 2:
            call.wrong_rank(self, 3)
            return call.same()
        channels = call.channels()
        if (
            call.require_least("groups", self.groups)
            and channels is not None
            and channels % self.groups
        ):
            call.report(
                "SC105",
                f"groups is {self.groups}, which does not divide the {channels} channels "
                f"of {format_shape(call.shape)}",
                "groups",
                f"use a divisor of {channels}",
            )
        return call.same()

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return along_axis(len(call.shape or ()), 1, None)
