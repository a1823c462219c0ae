"""The dense layer, as Keras has it."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import Call, Dim, Tensor, Weights, arg
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.keras.words import Activation, activation_ops, with_activation
from shapecalc.layers.linear import _Dense


class KerasLinear(_Dense):
    """A dense layer on the last axis: ``y = activation(x W + b)``."""

    activation: Activation | None = arg("the function applied to the output", default=None)

    frameworks = ("keras",)
    aliases = ("dense", "fully_connected")
    reference = "keras.layers.Dense, torch.nn.Linear, ONNX Gemm"
    example = "{type: linear, out_features: 10, activation: softmax}", (256,)

    def weights(self, call: Call) -> Weights:
        weights: Weights = {"kernel": (self.features(call), self.out_features)}
        if self.bias:
            weights["bias"] = (self.out_features,)
        return weights

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return activation_ops(self.activation, outputs)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return with_activation(super().kept(call, outputs, wanted), self.activation, outputs)
