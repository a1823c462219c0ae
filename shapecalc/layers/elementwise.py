"""Functions of each cell on its own, scales, and conversions of the dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from shapecalc.layers.axes import resolve_axes, resolve_axis
from shapecalc.layers.base import Call, Dim, Layer, PerAxis, Tensor, Weights, arg
from shapecalc.layers.cost import Keeps, Kept, Wanted, numel, times
from shapecalc.layers.dtypes import (
    NUMBERS,
    REALS,
    DType,
    Kind,
    as_float,
    as_real,
    kind_of,
    require_kind,
)
from shapecalc.layers.strides import Strides


class _Unary(Layer):
    """A function of one number."""

    pointwise = True

    frameworks = ("pytorch", "keras")
    element_cost = 1
    keeps: ClassVar[Keeps] = "input"
    #: The kinds of numbers that PyTorch computes this of.
    takes: ClassVar[tuple[Kind, ...]] = NUMBERS

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not call.channels_last:
            require_kind(call, self.takes)
        return (call.input._replace(dtype=self.dtype(call.dtype)),)

    def dtype(self, received: str) -> str:
        """The dtype of the output."""
        return received


class _FloatUnary(_Unary):
    """A function whose values are no integers, even of integers."""

    takes = (*NUMBERS, "bool")

    def dtype(self, received: str) -> str:
        return as_float(received)


class Abs(_Unary):
    """The absolute value."""

    reference = "torch.abs, keras.ops.abs, ONNX Abs"
    example = "abs", (64, 8, 8)

    def dtype(self, received: str) -> str:
        return as_real(received)


class Neg(_Unary):
    """``-x``."""

    keeps = ""
    aliases = ("negative",)
    reference = "torch.neg, keras.ops.negative, ONNX Neg"
    example = "neg", (64, 8, 8)


class Sign(_Unary):
    """-1, 0 or 1."""

    keeps = ""
    takes = REALS
    reference = "torch.sign, keras.ops.sign, ONNX Sign"
    example = "sign", (64, 8, 8)


class Floor(_Unary):
    """The integer below."""

    keeps = ""
    takes = ("integer", "float")
    reference = "torch.floor, keras.ops.floor, ONNX Floor"
    example = "floor", (64, 8, 8)


class Ceil(_Unary):
    """The integer above."""

    keeps = ""
    takes = ("integer", "float")
    reference = "torch.ceil, keras.ops.ceil, ONNX Ceil"
    example = "ceil", (64, 8, 8)


class Round(_Unary):
    """The nearest integer."""

    keeps = ""
    takes = ("integer", "float")
    reference = "torch.round, keras.ops.round, ONNX Round"
    example = "round", (64, 8, 8)


class Square(_Unary):
    """``x²``."""

    takes = (*NUMBERS, "bool")
    reference = "torch.square, keras.ops.square"
    example = "square", (64, 8, 8)

    def dtype(self, received: str) -> str:
        return "int64" if received == "bool" else received


class Sqrt(_FloatUnary):
    """``√x``."""

    keeps = "output"
    reference = "torch.sqrt, keras.ops.sqrt, ONNX Sqrt"
    example = "sqrt", (64, 8, 8)


class Rsqrt(_FloatUnary):
    """``1/√x``."""

    keeps = "output"
    autocast = "float32"
    reference = "torch.rsqrt, keras.ops.rsqrt"
    example = "rsqrt", (64, 8, 8)


class Reciprocal(_FloatUnary):
    """``1/x``."""

    keeps = "output"
    autocast = "float32"
    reference = "torch.reciprocal, keras.ops.reciprocal, ONNX Reciprocal"
    example = "reciprocal", (64, 8, 8)


class Exp(_FloatUnary):
    """``exp(x)``."""

    keeps = "output"
    autocast = "float32"
    reference = "torch.exp, keras.ops.exp, ONNX Exp"
    example = "exp", (64, 8, 8)


class Log(_FloatUnary):
    """The natural logarithm."""

    autocast = "float32"
    reference = "torch.log, keras.ops.log, ONNX Log"
    example = "log", (64, 8, 8)


class Sin(_FloatUnary):
    """The sine."""

    reference = "torch.sin, keras.ops.sin, ONNX Sin"
    example = "sin", (64,)


class Cos(_FloatUnary):
    """The cosine."""

    reference = "torch.cos, keras.ops.cos, ONNX Cos"
    example = "cos", (64,)


class Erf(_FloatUnary):
    """The error function."""

    takes = REALS
    reference = "torch.erf, keras.ops.erf, ONNX Erf"
    example = "erf", (64,)


class Pow(_Unary):
    """``x`` to a fixed power."""

    exponent: int | float = arg("the power")

    autocast = "float32"
    aliases = ("power",)
    takes = (*NUMBERS, "bool")
    reference = "torch.pow, keras.ops.power, ONNX Pow"
    example = "{type: pow, exponent: 2}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        integers = kind_of(call.dtype) in ("integer", "bool")
        if integers and isinstance(self.exponent, int) and self.exponent < 0:
            call.report(
                "SC106",
                f"exponent is {self.exponent}, integers have no negative powers",
                "exponent",
                f"write exponent: {self.exponent}.0, or cast the input to floats",
            )
        return super().infer(call)

    def dtype(self, received: str) -> str:
        if isinstance(self.exponent, float):
            return as_float(received)
        return "int64" if received == "bool" else received


class Clamp(_Unary):
    """``x``, no less than ``min`` and no more than ``max``."""

    min: int | float | None = arg("the least value", default=None)
    max: int | float | None = arg("the largest value", default=None)

    aliases = ("clip",)
    foreign = {"x_min": "min", "x_max": "max", "min_val": "min", "max_val": "max"}
    takes = REALS
    reference = "torch.clamp, keras.ops.clip, ONNX Clip"
    example = "{type: clamp, min: 0, max: 6}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if self.min is None and self.max is None:
            call.report("SC106", "one of min and max is needed", None, "min: 0, for instance")
        return super().infer(call)

    def dtype(self, received: str) -> str:
        if isinstance(self.min, float) or isinstance(self.max, float):
            return as_float(received)
        return "int64" if received == "bool" else received


class Normalize(_Unary):
    """Divides by the norm along an axis (or several), so that it becomes 1."""

    p: float = arg("which norm", default=2.0)
    dim: PerAxis = arg("the axes of a vector; 1 is the first after the batch", default=1)
    eps: float = arg("the least norm to divide by", default=1e-12)

    element_cost = 3  # the square, the sum, the division
    foreign = {"axis": "dim", "order": "p", "epsilon": "eps"}
    takes = ("float", "complex")
    reference = (
        "torch.nn.functional.normalize, keras.layers.UnitNormalization, ONNX LpNormalization"
    )
    equation = "out = x/max(‖x‖ₚ, eps)"
    example = "{type: normalize, dim: -1}", (196, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        resolve_axes(call, "dim", self.dim)
        return super().infer(call)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        axes = resolve_axes(Call(call.inputs), "dim", self.dim) or ()
        shape = call.shape or ()
        norms = call.input._replace(shape=tuple(n for i, n in enumerate(shape) if i not in axes))
        return Kept(inputs=(0,), own=(norms, norms))  # before and after the least is set


class Scale(Layer):
    """Multiplies each channel by a learned factor (layer scale), and may add another."""

    pointwise = True

    num_features: int | None = arg("size of the scaled axis; inferred", default=None)
    dim: int | None = arg(
        "the axis with a factor for each index; by default the channels (-1 for tokens)",
        default=None,
    )
    bias: bool = arg("whether a learned shift is added", default=False)

    aliases = ("layer_scale", "affine")
    foreign = {"axis": "dim"}
    frameworks = ("pytorch", "keras")
    reference = "x * weight, the LayerScale of CaiT and ConvNeXt"
    equation = "params = in[dim], twice that with bias"
    example = "{type: scale, dim: -1}", (196, 768)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        axis = self._axis(call)
        shape = call.shape
        size = None if axis is None or shape is None else shape[axis]
        size = call.check_declared("num_features", self.num_features, size)
        if axis is None or shape is None:
            return call.same()
        return call.tensor((*shape[:axis], size, *shape[axis + 1 :]))

    def _axis(self, call: Call) -> int | None:
        shape = call.shape
        if shape == ():
            call.wrong_rank(self, 1)
        if not shape:
            return None
        if self.dim is None:
            return call.channel_axis % len(shape)
        return resolve_axis(call, "dim", self.dim)

    def weights(self, call: Call) -> Weights:
        size: Dim = self.num_features
        axis = self._axis(Call(call.inputs, channels_last=call.channels_last))
        if size is None and call.shape and axis is not None:
            size = call.shape[axis]
        return {"weight": (size,), "bias": (size,)} if self.bias else {"weight": (size,)}

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(2 if self.bias else 1, numel(outputs[0].shape))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,)) if wanted.weights else Kept()


class DropPath(Layer):
    """Leaves out a residual's body at random while training (stochastic depth)."""

    pointwise = True

    p: float = arg("probability of a sample to be left out", default=0.0)
    mode: Literal["row", "batch"] = arg(
        "whether each sample is drawn for, or the batch as a whole", default="row"
    )

    aliases = ("stochastic_depth",)
    frameworks = ("pytorch", "keras")
    foreign = {"drop_prob": "p", "rate": "p", "drop_path_rate": "p"}
    reference = "torchvision.ops.StochasticDepth, timm.layers.DropPath"
    example = "{type: drop_path, p: 0.1}", (96, 56, 56)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not 0 <= self.p <= 1:
            call.report("SC106", f"p is {self.p}, a probability is between 0 and 1", "p")
        return call.same()

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (None if training and self.p else strides,)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        drawn = Tensor((1,), batched=self.mode == "row")
        return Kept(own=(drawn,)) if self.p else Kept()


class Cast(Layer):
    """The same numbers as another dtype."""

    pointwise = True

    dtype: DType = arg("the dtype of the output")

    aliases = ("to", "astype")
    frameworks = ("pytorch", "keras")
    reference = "torch.Tensor.to, keras.ops.cast, ONNX Cast"
    example = "{type: cast, dtype: float16}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        return (call.input._replace(dtype=self.dtype),)

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (strides if self.dtype == call.dtype else None,)
