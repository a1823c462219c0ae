"""Squares of pixels into channels and back, as TensorFlow and ONNX order them.

The order of the channels differs from ``pixel_shuffle``; the shapes are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import Call, Dim, Layer, Shape, Tensor, arg, format_shape
from shapecalc.layers.reaches import Reaches, spatial
from shapecalc.reach import gathering, repeating


class _Space(Layer, rank=2):
    """What both directions share."""

    block_size: int = arg("the side of a square of pixels")

    foreign = {"blocksize": "block_size", "upscale_factor": "block_size"}
    frameworks = ("pytorch", "keras")

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        channels, sizes = call.image(self)
        if not call.require_least("block_size", self.block_size):
            return call.tensor((None,) * 3)
        channels, sizes = self.moved(call, channels, sizes)
        return call.tensor(call.map(channels, sizes))

    def moved(self, call: Call, channels: Dim, sizes: Shape) -> tuple[Dim, Shape]:
        """The channels and the sides of the output."""
        raise NotImplementedError

    def divided(self, call: Call, axis: str, size: Dim, by: int) -> Dim:
        """A size divided; SC105 where there is a remainder."""
        if size is None or size % by == 0:
            return None if size is None else size // by
        square = f"² = {by}" if by != self.block_size else ""
        call.report(
            "SC105",
            f"block_size is {self.block_size}: {self.block_size}{square} does not divide the "
            f"{axis} {size} of {format_shape(call.shape)}",
            "block_size",
        )
        return None


class SpaceToDepth(_Space):
    """Gathers squares of pixels as channels of a smaller image."""

    reference = "tf.nn.space_to_depth, ONNX SpaceToDepth"
    equation = "out = (C·b², H/b, W/b)"
    example = "{type: space_to_depth, block_size: 2}", (64, 8, 8)

    def moved(self, call: Call, channels: Dim, sizes: Shape) -> tuple[Dim, Shape]:
        b = self.block_size
        names = ("height", "width")
        return (
            None if channels is None else channels * b * b,
            tuple(self.divided(call, name, n, b) for name, n in zip(names, sizes, strict=True)),
        )

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return spatial(call, [gathering(self.block_size)] * 2)


class DepthToSpace(_Space):
    """Lays channels out as the pixels of a larger image."""

    reference = "tf.nn.depth_to_space, ONNX DepthToSpace"
    equation = "out = (C/b², H·b, W·b)"
    example = "{type: depth_to_space, block_size: 2}", (64, 8, 8)

    def moved(self, call: Call, channels: Dim, sizes: Shape) -> tuple[Dim, Shape]:
        b = self.block_size
        return (
            self.divided(call, "channels", channels, b * b),
            tuple(None if n is None else n * b for n in sizes),
        )

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return spatial(call, [repeating(self.block_size)] * 2)
