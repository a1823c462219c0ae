"""Dropouts and noise, as Keras has them: they change values while training, and no shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from shapecalc.layers.base import Call, Layer, Tensor, arg
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.sequences import require_probability
from shapecalc.layers.strides import Strides


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

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (None if training and getattr(self, self.strength) else strides,)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(own=self.drawn(call)) if getattr(self, self.strength) else Kept()

    def drawn(self, call: Call) -> tuple[Tensor, ...]:
        """What is drawn at random and needed again: a number for each channel."""
        return (call.input._replace(shape=(call.channels(),)),)


class _KerasDropout(_Noise):
    """Zeroes at random while training."""

    p: float = arg("probability of an element (or a channel) to be zeroed")


class KerasDropout(_KerasDropout):
    """Zeroes single elements."""

    reference = "keras.layers.Dropout, torch.nn.Dropout, ONNX Dropout"
    example = "{type: dropout, p: 0.5}", (4096,)

    def drawn(self, call: Call) -> tuple[Tensor, ...]:
        return (call.input._replace(dtype="bool"),)


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

    def drawn(self, call: Call) -> tuple[Tensor, ...]:
        return (call.input,)


class GaussianDropout(_Noise):
    """Multiplies by random numbers around 1."""

    p: float = arg("as in dropout: the numbers' variance is p/(1 - p)")

    reference = "keras.layers.GaussianDropout"
    example = "{type: gaussian_dropout, p: 0.1}", (256,)

    def drawn(self, call: Call) -> tuple[Tensor, ...]:
        return (call.input,)


class GaussianNoise(_Noise):
    """Adds random numbers around 0."""

    stddev: float = arg("their standard deviation")

    strength = "stddev"
    reference = "keras.layers.GaussianNoise"
    example = "{type: gaussian_noise, stddev: 0.1}", (256,)

    def drawn(self, call: Call) -> tuple[Tensor, ...]:
        return ()  # what was added need not be known
