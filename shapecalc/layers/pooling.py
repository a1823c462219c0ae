"""Pools: the largest or the mean of each window, as PyTorch has them."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import ClassVar

from shapecalc.layers.base import (
    AXES,
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
from shapecalc.layers.cost import Kept, Wanted, numel
from shapecalc.layers.dtypes import REALS, Kind, as_float, require_kind
from shapecalc.layers.reaches import Along, Reaches, adapted
from shapecalc.sizes import EmptyOutputError, Window, remembered_pool_window

FOREIGN = {"pool_size": "kernel_size", "strides": "stride", "kernel": "kernel_size"}


def places(outputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Where the largest values were found: a number for each of them."""
    return (outputs[0]._replace(dtype="int64"),)


def max_pool_kept(outputs: Sequence[Tensor]) -> Kept:
    """What a max pool keeps: its input, and the places it yields, or else places of its own."""
    if len(outputs) > 1:
        return Kept(inputs=(0,), outputs=(1,))
    return Kept(inputs=(0,), own=places(outputs))


class _Sliding(Layer):
    """What all pools share whose window slides."""

    kernel_size: PerAxis = arg("size of the window")
    stride: PerAxis | None = arg("step of the window; by default the kernel", default=None)
    ceil_mode: bool | None = arg(
        "round the size up (the last window must start inside the input)", default=None
    )

    foreign = FOREIGN
    equation = "out = ⌊(in + 2·padding - dilation·(kernel_size - 1) - 1)/stride + 1⌋"
    #: Whether the kernel must fit into the input without its padding.
    fits_unpadded: ClassVar[bool] = False

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        channels, _ = call.image(self)
        return call.tensor(call.map(channels, outputs_of(self._windows(call))))

    def windows(self, call: Call) -> tuple[Window | None, ...]:
        return self._windows(Call(call.inputs, call.rounding, call.channels_last))

    def _padding(self) -> PerAxis:
        return 0

    def _dilation(self) -> PerAxis:
        return 1

    def _windows(self, call: Call) -> tuple[Window | None, ...]:
        rank = self.rank or 1
        shape = call.shape
        sizes: Shape = call.spatial() if shape and len(shape) == rank + 1 else (None,) * rank
        kernel = call.per_axis("kernel_size", self.kernel_size, rank)
        stride = kernel if self.stride is None else call.per_axis("stride", self.stride, rank)
        padding = call.per_axis("padding", self._padding(), rank)
        dilation = call.per_axis("dilation", self._dilation(), rank)
        if not (kernel and stride and padding and dilation):
            return (None,) * rank
        rounding = "floor" if self.ceil_mode is False else call.rounding

        def window(axis: int, n: int) -> Window:
            if self.fits_unpadded and n < kernel[axis]:
                raise EmptyOutputError(
                    f"the kernel of {kernel[axis]} is larger than the input of {n}, to which a "
                    f"{self.type_name} does not count the padding",
                    "kernel_size",
                    f"use a kernel_size of at most {n}; or let a larger input come here",
                )
            return remembered_pool_window(
                n,
                kernel[axis],
                stride[axis],
                padding[axis],
                dilation[axis],
                bool(self.ceil_mode),
                rounding,
            )

        return along_axes(call, rank, sizes, window)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        kernel = Call(call.inputs).per_axis("kernel_size", self.kernel_size, self.rank or 1)
        return None if kernel is None else product((numel(outputs[0].shape), *kernel))


class _Pool(_Sliding):
    """What max and average pools share."""

    padding: PerAxis = arg("cells added on both sides, at most half of the kernel", default=0)

    def _padding(self) -> PerAxis:
        return self.padding


class _MaxPool(_Pool):
    """The largest value of each window."""

    dilation: PerAxis = arg("distance between the cells a window reads", default=1)
    return_indices: bool = arg("also give the places of the largest values", default=False)

    def _dilation(self) -> PerAxis:
        return self.dilation

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        (pooled,) = super().infer(call)
        return (pooled, pooled._replace(dtype="int64")) if self.return_indices else (pooled,)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return max_pool_kept(outputs)


class MaxPool1d(_MaxPool, rank=1):
    """The largest value of each window of a sequence."""

    reference = "torch.nn.MaxPool1d, keras.layers.MaxPooling1D, ONNX MaxPool"
    aliases = ("max_pooling1d",)
    example = "{type: max_pool1d, kernel_size: 2}", (16, 100)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not self.return_indices:
            call.require_float(self)  # only the path with indices is written for integers
        return super().infer(call)


class MaxPool2d(_MaxPool, rank=2):
    """The largest value of each window of an image."""

    reference = "torch.nn.MaxPool2d, keras.layers.MaxPooling2D, ONNX MaxPool"
    aliases = ("max_pooling2d",)
    example = "{type: max_pool2d, kernel_size: 3, stride: 2, padding: 1}", (64, 112, 112)


class MaxPool3d(_MaxPool, rank=3):
    """The largest value of each window of a volume."""

    reference = "torch.nn.MaxPool3d, keras.layers.MaxPooling3D, ONNX MaxPool"
    aliases = ("max_pooling3d",)
    example = "{type: max_pool3d, kernel_size: 2}", (8, 16, 16, 16)


class _AvgPool(_Pool):
    """The mean of each window."""

    count_include_pad: bool = arg("whether padding counts in the mean", default=True)

    keeps = "input"


class AvgPool1d(_AvgPool, rank=1):
    """The mean of each window of a sequence."""

    reference = "torch.nn.AvgPool1d, keras.layers.AveragePooling1D, ONNX AveragePool"
    aliases = ("average_pooling1d", "average_pool1d")
    example = "{type: avg_pool1d, kernel_size: 2}", (16, 100)


class _AvgPoolNd(_AvgPool):
    """An average pool over more than one axis."""

    divisor_override: int | None = arg(
        "what the sum is divided by; by default the number of cells", default=None
    )

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if self.divisor_override == 0:
            call.report(
                "SC106", "divisor_override is 0, nothing can be divided by it", "divisor_override"
            )
        return super().infer(call)


class AvgPool2d(_AvgPoolNd, rank=2):
    """The mean of each window of an image."""

    reference = "torch.nn.AvgPool2d, keras.layers.AveragePooling2D, ONNX AveragePool"
    aliases = ("average_pooling2d", "average_pool2d")
    example = "{type: avg_pool2d, kernel_size: 2}", (64, 56, 56)


class AvgPool3d(_AvgPoolNd, rank=3):
    """The mean of each window of a volume."""

    fits_unpadded = True
    reference = "torch.nn.AvgPool3d, keras.layers.AveragePooling3D, ONNX AveragePool"
    aliases = ("average_pooling3d", "average_pool3d")
    example = "{type: avg_pool3d, kernel_size: 2}", (8, 16, 16, 16)


class _LpPool(_Sliding):
    """The ``norm_type``-th root of the sum of the powers of each window."""

    norm_type: float = arg("the power, not 0; infinity is a max pool of absolute values")

    foreign = {**FOREIGN, "p": "norm_type"}
    equation = "out = ⌊(in - kernel_size)/stride + 1⌋"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_number(self)
        if self.norm_type == 0:
            call.report("SC106", "norm_type is 0, which has no root", "norm_type")
        (pooled,) = super().infer(call)
        return call.tensor(pooled.shape, as_float(call.dtype))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        # The powers; their mean, its sign and size, and the sum.
        return Kept(inputs=(0,), own=(call.input, *(outputs[0],) * 4))


class LpPool1d(_LpPool, rank=1):
    """The power mean of each window of a sequence (the sum is not divided)."""

    kernel_size: int = arg("size of the window")

    reference = "torch.nn.LPPool1d, ONNX LpPool"
    example = "{type: lp_pool1d, norm_type: 2, kernel_size: 3}", (16, 100)


class LpPool2d(_LpPool, rank=2):
    """The power mean of each window of an image (the sum is not divided)."""

    reference = "torch.nn.LPPool2d, ONNX LpPool"
    example = "{type: lp_pool2d, norm_type: 2, kernel_size: 3, stride: 2}", (16, 50, 32)


class LpPool3d(_LpPool, rank=3):
    """The power mean of each window of a volume (the sum is not divided)."""

    fits_unpadded = True
    reference = "torch.nn.LPPool3d, ONNX LpPool"
    example = "{type: lp_pool3d, norm_type: 2, kernel_size: 3, stride: 2}", (16, 20, 50, 32)


class _FractionalMaxPool(Layer):
    """The largest value of windows at random places, so many that the output has a given size."""

    kernel_size: PerAxis = arg("size of the window")
    output_size: PerAxis | None = arg("the output's size, or one for each axis", default=None)
    output_ratio: float | tuple[float, ...] | None = arg(
        "the output's size as a part of the input's, between 0 and 1", default=None
    )
    return_indices: bool = arg("also give the places of the largest values", default=False)

    foreign = {"pool_size": "kernel_size", "pooling_ratio": "output_ratio"}
    equation = "out = output_size, or ⌊in·output_ratio⌋; out + kernel_size - 1 <= in"
    #: By how many cells the input must be larger than the windows need.
    slack: ClassVar[int] = 0

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        channels, sizes = call.image(self)
        spatial = self._checked(call, sizes, self._wanted(call, sizes))
        (pooled,) = call.tensor(call.map(channels, spatial))
        return (pooled, pooled._replace(dtype="int64")) if self.return_indices else (pooled,)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        kernel = Call(call.inputs).per_axis("kernel_size", self.kernel_size, self.rank or 1)
        return None if kernel is None else product((numel(outputs[0].shape), *kernel))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return max_pool_kept(outputs)

    def _wanted(self, call: Call, sizes: Shape) -> Shape:
        """The sizes asked for."""
        unknown = (None,) * len(sizes)
        if (self.output_size is None) == (self.output_ratio is None):
            both = "both are" if self.output_size is not None else "none is"
            call.report(
                "SC106",
                f"one of output_size and output_ratio is needed, {both} given",
                "output_ratio" if self.output_size is not None else None,
            )
            return unknown
        if self.output_size is not None:
            return call.per_axis("output_size", self.output_size, len(sizes)) or unknown
        return self._parts(call, sizes)

    def _parts(self, call: Call, sizes: Shape) -> Shape:
        ratios = self.output_ratio
        assert ratios is not None
        if not isinstance(ratios, tuple):
            ratios = (ratios,) * len(sizes)
        if len(ratios) != len(sizes):
            call.per_axis("output_ratio", (0,) * len(ratios), len(sizes))
            return (None,) * len(sizes)
        for ratio in ratios:
            if not 0 < ratio < 1:
                call.report("SC106", f"{ratio} is not between 0 and 1", "output_ratio")
                return (None,) * len(sizes)
        return tuple(
            None if n is None else int(n * ratio) for n, ratio in zip(sizes, ratios, strict=True)
        )

    def _checked(self, call: Call, sizes: Shape, wanted: Shape) -> Shape:
        """The sizes asked for, where the windows fit."""
        kernels = call.per_axis("kernel_size", self.kernel_size, len(sizes))
        if kernels is None or not call.require_least("kernel_size", min(kernels)):
            return wanted
        field = "output_ratio" if self.output_size is None else "output_size"
        names = AXES[len(sizes)]
        for axis, n, size, kernel in zip(names, sizes, wanted, kernels, strict=True):
            if size is not None and size < 1:
                call.report("SC102", f"the {axis} would be {size}", field)
                return (None,) * len(sizes)
            needed = None if size is None else size + kernel - 1 + self.slack
            if n is not None and needed is not None and needed > n:
                call.report(
                    "SC102",
                    f"{size} windows of {kernel} cells need a {axis} of {needed}, it is {n}",
                    "kernel_size",
                    f"use a kernel_size of at most {n - self.slack - (size or 0) + 1}"
                    if n - self.slack >= (size or 0)
                    else f"use an {field} that gives at most {n - self.slack - kernel + 1}",
                )
                return wanted
        return wanted


class FractionalMaxPool2d(_FractionalMaxPool, rank=2):
    """The largest value of windows at random places of an image."""

    reference = "torch.nn.FractionalMaxPool2d"
    example = "{type: fractional_max_pool2d, kernel_size: 3, output_ratio: 0.5}", (16, 50, 32)


class FractionalMaxPool3d(_FractionalMaxPool, rank=3):
    """The largest value of windows at random places of a volume."""

    slack = 1
    reference = "torch.nn.FractionalMaxPool3d"
    example = "{type: fractional_max_pool3d, kernel_size: 3, output_size: 8}", (4, 20, 20, 20)


def cells_read(call: Call, output: Tensor) -> Dim:
    """How many cells all windows of an adaptive pool read: along an axis ``n + out - gcd(n, out)``,
    as each border between two windows that falls inside of a cell has both read it."""
    if output.shape is None or len(output.shape) != len(call.spatial()) + 1:
        return None
    pooled = Call((output,), channels_last=call.channels_last).spatial()
    along = (_read_along(n, out) for n, out in zip(call.spatial(), pooled, strict=True))
    return product((call.channels(), *along))


def _read_along(n: Dim, out: Dim) -> Dim:
    if n is None or out is None:
        return None
    if out == 1 or out == n:
        return n
    # No expression of a named size is its divisor with another.
    return n + out - gcd(n, out) if type(n) is type(out) is int else None


class _AdaptivePool(Layer):
    """A pool whose windows are chosen so that the output has the size asked for."""

    output_size: int | tuple[int | None, ...] = arg(
        "the output's size, or one for each axis, where null keeps an axis"
    )

    foreign = {"output_shape": "output_size"}
    equation = "out = output_size"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        channels, sizes = call.image(self)
        rank = self.rank or 1
        wanted = (
            self.output_size if isinstance(self.output_size, tuple) else (self.output_size,) * rank
        )
        if len(wanted) != rank:
            call.per_axis("output_size", (0,) * len(wanted), rank)
            return call.tensor(call.map(channels, (None,) * rank))
        self._check_sizes(call, wanted)
        spatial = (n if size is None else size for n, size in zip(sizes, wanted, strict=True))
        return call.tensor(call.map(channels, spatial))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return adapted(call, outputs)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return cells_read(call, outputs[0])

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        shape = outputs[0].shape
        # PyTorch takes a mean where each channel is one window.
        return Kept() if shape and all(size == 1 for size in shape[1:]) else Kept(inputs=(0,))

    def _check_sizes(self, call: Call, wanted: Shape) -> None:
        for size in wanted:
            if size is None and len(wanted) == 1:
                call.report(
                    "SC106",
                    "one that keeps its only axis does nothing",
                    "output_size",
                    "write a number",
                )
            elif size is not None and not call.require_least("output_size", size):
                return


class _AdaptiveMaxPool(_AdaptivePool):
    """An adaptive pool that keeps the largest value."""

    return_indices: bool = arg("also give the places of the largest values", default=False)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        (pooled,) = super().infer(call)
        return (pooled, pooled._replace(dtype="int64")) if self.return_indices else (pooled,)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return max_pool_kept(outputs)


class AdaptiveAvgPool1d(_AdaptivePool, rank=1):
    """The mean of each of ``output_size`` stretches of a sequence."""

    reference = "torch.nn.AdaptiveAvgPool1d"
    example = "{type: adaptive_avg_pool1d, output_size: 1}", (64, 50)


class AdaptiveAvgPool2d(_AdaptivePool, rank=2):
    """The mean of each cell of an ``output_size`` grid laid over an image."""

    reference = "torch.nn.AdaptiveAvgPool2d"
    example = "{type: adaptive_avg_pool2d, output_size: 7}", (512, 14, 14)


class AdaptiveAvgPool3d(_AdaptivePool, rank=3):
    """The mean of each cell of an ``output_size`` grid laid over a volume."""

    reference = "torch.nn.AdaptiveAvgPool3d"
    example = "{type: adaptive_avg_pool3d, output_size: 1}", (64, 4, 7, 7)


class AdaptiveMaxPool1d(_AdaptiveMaxPool, rank=1):
    """The largest value of each of ``output_size`` stretches of a sequence."""

    reference = "torch.nn.AdaptiveMaxPool1d"
    example = "{type: adaptive_max_pool1d, output_size: 1}", (64, 50)


class AdaptiveMaxPool2d(_AdaptiveMaxPool, rank=2):
    """The largest value of each cell of an ``output_size`` grid laid over an image."""

    reference = "torch.nn.AdaptiveMaxPool2d"
    example = "{type: adaptive_max_pool2d, output_size: 7}", (512, 14, 14)


class AdaptiveMaxPool3d(_AdaptiveMaxPool, rank=3):
    """The largest value of each cell of an ``output_size`` grid laid over a volume."""

    reference = "torch.nn.AdaptiveMaxPool3d"
    example = "{type: adaptive_max_pool3d, output_size: 1}", (64, 4, 7, 7)


class _GlobalPool(Layer):
    """A pool over all of each channel."""

    keepdims: bool = arg("keep the spatial axes, with a size of 1", default=False)

    frameworks = ("pytorch", "keras")
    foreign = {"keepdim": "keepdims"}
    equation = "out = (channels)"
    #: The kinds of numbers that PyTorch pools so; Keras makes floats of the others.
    takes: ClassVar[tuple[Kind, ...]] = (*REALS, "bool")

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not call.channels_last:
            require_kind(call, self.takes)
        channels, sizes = call.image(self)
        dtype = self.dtype(call)
        if self.keepdims:
            return call.tensor(call.map(channels, (1,) * len(sizes)), dtype)
        return call.tensor((channels,), dtype)

    def dtype(self, call: Call) -> str:
        """The dtype of the output."""
        return call.dtype

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        if self.keepdims:
            return adapted(call, outputs)
        return [Along(len(call.spatial()) if call.channels_last else 0)]

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return numel(call.shape)


class _GlobalMaxPool(_GlobalPool):
    """The largest value of each channel."""

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), outputs=(0,))


class _GlobalAvgPool(_GlobalPool):
    """A mean over all of each channel."""

    takes = ("float", "complex")

    def dtype(self, call: Call) -> str:
        return as_float(call.dtype)


class GlobalAvgPool1d(_GlobalAvgPool, rank=1):
    """The mean of each channel of a sequence."""

    aliases = ("global_average_pooling1d",)
    reference = "torch.mean(dim=2), keras.layers.GlobalAveragePooling1D, ONNX GlobalAveragePool"
    example = "global_avg_pool1d", (64, 50)


class GlobalAvgPool2d(_GlobalAvgPool, rank=2):
    """The mean of each channel of an image."""

    aliases = ("global_average_pooling2d",)
    reference = (
        "torch.mean(dim=(2, 3)), keras.layers.GlobalAveragePooling2D, ONNX GlobalAveragePool"
    )
    example = "global_avg_pool2d", (512, 7, 7)


class GlobalAvgPool3d(_GlobalAvgPool, rank=3):
    """The mean of each channel of a volume."""

    aliases = ("global_average_pooling3d",)
    reference = (
        "torch.mean(dim=(2, 3, 4)), keras.layers.GlobalAveragePooling3D, ONNX GlobalAveragePool"
    )
    example = "global_avg_pool3d", (64, 4, 7, 7)


class GlobalMaxPool1d(_GlobalMaxPool, rank=1):
    """The largest value of each channel of a sequence."""

    aliases = ("global_max_pooling1d",)
    reference = "torch.amax(dim=2), keras.layers.GlobalMaxPooling1D, ONNX GlobalMaxPool"
    example = "global_max_pool1d", (64, 50)


class GlobalMaxPool2d(_GlobalMaxPool, rank=2):
    """The largest value of each channel of an image."""

    aliases = ("global_max_pooling2d",)
    reference = "torch.amax(dim=(2, 3)), keras.layers.GlobalMaxPooling2D, ONNX GlobalMaxPool"
    example = "global_max_pool2d", (512, 7, 7)


class GlobalMaxPool3d(_GlobalMaxPool, rank=3):
    """The largest value of each channel of a volume."""

    aliases = ("global_max_pooling3d",)
    reference = "torch.amax(dim=(2, 3, 4)), keras.layers.GlobalMaxPooling3D, ONNX GlobalMaxPool"
    example = "global_max_pool3d", (64, 4, 7, 7)
