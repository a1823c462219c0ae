"""Pools, as Keras has them; the global ones are those of PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shapecalc.layers.base import Call, Dim, Layer, PerAxis, Tensor, arg, outputs_of, product
from shapecalc.layers.cost import Kept, Wanted, numel
from shapecalc.layers.dtypes import as_float
from shapecalc.layers.keras.windows import EQUATION, PADDING, positive, slide
from shapecalc.layers.pooling import FOREIGN, cells_read, max_pool_kept
from shapecalc.sizes import Window


class _KerasPool(Layer):
    """What max and average pools share."""

    kernel_size: PerAxis = arg("size of the window", default=2)
    stride: PerAxis | None = arg("step of the window; by default the kernel", default=None)
    padding: Literal["valid", "same"] = arg(PADDING, default="valid")

    frameworks = ("keras",)
    foreign = FOREIGN
    equation = EQUATION

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        channels, _ = call.image(self)
        return call.tensor(call.map(channels, outputs_of(self._windows(call))))

    def windows(self, call: Call) -> tuple[Window | None, ...]:
        return self._windows(Call(call.inputs, call.rounding, call.channels_last))

    def _windows(self, call: Call) -> tuple[Window | None, ...]:
        stride = self.kernel_size if self.stride is None else self.stride
        found = positive(call, self, kernel_size=self.kernel_size, stride=stride)
        if found is None:
            return (None,) * (self.rank or 1)
        return slide(self, call, [*found, (1,) * len(found[0])], self.padding)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        kernel = Call(call.inputs).per_axis("kernel_size", self.kernel_size, self.rank or 1)
        return None if kernel is None else product((numel(outputs[0].shape), *kernel))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return max_pool_kept(outputs)


class KerasMaxPool1d(_KerasPool, rank=1):
    """The largest value of each window of a sequence."""

    aliases = ("max_pooling1d",)
    reference = "keras.layers.MaxPooling1D, torch.nn.MaxPool1d, ONNX MaxPool"
    example = "max_pool1d", (100, 16)


class KerasMaxPool2d(_KerasPool, rank=2):
    """The largest value of each window of an image."""

    aliases = ("max_pooling2d",)
    reference = "keras.layers.MaxPooling2D, torch.nn.MaxPool2d, ONNX MaxPool"
    example = "{type: max_pool2d, kernel_size: 3, stride: 2, padding: same}", (112, 112, 64)


class KerasMaxPool3d(_KerasPool, rank=3):
    """The largest value of each window of a volume."""

    aliases = ("max_pooling3d",)
    reference = "keras.layers.MaxPooling3D, torch.nn.MaxPool3d, ONNX MaxPool"
    example = "max_pool3d", (16, 16, 16, 8)


class _KerasAvgPool(_KerasPool):
    """The mean of each window."""

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_number(self)
        (pooled,) = super().infer(call)
        return (pooled._replace(dtype=as_float(pooled.dtype)),)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,))


class KerasAvgPool1d(_KerasAvgPool, rank=1):
    """The mean of each window of a sequence."""

    aliases = ("average_pooling1d", "average_pool1d")
    reference = "keras.layers.AveragePooling1D, torch.nn.AvgPool1d, ONNX AveragePool"
    example = "avg_pool1d", (100, 16)


class KerasAvgPool2d(_KerasAvgPool, rank=2):
    """The mean of each window of an image."""

    aliases = ("average_pooling2d", "average_pool2d")
    reference = "keras.layers.AveragePooling2D, torch.nn.AvgPool2d, ONNX AveragePool"
    example = "avg_pool2d", (56, 56, 64)


class KerasAvgPool3d(_KerasAvgPool, rank=3):
    """The mean of each window of a volume."""

    aliases = ("average_pooling3d", "average_pool3d")
    reference = "keras.layers.AveragePooling3D, torch.nn.AvgPool3d, ONNX AveragePool"
    example = "avg_pool3d", (16, 16, 16, 8)


class _KerasAdaptivePool(Layer):
    """A pool whose windows are chosen so that the output has the size asked for."""

    output_size: PerAxis = arg("the output's size, or one for each axis")

    frameworks = ("keras",)
    foreign = {"output_shape": "output_size"}
    equation = "out = output_size"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        channels, unknown = call.image(self)
        found = positive(call, self, output_size=self.output_size)
        spatial = found[0] if found else (None for _ in unknown)
        return call.tensor(call.map(channels, spatial))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return cells_read(call, outputs[0])

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,))


class KerasAdaptiveAvgPool1d(_KerasAdaptivePool, rank=1):
    """The mean of each of ``output_size`` stretches of a sequence."""

    aliases = ("adaptive_average_pooling1d",)
    reference = "keras.layers.AdaptiveAveragePooling1D, torch.nn.AdaptiveAvgPool1d"
    example = "{type: adaptive_avg_pool1d, output_size: 7}", (50, 64)


class KerasAdaptiveAvgPool2d(_KerasAdaptivePool, rank=2):
    """The mean of each cell of an ``output_size`` grid laid over an image."""

    aliases = ("adaptive_average_pooling2d",)
    reference = "keras.layers.AdaptiveAveragePooling2D, torch.nn.AdaptiveAvgPool2d"
    example = "{type: adaptive_avg_pool2d, output_size: 7}", (14, 14, 512)


class KerasAdaptiveAvgPool3d(_KerasAdaptivePool, rank=3):
    """The mean of each cell of an ``output_size`` grid laid over a volume."""

    aliases = ("adaptive_average_pooling3d",)
    reference = "keras.layers.AdaptiveAveragePooling3D, torch.nn.AdaptiveAvgPool3d"
    example = "{type: adaptive_avg_pool3d, output_size: 7}", (4, 7, 7, 64)


class KerasAdaptiveMaxPool1d(_KerasAdaptivePool, rank=1):
    """The largest value of each of ``output_size`` stretches of a sequence."""

    aliases = ("adaptive_max_pooling1d",)
    reference = "keras.layers.AdaptiveMaxPooling1D, torch.nn.AdaptiveMaxPool1d"
    example = "{type: adaptive_max_pool1d, output_size: 7}", (50, 64)


class KerasAdaptiveMaxPool2d(_KerasAdaptivePool, rank=2):
    """The largest value of each cell of an ``output_size`` grid laid over an image."""

    aliases = ("adaptive_max_pooling2d",)
    reference = "keras.layers.AdaptiveMaxPooling2D, torch.nn.AdaptiveMaxPool2d"
    example = "{type: adaptive_max_pool2d, output_size: 7}", (14, 14, 512)


class KerasAdaptiveMaxPool3d(_KerasAdaptivePool, rank=3):
    """The largest value of each cell of an ``output_size`` grid laid over a volume."""

    aliases = ("adaptive_max_pooling3d",)
    reference = "keras.layers.AdaptiveMaxPooling3D, torch.nn.AdaptiveMaxPool3d"
    example = "{type: adaptive_max_pool3d, output_size: 7}", (4, 7, 7, 64)
