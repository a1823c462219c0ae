"""The dense layer, as Keras has it."""

from __future__ import annotations

from shapecalc.layers.base import Call, Weights, arg
from shapecalc.layers.keras.words import Activation
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
