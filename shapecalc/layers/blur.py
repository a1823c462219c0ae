"""Antialiased downsampling (Zhang 2019, "Making Convolutional Networks Shift-Invariant Again")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    PerAxis,
    Shape,
    Tensor,
    along_axes,
    arg,
    outputs_of,
    product,
)
from shapecalc.layers.conv import padded_input
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.sizes import Window, conv_window


class _BlurPool(Layer):
    """A fixed binomial filter over each channel, and then every so manieth cell.

    The padding is ``kernel_size - 1`` cells, an odd one at the end, so that the output has
    ``⌈in/stride⌉`` cells whatever the kernel.
    """

    channels: int | None = arg("channels of the input; inferred", default=None)
    kernel_size: PerAxis = arg("size of the filter", default=3)
    stride: PerAxis = arg("step of the filter", default=2)
    padding_mode: Literal["reflect", "replicate", "zeros"] = arg(
        "what the border is filled with", default="reflect"
    )

    autocast = "lower"
    foreign = {"filt_size": "kernel_size", "pad_type": "padding_mode", "pad_mode": "padding_mode"}
    equation = "out = ⌊(in - 1)/stride⌋ + 1"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        channels, _ = call.image(self)
        channels = call.check_declared("channels", self.channels, channels)
        return call.tensor(call.map(channels, outputs_of(self._windows(call))))

    def windows(self, call: Call) -> tuple[Window | None, ...]:
        return self._windows(Call(call.inputs, call.rounding, call.channels_last))

    def _windows(self, call: Call) -> tuple[Window | None, ...]:
        rank = self.rank or 1
        shape = call.shape
        sizes: Shape = call.spatial() if shape and len(shape) == rank + 1 else (None,) * rank
        kernel = call.per_axis("kernel_size", self.kernel_size, rank)
        stride = call.per_axis("stride", self.stride, rank)
        if kernel is None or stride is None:
            return (None,) * rank
        self._check_reflection(call, kernel, sizes)

        def window(axis: int, n: int) -> Window:
            sides = max(kernel[axis] - 1, 0)
            padding = (sides // 2, sides - sides // 2)
            return conv_window(n, kernel[axis], stride[axis], padding, 1, call.rounding)

        return along_axes(call, rank, sizes, window)

    def _check_reflection(self, call: Call, kernel: tuple[int, ...], sizes: Shape) -> None:
        for n, size in zip(sizes, kernel, strict=True):
            if self.padding_mode == "reflect" and n is not None and size // 2 >= n:
                call.report(
                    "SC106",
                    f"a kernel_size of {size} reflects {size // 2} cells, there are {n}",
                    "kernel_size",
                    f"use a kernel_size of at most {2 * n - 1}, or padding_mode: replicate",
                )
                return

    def buffers(self, call: Call) -> dict[str, Tensor]:
        kernel = Call(call.inputs).per_axis("kernel_size", self.kernel_size, self.rank or 1)
        shape = None if kernel is None else (call.channels(), 1, *kernel)
        return {"filt": Tensor(shape, batched=False)}

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        inputs = () if self.padding_mode == "zeros" else (0,)
        return Kept(inputs=inputs, own=(padded_input(call, self.windows(call)),))

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        shape = outputs[0].shape
        kernel = Call(call.inputs).per_axis("kernel_size", self.kernel_size, self.rank or 1)
        return None if shape is None or kernel is None else product((*shape, *kernel))


class BlurPool1d(_BlurPool, rank=1):
    """Antialiased downsampling of a sequence."""

    reference = "antialiased_cnns.BlurPool1D"
    example = "{type: blur_pool1d, kernel_size: 3, stride: 2}", (64, 100)


class BlurPool2d(_BlurPool, rank=2):
    """Antialiased downsampling of an image."""

    reference = "antialiased_cnns.BlurPool, timm.layers.BlurPool2d, kornia.filters.BlurPool2D"
    example = "{type: blur_pool2d, kernel_size: 3, stride: 2}", (64, 56, 56)
