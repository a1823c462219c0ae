"""Dropouts and noise, as Keras has them: they change values while training, and no shape."""

from __future__ import annotations

from typing import ClassVar

from shapecalc.layers.base import Call, Layer, Tensor, arg
from shapecalc.layers.sequences import require_probability


class _Noise(Layer):
    """Changes values at random, by the strength in one field."""

    pointwise = True

    frameworks = ("keras",)
    foreign = {"rate": "p"}
    #: The field that says how strongly, from 0 to 1.
    strength: ClassVar[str] = "p"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_probability(call, self.strength, getattr(self, self.strength))
        if self.rank is not None:
            call.image(self)
        return call.same()


class _KerasDropout(_Noise):
    """Zeroes at random while training."""

    p: float = arg("probability of an element (or a channel) to be zeroed")


class KerasDropout(_KerasDropout):
    """Zeroes single elements."""

    reference = "keras.layers.Dropout, torch.nn.Dropout, ONNX Dropout"
    example = "{type: dropout, p: 0.5}", (4096,)


class KerasDropout1d(_KerasDropout, rank=1):
    """Zeroes whole channels of a sequence."""

    aliases = ("spatial_dropout1d",)
    reference = "keras.layers.SpatialDropout1D, torch.nn.Dropout1d"
    example = "{type: dropout1d, p: 0.2}", (50, 64)


class KerasDropout2d(_KerasDropout, rank=2):
    """Zeroes whole channels of an image."""

    aliases = ("spatial_dropout2d",)
    reference = "keras.layers.SpatialDropout2D, torch.nn.Dropout2d"
    example = "{type: dropout2d, p: 0.2}", (8, 8, 64)


class KerasDropout3d(_KerasDropout, rank=3):
    """Zeroes whole channels of a volume."""

    aliases = ("spatial_dropout3d",)
    reference = "keras.layers.SpatialDropout3D, torch.nn.Dropout3d"
    example = "{type: dropout3d, p: 0.2}", (4, 8, 8, 64)


class KerasAlphaDropout(_KerasDropout):
    """Dropout that keeps mean and variance, for SELU."""

    reference = "keras.layers.AlphaDropout, torch.nn.AlphaDropout"
    example = "{type: alpha_dropout, p: 0.1}", (256,)


class GaussianDropout(_Noise):
    """Multiplies by random numbers around 1."""

    p: float = arg("as in dropout: the numbers' variance is p/(1 - p)")

    reference = "keras.layers.GaussianDropout"
    example = "{type: gaussian_dropout, p: 0.1}", (256,)


class GaussianNoise(_Noise):
    """Adds random numbers around 0."""

    stddev: float = arg("their standard deviation")

    strength = "stddev"
    reference = "keras.layers.GaussianNoise"
    example = "{type: gaussian_noise, stddev: 0.1}", (256,)
