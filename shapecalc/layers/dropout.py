"""Dropouts: shapes stay, elements go."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import Call, Layer, Tensor, arg
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.strides import Strides


class _Dropout(Layer):
    """Zeroes at random while training."""

    pointwise = True

    p: float = arg("probability of an element (or a channel) to be zeroed", default=0.5)
    inplace: bool = arg("overwrite the input", default=False)

    foreign = {"rate": "p"}

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not 0 <= self.p <= 1:
            call.report("SC106", f"p is {self.p}, a probability is between 0 and 1", "p")
        return call.same()

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (None if training and self.p and not self.inplace else strides,)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(own=self.drawn(call)) if self.p else Kept()

    def drawn(self, call: Call) -> tuple[Tensor, ...]:
        """What is drawn at random: a number for each channel."""
        return (call.input._replace(shape=(call.channels(),)),)


class Dropout(_Dropout):
    """Zeroes single elements."""

    reference = "torch.nn.Dropout, keras.layers.Dropout, ONNX Dropout"
    example = "{type: dropout, p: 0.5}", (4096,)

    def drawn(self, call: Call) -> tuple[Tensor, ...]:
        return (call.input._replace(dtype="bool"),)


class Dropout1d(_Dropout, rank=1):
    """Zeroes whole channels of a sequence."""

    aliases = ("spatial_dropout1d",)
    reference = "torch.nn.Dropout1d, keras.layers.SpatialDropout1D"
    example = "dropout1d", (64, 50)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.image(self)  # PyTorch checks the rank of this one only
        return super().infer(call)


class Dropout2d(_Dropout, rank=2):
    """Zeroes whole channels of an image."""

    aliases = ("spatial_dropout2d",)
    reference = "torch.nn.Dropout2d, keras.layers.SpatialDropout2D"
    example = "dropout2d", (64, 8, 8)


class Dropout3d(_Dropout, rank=3):
    """Zeroes whole channels of a volume."""

    aliases = ("spatial_dropout3d",)
    reference = "torch.nn.Dropout3d, keras.layers.SpatialDropout3D"
    example = "dropout3d", (64, 4, 8, 8)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance, for SELU."""

    reference = "torch.nn.AlphaDropout, keras.layers.AlphaDropout"
    example = "alpha_dropout", (256,)

    def drawn(self, call: Call) -> tuple[Tensor, ...]:
        return (call.input,)


class FeatureAlphaDropout(_Dropout):
    """Alpha dropout of whole channels."""

    reference = "torch.nn.FeatureAlphaDropout"
    example = "feature_alpha_dropout", (64, 8, 8)
