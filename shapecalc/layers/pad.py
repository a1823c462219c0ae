"""Cells added to the ends of any axes, or taken off them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shapecalc.layers.base import AXES, Call, Dim, Layer, Tensor, arg, plural
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.dtypes import kind_of
from shapecalc.layers.reaches import Reaches, shifted
from shapecalc.layers.strides import Strides

Side = int | tuple[int, int]


class Pad(Layer):
    """Adds cells to the last axes, in the order of ``torch.nn.functional.pad``."""

    padding: tuple[int, ...] = arg(
        "before and after each axis, the last axis first: [left, right, top, bottom]"
    )
    mode: Literal["constant", "reflect", "replicate", "circular"] = arg(
        "what is filled in", default="constant"
    )
    value: float | None = arg("the constant", default=None)

    foreign = {"pad": "padding", "padding_mode": "mode", "constant_values": "value"}
    reference = "torch.nn.functional.pad, ONNX Pad"
    equation = "out = in + before + after"
    example = "{type: pad, padding: [0, 1, 0, 1]}", (3, 224, 224)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        self._check_mode(call)
        shape = call.shape
        if shape is None:
            return call.same()
        if not self._fits(call, len(shape)):
            return call.tensor((None,) * len(shape))
        pairs = list(zip(self.padding[::2], self.padding[1::2], strict=True))[: len(shape)][::-1]
        untouched = len(shape) - len(pairs)
        padded = (
            self._padded(call, untouched + 1 + position, shape[untouched + position], *pair)
            for position, pair in enumerate(pairs)
        )
        return call.tensor((*shape[:untouched], *padded))

    def added_cells(self) -> tuple[tuple[int, int], ...]:
        return tuple(zip(self.padding[::2], self.padding[1::2], strict=False))[::-1]

    def _check_mode(self, call: Call) -> None:
        if self.mode != "constant" and self.value:
            call.report("SC106", f"mode {self.mode} fills in no value", "value", "leave it out")
        if self.mode in ("reflect", "replicate") and kind_of(call.dtype) == "bool":
            call.report("SC109", f"mode {self.mode} takes numbers, the input is bool", "mode")

    def _fits(self, call: Call, rank: int) -> bool:
        """Whether there is an axis for each pair of numbers."""
        count = len(self.padding)
        if count % 2:
            call.report("SC106", f"padding has {count} numbers, each axis has two", "padding")
            return False
        if self.mode != "constant":
            return self._fits_mode(call, rank, count // 2)
        if count > 2 * rank + 2 or any(self.padding[2 * rank :]):
            call.report(
                "SC106",
                f"padding has {plural(count // 2, 'pair')} of numbers, the input has "
                f"{plural(rank, 'axis')} besides the batch",
                "padding",
                f"write at most {2 * rank} numbers",
            )
            return False
        return True

    def _fits_mode(self, call: Call, rank: int, pairs: int) -> bool:
        fitting = [n for n in (rank - 1, rank) if 1 <= n <= 3 and rank <= 4]
        if pairs in fitting:
            return True
        call.report(
            "SC106",
            f"mode {self.mode} pads {' or '.join(map(str, fitting)) or 'none'} of the "
            f"{plural(rank, 'axis')} of this input, padding is for {pairs}",
            "padding",
            f"write {' or '.join(str(2 * n) for n in fitting)} numbers" if fitting else None,
        )
        return False

    def _padded(self, call: Call, axis: int, n: Dim, before: int, after: int) -> Dim:
        if n is None:
            return None
        most = {"reflect": n - 1, "circular": n}.get(self.mode)
        if most is not None and max(before, after) > most:
            call.report(
                "SC106",
                f"{self.mode} padding of {max(before, after)} needs more than the {n} cells of "
                f"axis {axis}",
                "padding",
                f"use padding of at most {most}",
            )
            return None
        cropped = n + min(before, 0) + min(after, 0)
        out = n + before + after
        if out < 1 or (cropped < 0 and self.mode == "constant"):
            code = "SC102" if out < 1 else "SC106"
            call.report(code, f"axis {axis} of {n} is cropped to {min(out, cropped)}", "padding")
            return None
        return out

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,)) if self.mode in ("reflect", "replicate") else Kept()


class Crop(Layer):
    """Takes cells off the ends of each spatial axis."""

    cropping: int | tuple[Side, ...] = arg(
        "cells off every side, or off each axis: [[top, bottom], [left, right]]"
    )

    foreign = {"crop": "cropping", "padding": "cropping"}
    frameworks = ("pytorch", "keras")
    reference = "x[..., top:-bottom, left:-right], keras.layers.Cropping2D"
    equation = "out = in - before - after"
    example = "{type: crop, cropping: [[2, 2], [1, 3]]}", (64, 32, 32)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if call.shape is None:
            return call.tensor(None)
        sizes = call.spatial()
        sides = self.cropping
        if isinstance(sides, int):
            sides = (sides,) * len(sizes)
        if len(sides) != len(sizes):
            call.per_axis("cropping", (0,) * len(sides), len(sizes))
            return call.tensor((None,) * len(call.shape))
        least = min((min(side) if isinstance(side, tuple) else side for side in sides), default=0)
        if not call.require_least("cropping", least, 0):
            return call.tensor((None,) * len(call.shape))
        names = AXES.get(len(sizes)) or [f"axis {axis + 1}" for axis in range(len(sizes))]
        cropped = [
            self._cropped(call, name, n, side)
            for name, n, side in zip(names, sizes, sides, strict=True)
        ]
        return call.tensor(call.map(call.channels(), cropped) if call.shape else ())

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        sides = self.cropping
        rank = len(call.spatial())
        pairs = (sides,) * rank if isinstance(sides, int) else sides
        before = [-(side[0] if isinstance(side, tuple) else side) for side in pairs]
        return shifted(call, call.shape or (), before)

    @staticmethod
    def _cropped(call: Call, axis: str, n: Dim, side: Side) -> Dim:
        before, after = side if isinstance(side, tuple) else (side, side)
        if n is not None and n - before - after < 1:
            call.report("SC102", f"the {axis} would be {n} - {before} - {after} cells", "cropping")
            return None
        return None if n is None else n - before - after

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (strides,)
