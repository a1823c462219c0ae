"""Convolutions and pools with TensorFlow's ``same`` padding, as its ports to PyTorch have them.

The padding depends on the size of the input, and is larger at the end where it is odd: other cells
are read than with a ``padding`` of ``kernel_size // 2``, even where the sizes agree.
"""

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
from shapecalc.layers.conv import _Conv, padded_input
from shapecalc.layers.cost import Kept, Wanted, numel
from shapecalc.layers.pooling import FOREIGN, places
from shapecalc.sizes import Padding, Window, conv_window, same_padding

EQUATION = "out = ⌈in/stride⌉"


def same_window(n: int, kernel_size: int, stride: int, dilation: int) -> Window:
    """A window padded so that it stops at ``⌈n/stride⌉`` positions."""
    padding = same_padding(n, kernel_size, stride, dilation)
    return conv_window(n, kernel_size, stride, padding, dilation)


class _ConvSame(_Conv):
    """A convolution whose padding follows from the size of its input."""

    padding: Literal["same"] = arg("same is the only one", default="same")
    padding_mode: Literal["zeros"] = arg("zeros is the only one", default="zeros")

    equation = EQUATION

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(own=(padded_input(call, self.windows(call)),))

    def _windows(self, call: Call) -> tuple[Window | None, ...]:
        rounded_down = Call(call.inputs, "floor", call.channels_last)
        windows = super()._windows(rounded_down)
        for problem in rounded_down.problems:
            call.report(*problem)
        return windows

    def _padding(self, call: Call, sizes: Shape) -> list[Padding]:
        quiet = Call(call.inputs)
        along = zip(
            sizes,
            *(self.per_axis(quiet, field) for field in ("kernel_size", "stride", "dilation")),
            strict=True,
        )
        return [
            same_padding(n, *arguments) if n is not None and min(n, *arguments) > 0 else 0
            for n, *arguments in along
        ]


class Conv1dSame(_ConvSame, rank=1):
    """A convolution over a sequence, padded as TensorFlow's ``same``."""

    reference = "tf.nn.conv1d(padding='SAME')"
    example = "{type: conv1d_same, out_channels: 32, kernel_size: 3, stride: 2}", (16, 100)


class Conv2dSame(_ConvSame, rank=2):
    """A convolution over an image, padded as TensorFlow's ``same``."""

    reference = "timm.layers.Conv2dSame, tf.nn.conv2d(padding='SAME')"
    example = "{type: conv2d_same, out_channels: 32, kernel_size: 3, stride: 2}", (3, 224, 224)


class Conv3dSame(_ConvSame, rank=3):
    """A convolution over a volume, padded as TensorFlow's ``same``."""

    reference = "tf.nn.conv3d(padding='SAME')"
    example = "{type: conv3d_same, out_channels: 8, kernel_size: 3, stride: 2}", (1, 16, 32, 32)


class _PoolSame(Layer):
    """A pool whose padding follows from the size of its input."""

    kernel_size: PerAxis = arg("size of the window")
    stride: PerAxis | None = arg("step of the window; by default the kernel", default=None)

    foreign = FOREIGN
    equation = EQUATION

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        channels, _ = call.image(self)
        return call.tensor(call.map(channels, outputs_of(self._windows(call))))

    def windows(self, call: Call) -> tuple[Window | None, ...]:
        return self._windows(Call(call.inputs, call.rounding, call.channels_last))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        kernel = Call(call.inputs).per_axis("kernel_size", self.kernel_size, self.rank or 1)
        return None if kernel is None else product((numel(outputs[0].shape), *kernel))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(own=(padded_input(call, self.windows(call)),))

    def _dilation(self) -> PerAxis:
        return 1

    def _windows(self, call: Call) -> tuple[Window | None, ...]:
        rank = self.rank or 1
        shape = call.shape
        sizes: Shape = call.spatial() if shape and len(shape) == rank + 1 else (None,) * rank
        kernel = call.per_axis("kernel_size", self.kernel_size, rank)
        stride = kernel if self.stride is None else call.per_axis("stride", self.stride, rank)
        dilation = call.per_axis("dilation", self._dilation(), rank)
        if not (kernel and stride and dilation):
            return (None,) * rank
        return along_axes(
            call,
            rank,
            sizes,
            lambda axis, n: same_window(n, kernel[axis], stride[axis], dilation[axis]),
        )


class _MaxPoolSame(_PoolSame):
    """The largest value of each window."""

    dilation: PerAxis = arg("distance between the cells a window reads", default=1)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)  # the padding is -∞, which no integer is
        return super().infer(call)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(own=(padded_input(call, self.windows(call)), *places(outputs)))

    def _dilation(self) -> PerAxis:
        return self.dilation


class MaxPool1dSame(_MaxPoolSame, rank=1):
    """The largest value of each window of a sequence, padded as TensorFlow's ``same``."""

    reference = "tf.nn.max_pool1d(padding='SAME')"
    example = "{type: max_pool1d_same, kernel_size: 3, stride: 2}", (16, 100)


class MaxPool2dSame(_MaxPoolSame, rank=2):
    """The largest value of each window of an image, padded as TensorFlow's ``same``."""

    reference = "timm.layers.MaxPool2dSame, tf.nn.max_pool2d(padding='SAME')"
    example = "{type: max_pool2d_same, kernel_size: 3, stride: 2}", (64, 112, 112)


class MaxPool3dSame(_MaxPoolSame, rank=3):
    """The largest value of each window of a volume, padded as TensorFlow's ``same``."""

    reference = "tf.nn.max_pool3d(padding='SAME')"
    example = "{type: max_pool3d_same, kernel_size: 3, stride: 2}", (8, 16, 16, 16)


class _AvgPoolSame(_PoolSame):
    """The mean of each window."""

    count_include_pad: bool = arg("whether padding counts in the mean", default=True)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_number(self)
        return super().infer(call)


class AvgPool1dSame(_AvgPoolSame, rank=1):
    """The mean of each window of a sequence, padded as TensorFlow's ``same``."""

    reference = "tf.nn.avg_pool1d(padding='SAME')"
    example = "{type: avg_pool1d_same, kernel_size: 3, stride: 2}", (16, 100)


class AvgPool2dSame(_AvgPoolSame, rank=2):
    """The mean of each window of an image, padded as TensorFlow's ``same``."""

    reference = "timm.layers.AvgPool2dSame, tf.nn.avg_pool2d(padding='SAME')"
    example = "{type: avg_pool2d_same, kernel_size: 3, stride: 2}", (64, 112, 112)


class AvgPool3dSame(_AvgPoolSame, rank=3):
    """The mean of each window of a volume, padded as TensorFlow's ``same``."""

    reference = "tf.nn.avg_pool3d(padding='SAME')"
    example = "{type: avg_pool3d_same, kernel_size: 3, stride: 2}", (8, 16, 16, 16)
