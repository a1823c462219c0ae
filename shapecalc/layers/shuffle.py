"""Channels into pixels, and back."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import Call, Dim, Layer, Shape, Tensor, arg, format_shape
from shapecalc.layers.reaches import Along, Reaches
from shapecalc.reach import gathering, repeating


class _Shuffle(Layer):
    """What both directions share: they work on the last three axes."""

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        usable = call.require_least(self.factor_name, self.factor)
        if shape is None:
            return call.same()
        if len(shape) < 3:
            call.wrong_rank(self, 3)
            return call.tensor((None,) * 3)
        moved = self._moved(call, *shape[-3:]) if usable else (None,) * 3
        return call.tensor((*shape[:-3], *moved))

    @property
    def factor_name(self) -> str:
        """The field that holds the factor."""
        raise NotImplementedError

    @property
    def factor(self) -> int:
        """By how much each side grows or shrinks."""
        value: int = getattr(self, self.factor_name)
        return value

    def _moved(self, call: Call, channels: Dim, height: Dim, width: Dim) -> Shape:
        """(channels, height, width) of the output."""
        raise NotImplementedError

    def _divided(self, call: Call, by: int, **sizes: Dim) -> Shape:
        """Sizes divided; SC105 for the first with a remainder."""
        for axis, size in sizes.items():
            if size is not None and size % by:
                square = "" if by == self.factor else f", its square {by}"
                call.report(
                    "SC105",
                    f"{self.factor_name} is {self.factor}{square}, and the {axis} {size} of "
                    f"{format_shape(call.shape)} cannot be divided by it",
                    self.factor_name,
                    f"the nearest number that can: {max(size - size % by, by)}",
                )
                break
        return tuple(None if n is None or n % by else n // by for n in sizes.values())


class PixelShuffle(_Shuffle):
    """Lays ``upscale_factor²`` channels out as the pixels of an image so much larger."""

    upscale_factor: int = arg("how many times higher and wider the output is")

    foreign = {"scale": "upscale_factor", "block_size": "upscale_factor"}
    reference = "torch.nn.PixelShuffle, ONNX DepthToSpace"
    equation = "out = (C/r², H·r, W·r)"
    example = "{type: pixel_shuffle, upscale_factor: 2}", (64, 16, 16)

    @property
    def factor_name(self) -> str:
        return "upscale_factor"

    def _moved(self, call: Call, channels: Dim, height: Dim, width: Dim) -> Shape:
        factor = self.factor
        return (
            *self._divided(call, factor**2, channels=channels),
            None if height is None else height * factor,
            None if width is None else width * factor,
        )

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.shape or ())
        reach = repeating(self.factor)
        last = [Along(rank - 2, reach), Along(rank - 1, reach)]
        return [*map(Along, range(rank - 3)), None, *last]


class PixelUnshuffle(_Shuffle):
    """Gathers squares of ``downscale_factor²`` pixels as channels of an image so much smaller."""

    downscale_factor: int = arg("how many times lower and narrower the output is")

    foreign = {"scale": "downscale_factor", "block_size": "downscale_factor"}
    reference = "torch.nn.PixelUnshuffle, ONNX SpaceToDepth"
    equation = "out = (C·r², H/r, W/r)"
    example = "{type: pixel_unshuffle, downscale_factor: 2}", (3, 32, 32)

    @property
    def factor_name(self) -> str:
        return "downscale_factor"

    def _moved(self, call: Call, channels: Dim, height: Dim, width: Dim) -> Shape:
        factor = self.factor
        return (
            None if channels is None else channels * factor**2,
            *self._divided(call, factor, height=height, width=width),
        )

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.shape or ())
        reach = gathering(self.factor)
        last = [Along(rank - 2, reach), Along(rank - 1, reach)]
        return [*map(Along, range(rank - 3)), None, *last]
