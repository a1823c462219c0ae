"""Padding with zeroes and cropping, as Keras has them: an axis at a time, the first one first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from shapecalc.layers.base import AXES, Call, Dim, Layer, Tensor, arg
from shapecalc.layers.reaches import Reaches, shifted
from shapecalc.layers.strides import Strides

#: One number for every side; one for both sides of each axis; or [before, after] for each axis.
Sides = int | tuple[int | tuple[int, int], ...]
#: One number for both sides, or [before, after].
Ends = int | tuple[int, int]


class _Sides(Layer):
    """Moves the edges of each spatial axis, by the numbers of one field."""

    frameworks = ("keras",)
    #: The field, and whether its cells are added (1) or taken away (-1).
    field: ClassVar[str] = "padding"
    sign: ClassVar[int] = 1

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        channels, sizes = call.image(self)
        sides = self._sides(call, getattr(self, self.field))
        if sides is None:
            return call.tensor(call.map(channels, (None for _ in sizes)))
        spatial = (
            self._moved(call, axis, n, ends)
            for axis, n, ends in zip(AXES[len(sizes)], sizes, sides, strict=True)
        )
        return call.tensor(call.map(channels, tuple(spatial)))

    def _sides(self, call: Call, given: Sides) -> list[tuple[int, int]] | None:
        """[before, after] for each axis; SC106 and ``None`` where they cannot be."""
        rank = self.rank or 1
        if isinstance(given, int):
            given = (given,) * rank
        elif rank == 1:
            given = (given,)  # type: ignore[assignment]
        if call.per_axis(self.field, (0,) * len(given), rank) is None:
            return None
        pairs = [side if isinstance(side, tuple) else (side, side) for side in given]
        fits = all(call.require_least(self.field, min(pair), 0) for pair in pairs)
        return pairs if fits else None

    def _moved(self, call: Call, axis: str, n: Dim, ends: tuple[int, int]) -> Dim:
        if n is None:
            return None
        moved = n + self.sign * sum(ends)
        if moved > 0:
            return moved
        call.report(
            "SC102",
            f"the {axis} would be {n} - {ends[0]} - {ends[1]} cells",
            self.field,
            f"take away {n - 1} at most" if n > 1 else None,
        )
        return None


class _ZeroPad(_Sides):
    """Adds zeroes around each channel."""

    padding: Sides = arg(
        "one number for every side, one for each axis, or [before, after] for each axis",
        default=1,
    )

    equation = "out = in + before + after"

    def added_cells(self) -> tuple[tuple[int, int], ...]:
        return tuple(self._sides(Call(()), self.padding) or ())


class KerasZeroPad1d(_ZeroPad, rank=1):
    """Zeroes around a sequence."""

    padding: Ends = arg("one number for both ends, or [before, after]", default=1)

    aliases = ("zero_padding1d",)
    reference = "keras.layers.ZeroPadding1D, torch.nn.ZeroPad1d, ONNX Pad"
    example = "{type: zero_pad1d, padding: [2, 0]}", (100, 16)


class KerasZeroPad2d(_ZeroPad, rank=2):
    """Zeroes around an image."""

    aliases = ("zero_padding2d",)
    reference = "keras.layers.ZeroPadding2D, torch.nn.ZeroPad2d, ONNX Pad"
    example = "{type: zero_pad2d, padding: [[0, 1], [0, 1]]}", (224, 224, 3)


class KerasZeroPad3d(_ZeroPad, rank=3):
    """Zeroes around a volume."""

    aliases = ("zero_padding3d",)
    reference = "keras.layers.ZeroPadding3D, torch.nn.ZeroPad3d, ONNX Pad"
    example = "{type: zero_pad3d, padding: 1}", (8, 8, 8, 1)


class _Cropping(_Sides):
    """Takes cells away from the edges of each channel."""

    cropping: Sides = arg(
        "one number for every side, one for each axis, or [before, after] for each axis",
        default=1,
    )

    field = "cropping"
    sign = -1
    equation = "out = in - before - after"

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        sides = self._sides(Call(()), self.cropping) or []
        return shifted(call, call.shape or (), [-before for before, _ in sides])

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (strides,)


class Cropping1d(_Cropping, rank=1):
    """A sequence without its ends."""

    cropping: Ends = arg("one number for both ends, or [before, after]", default=1)

    reference = "keras.layers.Cropping1D, torch.nn.functional.pad"
    example = "{type: cropping1d, cropping: [2, 0]}", (100, 16)


class Cropping2d(_Cropping, rank=2):
    """An image without its border."""

    cropping: Sides = arg(
        "one number for every side, one for each axis, or [before, after] for each axis",
        default=0,
    )

    reference = "keras.layers.Cropping2D, torch.nn.functional.pad"
    example = "{type: cropping2d, cropping: [[2, 2], [4, 4]]}", (28, 28, 3)


class Cropping3d(_Cropping, rank=3):
    """A volume without its border."""

    reference = "keras.layers.Cropping3D, torch.nn.functional.pad"
    example = "{type: cropping3d, cropping: [2, 4, 2]}", (28, 28, 10, 3)
