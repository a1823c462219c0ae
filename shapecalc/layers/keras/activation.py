"""Activations that Keras gives other arguments than PyTorch does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from shapecalc.layers.axes import resolve_axes
from shapecalc.layers.base import Call, Dim, Layer, PerAxis, Tensor, Weights, arg
from shapecalc.layers.cost import Keeps, Kept, Wanted
from shapecalc.layers.keras.words import Activation, activation_ops, with_activation


class _KerasActivation(Layer):
    """A function of each element on its own."""

    pointwise = True

    frameworks = ("keras",)
    is_activation = True
    element_cost = 1
    keeps: ClassVar[Keeps] = "input"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        return call.same()


class KerasActivation(_KerasActivation):
    """An activation by its name."""

    activation: Activation = arg("the function")

    reference = "keras.layers.Activation"
    example = "{type: activation, activation: gelu}", (16, 64)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return activation_ops(self.activation, outputs)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        kept = with_activation(Kept(), self.activation, outputs)
        return Kept(inputs=(0,)) if kept.own else kept


class KerasRelu(_KerasActivation):
    """``max(x, 0)``, with a slope below ``threshold`` and an upper limit if wanted."""

    max_value: float | None = arg("the largest output", default=None)
    negative_slope: float = arg("slope below the threshold", default=0.0)
    threshold: float = arg("below it the slope is negative_slope", default=0.0)

    keeps = "output"
    reference = "keras.layers.ReLU, torch.nn.ReLU, ONNX Relu"
    example = "{type: relu, max_value: 6.0}", (8, 8, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        for field in ("max_value", "negative_slope", "threshold"):
            value: float | None = getattr(self, field)
            if value is not None and value < 0:
                call.report("SC106", f"{field} is {value}, at least 0 is needed", field)
        return call.same()


class KerasRelu6(_KerasActivation):
    """``min(max(x, 0), 6)``."""

    reference = "keras.activations.relu6, torch.nn.ReLU6"
    example = "relu6", (8, 8, 64)


class KerasLeakyRelu(_KerasActivation):
    """``x``, or ``negative_slope·x`` below zero."""

    negative_slope: float = arg("slope below zero", default=0.3)

    foreign = {"alpha": "negative_slope"}
    reference = "keras.layers.LeakyReLU, torch.nn.LeakyReLU, ONNX LeakyRelu"
    example = "{type: leaky_relu, negative_slope: 0.2}", (8, 8, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if self.negative_slope < 0:
            message = f"negative_slope is {self.negative_slope}, at least 0 is needed"
            call.report("SC106", message, "negative_slope")
        return super().infer(call)


class KerasElu(_KerasActivation):
    """``x``, or ``alpha·(exp(x) - 1)`` below zero."""

    alpha: float = arg("scale below zero", default=1.0)

    reference = "keras.layers.ELU, torch.nn.ELU, ONNX Elu"
    example = "elu", (8, 8, 64)


class KerasCelu(_KerasActivation):
    """``x``, or ``alpha·(exp(x/alpha) - 1)`` below zero."""

    alpha: float = arg("scale below zero", default=1.0)

    reference = "keras.activations.celu, torch.nn.CELU, ONNX Celu"
    example = "celu", (8, 8, 64)


class KerasSelu(_KerasActivation):
    """The self-normalising exponential unit."""

    reference = "keras.activations.selu, torch.nn.SELU, ONNX Selu"
    example = "selu", (64,)


class KerasGelu(_KerasActivation):
    """``x·Φ(x)``."""

    approximate: bool = arg("whether Φ is computed by way of tanh", default=False)

    reference = "keras.activations.gelu, torch.nn.GELU, ONNX Gelu"
    example = "gelu", (16, 64)


class KerasSilu(_KerasActivation):
    """``x·sigmoid(x)``, also called swish."""

    aliases = ("swish",)
    reference = "keras.activations.silu, torch.nn.SiLU"
    example = "silu", (8, 8, 64)


class KerasMish(_KerasActivation):
    """``x·tanh(softplus(x))``."""

    reference = "keras.activations.mish, torch.nn.Mish, ONNX Mish"
    example = "mish", (8, 8, 64)


class KerasHardswish(_KerasActivation):
    """``x·relu6(x + 3)/6``."""

    aliases = ("hard_silu",)
    reference = "keras.activations.hard_swish, torch.nn.Hardswish, ONNX HardSwish"
    example = "hardswish", (8, 8, 64)


class KerasHardsigmoid(_KerasActivation):
    """``relu6(x + 3)/6``."""

    reference = "keras.activations.hard_sigmoid, torch.nn.Hardsigmoid, ONNX HardSigmoid"
    example = "hardsigmoid", (1, 1, 64)


class KerasHardtanh(_KerasActivation):
    """``x``, held between -1 and 1."""

    reference = "keras.activations.hard_tanh, torch.nn.Hardtanh, ONNX Clip"
    example = "hardtanh", (8, 8, 64)


class KerasSigmoid(_KerasActivation):
    """``1/(1 + exp(-x))``."""

    keeps = "output"
    reference = "keras.activations.sigmoid, torch.nn.Sigmoid, ONNX Sigmoid"
    example = "sigmoid", (1, 1, 1)


class KerasTanh(_KerasActivation):
    """The hyperbolic tangent."""

    keeps = "output"
    reference = "keras.activations.tanh, torch.nn.Tanh, ONNX Tanh"
    example = "tanh", (64, 64, 3)


class KerasTanhshrink(_KerasActivation):
    """``x - tanh(x)``."""

    aliases = ("tanh_shrink",)
    reference = "keras.activations.tanh_shrink, torch.nn.Tanhshrink"
    example = "tanhshrink", (64,)


class KerasSoftsign(_KerasActivation):
    """``x/(1 + |x|)``."""

    reference = "keras.activations.softsign, torch.nn.Softsign, ONNX Softsign"
    example = "softsign", (64,)


class KerasSoftplus(_KerasActivation):
    """``log(1 + exp(x))``."""

    reference = "keras.activations.softplus, torch.nn.Softplus, ONNX Softplus"
    example = "softplus", (64,)


class KerasPrelu(Layer):
    """A leaky ReLU with a learned slope for each element of the input."""

    pointwise = True

    shared_axes: PerAxis = arg(
        "the axes along which the slope is one, from 1 on: [1, 2] is one for each channel of an "
        "image",
        default=(),
    )

    element_cost = 1
    keeps = "input"
    is_activation = True
    frameworks = ("keras",)
    reference = "keras.layers.PReLU, torch.nn.PReLU, ONNX PRelu"
    equation = "params = Π(sizes of the axes that are not shared)"
    example = "{type: prelu, shared_axes: [1, 2]}", (7, 7, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        axes = (self.shared_axes,) if isinstance(self.shared_axes, int) else self.shared_axes
        if any(axis < 0 for axis in axes):
            call.report(
                "SC106",
                f"shared_axes {list(axes)}: Keras counts these axes from 1, and takes -1 for the "
                "last but one",
                "shared_axes",
                "count from 1: the first axis after the batch",
            )
        else:
            resolve_axes(call, "shared_axes", tuple(dict.fromkeys(axes)), empty=True)
        return call.same()

    def weights(self, call: Call) -> Weights:
        if call.shape is None:
            return {}
        axes = (self.shared_axes,) if isinstance(self.shared_axes, int) else self.shared_axes
        sizes = (1 if axis + 1 in axes else size for axis, size in enumerate(call.shape))
        return {"alpha": tuple(sizes)}
