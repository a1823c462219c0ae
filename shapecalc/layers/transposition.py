"""Axes swapped, dropped, inserted, turned round and shifted."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.axes import resolve_axes, resolve_axis
from shapecalc.layers.base import Call, Layer, PerAxis, Shape, Tensor, arg, format_shape
from shapecalc.layers.reaches import Along, Reaches, axis_at, laid_out_anew, without
from shapecalc.layers.rearrange import _Relaid
from shapecalc.layers.strides import Strides, reordered


class Transpose(Layer):
    """Swaps two axes."""

    dim0: int = arg("one axis; 1 is the first after the batch")
    dim1: int = arg("the other axis")

    aliases = ("swapaxes", "swapdims")
    foreign = {"axis0": "dim0", "axis1": "dim1"}
    frameworks = ("pytorch", "keras")
    reference = "torch.transpose, keras.ops.swapaxes, ONNX Transpose"
    example = "{type: transpose, dim0: 1, dim1: 2}", (768, 196)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        one = resolve_axis(call, "dim0", self.dim0)
        other = resolve_axis(call, "dim1", self.dim1)
        if call.shape is None:
            return call.same()
        if one is None or other is None:
            return call.tensor((None,) * len(call.shape))
        sizes = list(call.shape)
        sizes[one], sizes[other] = sizes[other], sizes[one]
        return call.tensor(tuple(sizes))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.shape or ())
        one, other = axis_at(rank, self.dim0), axis_at(rank, self.dim1)
        swapped = {one: other, other: one}
        return [Along(swapped.get(axis, axis)) for axis in range(rank)]

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        quiet = Call(call.inputs)
        one = resolve_axis(quiet, "dim0", self.dim0)
        other = resolve_axis(quiet, "dim1", self.dim1)
        if one is None or other is None or call.shape is None:
            return (None,)
        order = list(range(len(call.shape)))
        order[one], order[other] = other, one
        return (reordered(strides, order, call.input.batched),)


class Squeeze(_Relaid):
    """Drops axes of size 1; in PyTorch, an axis of another size stays as it is."""

    dim: int | tuple[int, ...] | None = arg(
        "the axes to drop; by default all of size 1 but the batch", default=None
    )

    foreign = {"axis": "dim"}
    frameworks = ("pytorch", "keras")
    reference = "torch.squeeze, keras.ops.squeeze, ONNX Squeeze"
    example = "{type: squeeze, dim: [2, 3]}", (512, 1, 1)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        if shape is None:
            return call.same()
        axes: tuple[int, ...] | None = tuple(range(len(shape)))
        if self.dim is not None:
            axes = resolve_axes(call, "dim", self.dim, empty=True)
        if axes is None or any(shape[axis] is None for axis in axes):
            return call.tensor(None)
        if call.channels_last and self.dim is not None:
            self._require_ones(call, shape, axes)
        kept = (size for axis, size in enumerate(shape) if axis not in axes or size != 1)
        return call.tensor(tuple(kept))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return laid_out_anew(call.shape or (), outputs[0].shape or ())

    @staticmethod
    def _require_ones(call: Call, shape: Shape, axes: tuple[int, ...]) -> None:
        """Keras refuses what PyTorch passes over."""
        sizes = tuple(shape[axis] for axis in axes)
        if any(size != 1 for size in sizes):
            call.report(
                "SC106",
                f"dim names axes of size {format_shape(sizes)}, only a size of 1 can be dropped",
                "dim",
            )


class Unsqueeze(_Relaid):
    """Inserts an axis of size 1."""

    dim: int = arg("where the new axis goes; 1 is the first after the batch")

    aliases = ("expand_dims",)
    foreign = {"axis": "dim"}
    frameworks = ("pytorch", "keras")
    reference = "torch.unsqueeze, keras.ops.expand_dims, ONNX Unsqueeze"
    example = "{type: unsqueeze, dim: 1}", (28, 28)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        axis = resolve_axis(call, "dim", self.dim, extra=1)
        if call.shape is None:
            return call.same()
        if axis is None:
            return call.tensor((None,) * (len(call.shape) + 1))
        return call.tensor((*call.shape[:axis], 1, *call.shape[axis:]))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return laid_out_anew(call.shape or (), outputs[0].shape or ())


class Flip(Layer):
    """Reverses axes."""

    dims: PerAxis = arg("the axes to reverse; 1 is the first after the batch")

    foreign = {"axis": "dims", "dim": "dims"}
    frameworks = ("pytorch", "keras")
    reference = "torch.flip, keras.ops.flip"
    example = "{type: flip, dims: -1}", (3, 32, 32)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        resolve_axes(call, "dims", self.dims, empty=True)
        return call.same()

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.shape or ())
        dims = (self.dims,) if isinstance(self.dims, int) else self.dims
        return without(call.shape or (), [axis_at(rank, dim) for dim in dims], keep=True)


class Roll(Layer):
    """Shifts axes; what falls off one end comes in at the other."""

    shifts: PerAxis = arg("by how many cells, or one number for each of dims")
    dims: PerAxis = arg("the axes to shift; 1 is the first after the batch")

    foreign = {"shift": "shifts", "axis": "dims", "dim": "dims"}
    frameworks = ("pytorch", "keras")
    reference = "torch.roll, keras.ops.roll"
    example = "{type: roll, shifts: [-3, -3], dims: [2, 3]}", (96, 56, 56)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shifts = (self.shifts,) if isinstance(self.shifts, int) else self.shifts
        dims = (self.dims,) if isinstance(self.dims, int) else self.dims
        if not dims:
            resolve_axes(call, "dims", dims)
        elif len(shifts) != len(dims):
            call.report(
                "SC106",
                f"shifts has {len(shifts)} and dims {len(dims)}: one shift for each axis is needed",
                "dims" if isinstance(self.dims, int) else "shifts",
            )
        for dim in dict.fromkeys(dims):
            resolve_axis(call, "dims", dim)
        return call.same()

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.shape or ())
        dims = (self.dims,) if isinstance(self.dims, int) else self.dims
        return without(call.shape or (), [axis_at(rank, dim) for dim in dims], keep=True)
