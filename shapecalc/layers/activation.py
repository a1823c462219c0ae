"""Element-wise non-linearities, softmaxes and gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from shapecalc.layers.axes import resolve_axis
from shapecalc.layers.base import Call, Dim, Framework, Layer, Tensor, Weights, arg, format_shape
from shapecalc.layers.cost import Keeps, Kept, Wanted
from shapecalc.layers.dtypes import as_float
from shapecalc.layers.reaches import Reaches, along_axis
from shapecalc.layers.strides import Strides


class _Activation(Layer):
    """A function of each element on its own."""

    pointwise = True

    frameworks: ClassVar[tuple[Framework, ...]] = ("pytorch", "keras")
    is_activation = True
    element_cost = 1
    keeps: ClassVar[Keeps] = "input"
    #: What it takes: floats, integers too, or truth values as well.
    takes: ClassVar[Literal["floats", "numbers", "anything"]] = "floats"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if self.takes == "floats":
            call.require_float(self)
        elif self.takes == "numbers":
            call.require_number(self)
        return call.same()


class _FractionalActivation(_Activation):
    """An activation that turns integers into floats."""

    takes: ClassVar[Literal["floats", "numbers", "anything"]] = "numbers"
    frameworks: ClassVar[tuple[Framework, ...]] = ("pytorch",)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        super().infer(call)
        return call.tensor(call.shape, as_float(call.dtype))


class _InPlaceActivation(_Activation):
    """An activation that PyTorch can compute in place; Keras' are in ``keras/activation.py``."""

    inplace: bool = arg("overwrite the input", default=False)

    frameworks = ("pytorch",)

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (strides if self.inplace else None,)


class Relu(_InPlaceActivation):
    """``max(x, 0)``."""

    keeps = "output"
    reference = "torch.nn.ReLU, keras.layers.ReLU, ONNX Relu"
    takes = "numbers"
    example = "relu", (64, 8, 8)


class Relu6(_InPlaceActivation):
    """``min(max(x, 0), 6)``."""

    takes = "numbers"
    reference = "torch.nn.ReLU6, keras.activations.relu6"
    example = "relu6", (64, 8, 8)


class LeakyRelu(_InPlaceActivation):
    """``x``, or ``negative_slope·x`` below zero."""

    negative_slope: float = arg("slope below zero", default=0.01)

    foreign = {"alpha": "negative_slope"}
    reference = "torch.nn.LeakyReLU, keras.layers.LeakyReLU, ONNX LeakyRelu"
    example = "{type: leaky_relu, negative_slope: 0.2}", (64, 8, 8)


class Elu(_InPlaceActivation):
    """``x``, or ``alpha·(exp(x) - 1)`` below zero."""

    alpha: float = arg("scale below zero", default=1.0)

    reference = "torch.nn.ELU, keras.layers.ELU, ONNX Elu"
    example = "elu", (64, 8, 8)


class Selu(_InPlaceActivation):
    """The self-normalising exponential unit."""

    reference = "torch.nn.SELU, keras.activations.selu, ONNX Selu"
    example = "selu", (64,)


class Gelu(_Activation):
    """``x·Φ(x)``."""

    approximate: Literal["none", "tanh"] = arg("how Φ is computed", default="none")

    frameworks = ("pytorch",)
    reference = "torch.nn.GELU, keras.activations.gelu, ONNX Gelu"
    example = "gelu", (16, 64)


class Silu(_InPlaceActivation):
    """``x·sigmoid(x)``, also called swish."""

    aliases = ("swish",)
    reference = "torch.nn.SiLU, keras.activations.silu"
    example = "silu", (64, 8, 8)


class Mish(_InPlaceActivation):
    """``x·tanh(softplus(x))``."""

    reference = "torch.nn.Mish, keras.activations.mish, ONNX Mish"
    example = "mish", (64, 8, 8)


class Hardswish(_InPlaceActivation):
    """``x·relu6(x + 3)/6``."""

    reference = "torch.nn.Hardswish, keras.activations.hard_swish, ONNX HardSwish"
    example = "hardswish", (64, 8, 8)


class Hardsigmoid(_InPlaceActivation):
    """``relu6(x + 3)/6``."""

    reference = "torch.nn.Hardsigmoid, keras.activations.hard_sigmoid, ONNX HardSigmoid"
    example = "hardsigmoid", (64, 1, 1)


class Sigmoid(_FractionalActivation):
    """``1/(1 + exp(-x))``."""

    keeps = "output"
    reference = "torch.nn.Sigmoid, keras.activations.sigmoid, ONNX Sigmoid"
    takes = "anything"
    example = "sigmoid", (1, 1, 1)


class Tanh(_FractionalActivation):
    """The hyperbolic tangent."""

    keeps = "output"
    reference = "torch.nn.Tanh, keras.activations.tanh, ONNX Tanh"
    takes = "anything"
    example = "tanh", (3, 64, 64)


class Softplus(_Activation):
    """``log(1 + exp(beta·x))/beta``."""

    beta: float = arg("sharpness", default=1.0)
    threshold: float = arg("above it the function is linear", default=20.0)

    autocast = "float32"
    frameworks = ("pytorch",)
    reference = "torch.nn.Softplus, keras.activations.softplus, ONNX Softplus"
    example = "softplus", (64,)


class LogSigmoid(_Activation):
    """``log(1/(1 + exp(-x)))``."""

    reference = "torch.nn.LogSigmoid, keras.activations.log_sigmoid"
    example = "log_sigmoid", (1,)


class Softsign(_FractionalActivation):
    """``x/(1 + |x|)``."""

    reference = "torch.nn.Softsign, keras.activations.softsign, ONNX Softsign"
    example = "softsign", (64,)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=(outputs[0],))  # the denominator


class Tanhshrink(_FractionalActivation):
    """``x - tanh(x)``."""

    aliases = ("tanh_shrink",)
    reference = "torch.nn.Tanhshrink, keras.activations.tanh_shrink"
    example = "tanhshrink", (64,)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(own=(outputs[0],))  # the tangent


class Hardshrink(_Activation):
    """``x``, or 0 between ``-lambd`` and ``lambd``."""

    lambd: float = arg("how far from 0 the input must be", default=0.5)

    aliases = ("hard_shrink",)
    foreign = {"threshold": "lambd"}
    reference = "torch.nn.Hardshrink, keras.activations.hard_shrink, ONNX Shrink"
    example = "{type: hardshrink, lambd: 0.5}", (64,)


class Softshrink(_Activation):
    """``x`` moved by ``lambd`` towards 0, and 0 where that would pass it."""

    lambd: float = arg("how far the input is moved, at least 0", default=0.5)

    aliases = ("soft_shrink",)
    foreign = {"threshold": "lambd"}
    reference = "torch.nn.Softshrink, keras.activations.soft_shrink, ONNX Shrink"
    example = "{type: softshrink, lambd: 0.5}", (64,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not self.lambd >= 0:
            call.report("SC106", f"lambd is {self.lambd}, at least 0 is needed", "lambd")
        return super().infer(call)


class Hardtanh(_InPlaceActivation):
    """``x``, held between ``min_val`` and ``max_val``."""

    min_val: float = arg("the least value", default=-1.0)
    max_val: float = arg("the largest value", default=1.0)

    takes = "numbers"
    aliases = ("hard_tanh",)
    foreign = {"min_value": "min_val", "max_value": "max_val", "min": "min_val", "max": "max_val"}
    reference = "torch.nn.Hardtanh, keras.activations.hard_tanh, ONNX Clip"
    example = "{type: hardtanh, min_val: 0.0, max_val: 20.0}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not self.max_val > self.min_val:
            call.report(
                "SC106",
                f"max_val is {self.max_val}, more than min_val ({self.min_val}) is needed",
                "max_val",
            )
        if call.dtype == "uint8" and self.min_val < 0:
            call.report("SC109", "uint8 has no number below 0", "min_val", "write min_val: 0")
        return super().infer(call)


class Threshold(_InPlaceActivation):
    """``x``, or ``value`` where it is not above ``threshold``."""

    threshold: float = arg("what the input must pass")
    value: float = arg("what stands where it does not")

    takes = "numbers"
    reference = "torch.nn.Threshold, keras.activations.threshold"
    example = "{type: threshold, threshold: 0.1, value: 0}", (64, 8, 8)


class Celu(_InPlaceActivation):
    """``x``, or ``alpha·(exp(x/alpha) - 1)`` below zero."""

    alpha: float = arg("scale below zero, not 0", default=1.0)

    reference = "torch.nn.CELU, keras.activations.celu, ONNX Celu"
    example = "celu", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if self.alpha == 0:
            call.report("SC106", "alpha is 0, which divides the input", "alpha")
        return super().infer(call)


class Rrelu(_InPlaceActivation):
    """``x``, or a random multiple of it below zero."""

    lower: float = arg("the least slope below zero", default=1 / 8)
    upper: float = arg("the largest slope below zero", default=1 / 3)

    reference = "torch.nn.RReLU"
    example = "rrelu", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not self.lower <= self.upper:
            call.report(
                "SC106",
                f"lower is {self.lower}, it must not be above upper ({self.upper})",
                "lower",
            )
        return super().infer(call)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=(outputs[0],))  # the slopes drawn


class Glu(Layer):
    """The first half of an axis, gated by the sigmoid of its second half."""

    dim: int = arg("the axis to halve, as in PyTorch: 0 is the batch, -1 the last", default=-1)

    element_cost = 2
    keeps = "input"
    foreign = {"axis": "dim"}
    frameworks = ("pytorch", "keras")
    reference = "torch.nn.GLU, keras.activations.glu"
    equation = "out[dim] = in[dim]/2"
    example = "{type: glu, dim: 1}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        axis = resolve_axis(call, "dim", self.dim)
        if call.shape is None:
            return call.same()
        if axis is None:
            return call.tensor((None,) * len(call.shape))
        half = self._half(call, call.shape[axis])
        return call.tensor((*call.shape[:axis], half, *call.shape[axis + 1 :]))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return along_axis(len(call.shape or ()), self.dim, None)

    def _half(self, call: Call, size: Dim) -> Dim:
        if size is None or size % 2 == 0:
            return None if size is None else size // 2
        call.report(
            "SC105",
            f"axis {self.dim} of {format_shape(call.shape)} has a size of {size}, which cannot be "
            "halved",
            "dim" if self.dim != -1 else None,
            "give it an even size, half of it gates the other half",
        )
        return None


class Prelu(Layer):
    """A leaky ReLU whose slope is learned: one, or one for each channel."""

    pointwise = True

    num_parameters: int = arg("1, or the number of channels", default=1)
    init: float = arg("the slope to begin with", default=0.25)

    element_cost = 1
    keeps = "input"
    autocast = "lower"
    is_activation = True
    reference = "torch.nn.PReLU, ONNX PRelu"
    example = "{type: prelu, num_parameters: in_channels}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        channels = 1 if call.shape == () else call.channels()
        if self.num_parameters != 1 and channels not in (None, self.num_parameters):
            call.report(
                "SC101",
                f"num_parameters is {self.num_parameters}, the input has {channels} channels",
                "num_parameters",
                f"write num_parameters: {channels}, or 1",
            )
        return call.same()

    def weights(self, call: Call) -> Weights:
        return {"weight": (self.num_parameters,)}


class _Softmax(Layer):
    """A normalised exponential along one axis."""

    dim: int = arg("the axis, as in PyTorch: 0 is the batch, -1 the last", default=-1)

    foreign = {"axis": "dim"}
    frameworks: ClassVar[tuple[Framework, ...]] = ("pytorch", "keras")
    element_cost = 3  # the exponential, the sum, the division
    keeps = "output"
    autocast = "float32"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        resolve_axis(call, "dim", self.dim)
        return call.same()

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return along_axis(len(call.shape or ()), self.dim, None)


class Softmax(_Softmax):
    """``exp(x)/Σexp(x)`` along an axis."""

    reference = "torch.nn.Softmax, keras.layers.Softmax, ONNX Softmax"
    example = "{type: softmax, dim: 1}", (10,)


class LogSoftmax(_Softmax):
    """The logarithm of softmax along an axis."""

    reference = "torch.nn.LogSoftmax, keras.activations.log_softmax, ONNX LogSoftmax"
    example = "{type: log_softmax, dim: 1}", (10,)


class Softmin(_Softmax):
    """Softmax of the negated input along an axis."""

    reference = "torch.nn.Softmin"
    frameworks = ("pytorch",)
    example = "{type: softmin, dim: 1}", (10,)


class Softmax2d(Layer, rank=2):
    """Softmax over the channels, at each place of an image."""

    element_cost = 3
    keeps = "output"
    autocast = "float32"
    reference = "torch.nn.Softmax2d"
    example = "softmax2d", (21, 32, 32)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        channels, spatial = call.image(self)
        return call.tensor(call.map(channels, spatial))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return along_axis(len(call.shape or ()), 1, None)

    def rank_help(self, spatial_rank: int) -> str | None:
        return "write {type: softmax, dim: 1}"
