"""Upsampling by whole factors, as Keras has it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from shapecalc.layers.base import Call, Dim, Layer, PerAxis, Tensor, arg, product
from shapecalc.layers.cost import numel, times
from shapecalc.layers.keras.windows import positive
from shapecalc.layers.reaches import Reaches, spatial
from shapecalc.layers.resample import TAPS
from shapecalc.reach import Reach, repeating, resampling


class _KerasUpsample(Layer):
    """Repeats each cell."""

    scale_factor: PerAxis = arg(
        "how many times larger, a whole number for all axes or for each", default=2
    )

    frameworks = ("keras",)
    foreign = {"size": "scale_factor", "interpolation": "mode"}
    equation = "out = in·scale_factor"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        channels, sizes = call.image(self)
        found = positive(call, self, scale_factor=self.scale_factor)
        factors = found[0] if found else (None,) * len(sizes)
        spatial = (product(pair) for pair in zip(sizes, factors, strict=True))
        return call.tensor(call.map(channels, tuple(spatial)))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        given = self.scale_factor
        factors = (given,) * len(call.spatial()) if isinstance(given, int) else given
        return spatial(call, map(self._resampled, factors))

    def _resampled(self, factor: int) -> Reach:
        if self.cells == (0, 0) or factor < 1:
            return repeating(factor)
        ratio = Fraction(1, factor)
        return resampling(ratio, ratio / 2 - Fraction(1, 2), *self.cells)

    @property
    def cells(self) -> tuple[int, int]:
        """How many cells before and after are read, besides the one it falls into."""
        return (0, 0)


class KerasUpsample1d(_KerasUpsample, rank=1):
    """Repeats each step of a sequence."""

    scale_factor: int = arg("how many times longer, a whole number", default=2)

    aliases = ("up_sampling1d",)
    reference = "keras.layers.UpSampling1D, torch.nn.Upsample, ONNX Resize"
    example = "{type: upsample1d, scale_factor: 3}", (20, 16)


class KerasUpsample2d(_KerasUpsample, rank=2):
    """Repeats the rows and columns of an image, or interpolates between them."""

    mode: Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] = arg(
        "how values are interpolated", default="nearest"
    )

    aliases = ("up_sampling2d",)
    reference = "keras.layers.UpSampling2D, torch.nn.Upsample, ONNX Resize"
    example = "{type: upsample2d, scale_factor: [2, 1], mode: bilinear}", (16, 16, 64)

    @property
    def cells(self) -> tuple[int, int]:
        widths = {"nearest": 0, "bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}
        width = widths[self.mode]
        return (max(width - 1, 0), width)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(TAPS.get(self.mode, 0), numel(outputs[0].shape))


class KerasUpsample3d(_KerasUpsample, rank=3):
    """Repeats the cells of a volume."""

    aliases = ("up_sampling3d",)
    reference = "keras.layers.UpSampling3D, torch.nn.Upsample, ONNX Resize"
    example = "upsample3d", (8, 8, 8, 4)
