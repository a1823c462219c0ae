"""One number in place of an axis: sums, means, extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from shapecalc.layers.axes import resolve_axes
from shapecalc.layers.base import Call, Dim, Layer, PerAxis, Tensor, arg
from shapecalc.layers.cost import Kept, Wanted, numel, times
from shapecalc.layers.dtypes import (
    NUMBERS,
    REALS,
    Kind,
    as_float,
    as_real,
    as_sum,
    require_kind,
)
from shapecalc.layers.reaches import Reaches, axis_at, without


class _Reduce(Layer):
    """What all reductions share. The batch is never reduced, so that the axes must be said."""

    keepdim: bool = arg("keep the axes, with a size of 1", default=False)

    frameworks = ("pytorch", "keras")
    foreign = {"axis": "dim", "keepdims": "keepdim"}
    equation = "out = in without the axes dim"
    #: The kinds of numbers that PyTorch reduces so.
    takes: ClassVar[tuple[Kind, ...]] = (*NUMBERS, "bool")
    #: Element operations for each number that is read.
    cell_cost: ClassVar[int] = 1
    #: Whether the backward pass needs what was reduced and what came out.
    needs_values: ClassVar[bool] = True

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(self.cell_cost, numel(call.shape))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), outputs=(0,)) if self.needs_values else Kept()

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not call.channels_last:
            require_kind(call, self.takes)
        axes = resolve_axes(call, "dim", self.axes())
        dtype = self.dtype(call)
        if call.shape is None or axes is None:
            return call.tensor(None, dtype)
        sizes = (1 if axis in axes else size for axis, size in enumerate(call.shape))
        if not self.keepdim:
            sizes = (size for axis, size in enumerate(call.shape) if axis not in axes)
        return call.tensor(tuple(sizes), dtype)

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.shape or ())
        dims = self.axes()
        gone = [axis_at(rank, dim) for dim in ((dims,) if isinstance(dims, int) else dims)]
        return without(call.shape or (), gone, self.keepdim)

    def axes(self) -> PerAxis:
        """The axes to reduce, as they are written."""
        raise NotImplementedError

    def dtype(self, call: Call) -> str:
        """The dtype of the output."""
        return call.dtype


class _ReduceAxes(_Reduce):
    """A reduction of one axis or several."""

    dim: PerAxis = arg("the axes to reduce; 1 is the first after the batch, -1 the last")

    def axes(self) -> PerAxis:
        return self.dim


class _ReduceAxis(_Reduce):
    """A reduction of a single axis."""

    dim: int = arg("the axis to reduce; 1 is the first after the batch, -1 the last")

    def axes(self) -> PerAxis:
        return self.dim


class _FloatReduce(_ReduceAxes):
    """A reduction of floats; Keras makes floats of integers."""

    takes = ("float", "complex")

    def dtype(self, call: Call) -> str:
        return as_float(call.dtype)


class _RealReduce(_FloatReduce):
    """A reduction whose result is real, even of complex numbers."""

    def dtype(self, call: Call) -> str:
        return as_real(as_float(call.dtype))


class Mean(_FloatReduce):
    """The mean along axes."""

    needs_values = False
    aliases = ("reduce_mean",)
    reference = "torch.mean, keras.ops.mean, ONNX ReduceMean"
    example = "{type: mean, dim: [2, 3]}", (512, 7, 7)


class Std(_RealReduce):
    """The standard deviation along axes."""

    unbiased: bool = arg("divide by n - 1 and not by n", default=True)

    cell_cost = 3
    reference = "torch.std, keras.ops.std"
    example = "{type: std, dim: [2, 3], keepdim: true}", (64, 8, 8)


class Var(_RealReduce):
    """The variance along axes."""

    unbiased: bool = arg("divide by n - 1 and not by n", default=True)

    cell_cost = 3
    reference = "torch.var, keras.ops.var"
    example = "{type: var, dim: 1, keepdim: true}", (64, 8, 8)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,))


class VectorNorm(_RealReduce):
    """The p-norm along axes."""

    p: float = arg("which norm", default=2.0)

    cell_cost = 2
    autocast = "float32"
    foreign = {"axis": "dim", "keepdims": "keepdim", "ord": "p"}
    reference = "torch.linalg.vector_norm, torch.norm, keras.ops.norm, ONNX ReduceL2"
    example = "{type: vector_norm, dim: -1, keepdim: true}", (196, 64)


class Logsumexp(_ReduceAxes):
    """``log Σ exp(x)`` along axes."""

    cell_cost = 2
    reference = "torch.logsumexp, keras.ops.logsumexp, ONNX ReduceLogSumExp"
    example = "{type: logsumexp, dim: -1}", (10,)

    def dtype(self, call: Call) -> str:
        return as_float(call.dtype)


class Sum(_ReduceAxes):
    """The sum along axes."""

    needs_values = False
    autocast = "float32"
    aliases = ("reduce_sum",)
    reference = "torch.sum, keras.ops.sum, ONNX ReduceSum"
    example = "{type: sum, dim: 1}", (64, 8, 8)

    def dtype(self, call: Call) -> str:
        return as_sum(call.dtype)


class Prod(_ReduceAxis):
    """The product along an axis."""

    autocast = "float32"
    reference = "torch.prod, keras.ops.prod, ONNX ReduceProd"
    example = "{type: prod, dim: 1}", (64, 8, 8)

    def dtype(self, call: Call) -> str:
        return as_sum(call.dtype)


class Max(_ReduceAxes):
    """The largest value along axes."""

    aliases = ("amax", "reduce_max")
    takes = REALS
    reference = "torch.amax, torch.max(dim).values, keras.ops.max, ONNX ReduceMax"
    example = "{type: max, dim: -1}", (64, 1024)


class Min(_ReduceAxes):
    """The smallest value along axes."""

    aliases = ("amin", "reduce_min")
    takes = REALS
    reference = "torch.amin, torch.min(dim).values, keras.ops.min, ONNX ReduceMin"
    example = "{type: min, dim: -1}", (64, 1024)


class Argmax(_ReduceAxis):
    """Where along an axis the largest value is."""

    needs_values = False
    takes = ("integer", "float")
    reference = "torch.argmax, keras.ops.argmax, ONNX ArgMax"
    example = "{type: argmax, dim: -1}", (10,)

    def dtype(self, call: Call) -> str:
        return "int32" if call.channels_last else "int64"


class Argmin(Argmax):
    """Where along an axis the smallest value is."""

    reference = "torch.argmin, keras.ops.argmin, ONNX ArgMin"
    example = "{type: argmin, dim: -1}", (10,)
