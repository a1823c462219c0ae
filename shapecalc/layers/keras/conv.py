"""Convolutions, as Keras has them: separable and depthwise ones are types of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    PerAxis,
    Shape,
    Tensor,
    Weights,
    along_axes,
    arg,
    outputs_of,
    product,
)
from shapecalc.layers.conv import FOREIGN, check_groups
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.keras.windows import EQUATION, PADDING, positive, slide, spatial_sizes
from shapecalc.layers.keras.words import Activation, activation_ops, with_activation
from shapecalc.sizes import TransposedWindow, Window, keras_conv_transpose_window


class _Convolution(Layer):
    """What all of Keras' convolutions share."""

    in_channels: int | None = arg("channels of the input; inferred", default=None)
    kernel_size: PerAxis = arg("size of the window")
    stride: PerAxis = arg("step of the window", default=1)
    padding: Literal["valid", "same"] = arg(PADDING, default="valid")
    dilation: PerAxis = arg("distance between the cells a window reads", default=1)
    bias: bool = arg("whether a learned bias is added", default=True)
    activation: Activation | None = arg("the function applied to the output", default=None)

    frameworks = ("keras",)
    foreign = FOREIGN
    keeps = "input"
    autocast = "lower"
    equation = EQUATION
    #: Whether stride and dilation may both be above 1.
    strides_dilated: ClassVar[bool] = False

    def received(self, call: Call) -> Dim:
        """Check the input; its channels, declared or received."""
        call.require_float(self)
        channels, _ = call.image(self)
        return call.check_declared("in_channels", self.in_channels, channels)

    def channels(self, call: Call) -> Dim:
        """The channels of the input, declared or received."""
        if self.in_channels is not None:
            return self.in_channels
        return call.channels() if call.shape and len(call.shape) == (self.rank or 0) + 1 else None

    def arguments(self, call: Call) -> list[tuple[int, ...]] | None:
        """Kernel, stride and dilation along each axis; ``None`` where they cannot be."""
        found = positive(
            call,
            self,
            kernel_size=self.kernel_size,
            stride=self.stride,
            dilation=self.dilation,
        )
        if found is None or self.strides_dilated:
            return found
        if max(found[1]) > 1 and max(found[2]) > 1:
            call.report(
                "SC106",
                f"Keras has no {self.type_name} with both a stride and a dilation above 1",
                "dilation",
                "use a stride of 1, or a dilation of 1",
            )
            return None
        return found

    def kernel(self, call: Call) -> tuple[int, ...]:
        """The kernel along each axis (1 each where its list has the wrong length)."""
        rank = self.rank or 1
        return Call(call.inputs).per_axis("kernel_size", self.kernel_size, rank) or (1,) * rank

    def with_bias(self, weights: Weights, size: Dim) -> Weights:
        """The weights, and the bias if there is one."""
        return {**weights, "bias": (size,)} if self.bias else weights

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return activation_ops(self.activation, outputs)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return with_activation(super().kept(call, outputs, wanted), self.activation, outputs)


class _SlidingConvolution(_Convolution):
    """What slides over its input: all but the transposed ones."""

    def produced(self, call: Call, channels: Dim) -> Dim:
        """The channels of the output; what is wrong with them is reported."""
        raise NotImplementedError

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        produced = self.produced(call, self.received(call))
        return call.tensor(call.map(produced, outputs_of(self._windows(call))))

    def windows(self, call: Call) -> tuple[Window | None, ...]:
        return self._windows(Call(call.inputs, call.rounding, call.channels_last))

    def _windows(self, call: Call) -> tuple[Window | None, ...]:
        arguments = self.arguments(call)
        if arguments is None:
            return (None,) * (self.rank or 1)
        return slide(self, call, arguments, self.padding)

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        shape = outputs[0].shape
        if shape is None:
            return None
        kernels = [w for name, w in self.weights(call).items() if name != "bias"]
        costs = [product((*shape[:-1], *kernel)) for kernel in kernels]
        return None if None in costs else sum(cost or 0 for cost in costs)


class _KerasConv(_SlidingConvolution):
    """A convolution: each output cell is a weighted sum of the window that it looks at."""

    out_channels: int = arg("channels of the output, one filter each")
    groups: int = arg("blocks of channels that do not see one another", default=1)

    def produced(self, call: Call, channels: Dim) -> Dim:
        declared_wrong = any(problem.code == "SC101" for problem in call.problems)
        check_groups(call, self.groups, None if declared_wrong else channels, self.out_channels)
        return self.out_channels

    def weights(self, call: Call) -> Weights:
        channels = self.channels(call)
        per_group = None if channels is None else channels // max(self.groups, 1)
        kernel = (*self.kernel(call), per_group, self.out_channels)
        return self.with_bias({"kernel": kernel}, self.out_channels)


class KerasConv1d(_KerasConv, rank=1):
    """A convolution over a sequence; with ``causal`` padding no step sees a later one."""

    padding: Literal["valid", "same", "causal"] = arg(  # type: ignore[assignment]
        f"{PADDING}; causal pads before the first step only", default="valid"
    )

    aliases = ("convolution1d",)
    reference = "keras.layers.Conv1D, torch.nn.Conv1d, ONNX Conv"
    example = "{type: conv1d, out_channels: 32, kernel_size: 3, padding: causal}", (100, 16)


class KerasConv2d(_KerasConv, rank=2):
    """A convolution over an image."""

    aliases = ("convolution2d",)
    reference = "keras.layers.Conv2D, torch.nn.Conv2d, ONNX Conv"
    example = (
        "{type: conv2d, out_channels: 32, kernel_size: 3, padding: same, activation: relu}",
        (28, 28, 1),
    )


class KerasConv3d(_KerasConv, rank=3):
    """A convolution over a volume or a video."""

    aliases = ("convolution3d",)
    reference = "keras.layers.Conv3D, torch.nn.Conv3d, ONNX Conv"
    example = "{type: conv3d, out_channels: 16, kernel_size: 3}", (16, 32, 32, 1)


class _ChannelByChannel(_SlidingConvolution):
    """What has ``depth_multiplier`` filters for each channel; there is none for volumes."""

    depth_multiplier: int = arg("filters for each channel of the input", default=1)

    strides_dilated = True

    def rank_help(self, spatial_rank: int) -> str | None:
        return None if spatial_rank == 3 else super().rank_help(spatial_rank)


class _DepthwiseConv(_ChannelByChannel):
    """A convolution of each channel on its own."""

    def produced(self, call: Call, channels: Dim) -> Dim:
        call.require_least("depth_multiplier", self.depth_multiplier)
        return product((channels, self.depth_multiplier))

    def weights(self, call: Call) -> Weights:
        channels = self.channels(call)
        kernel = (*self.kernel(call), channels, self.depth_multiplier)
        return self.with_bias({"kernel": kernel}, product(kernel[-2:]))


class DepthwiseConv1d(_DepthwiseConv, rank=1):
    """A convolution of each channel of a sequence on its own."""

    reference = "keras.layers.DepthwiseConv1D, torch.nn.Conv1d with groups: in_channels"
    example = "{type: depthwise_conv1d, kernel_size: 3, depth_multiplier: 2}", (100, 16)


class DepthwiseConv2d(_DepthwiseConv, rank=2):
    """A convolution of each channel of an image on its own."""

    reference = "keras.layers.DepthwiseConv2D, torch.nn.Conv2d with groups: in_channels"
    example = "{type: depthwise_conv2d, kernel_size: 3, padding: same}", (112, 112, 32)


class _SeparableConv(_ChannelByChannel):
    """A depthwise convolution, and a 1×1 convolution of what it gives."""

    out_channels: int = arg("channels of the output")

    def produced(self, call: Call, channels: Dim) -> Dim:
        call.require_least("depth_multiplier", self.depth_multiplier)
        call.require_least("out_channels", self.out_channels)
        return self.out_channels

    def weights(self, call: Call) -> Weights:
        kernel = self.kernel(call)
        depthwise = (*kernel, self.channels(call), self.depth_multiplier)
        pointwise = (*(1 for _ in kernel), product(depthwise[-2:]), self.out_channels)
        weights: Weights = {"depthwise_kernel": depthwise, "pointwise_kernel": pointwise}
        return self.with_bias(weights, self.out_channels)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        """Between its two convolutions there is another tensor."""
        kept = super().kept(call, outputs, wanted)
        shape = outputs[0].shape or (None,)
        between = (*shape[:-1], product((self.channels(call), self.depth_multiplier)))
        return kept._replace(own=(*kept.own, outputs[0]._replace(shape=between)))


class SeparableConv1d(_SeparableConv, rank=1):
    """A depthwise and a 1×1 convolution over a sequence."""

    aliases = ("separable_convolution1d",)
    reference = "keras.layers.SeparableConv1D"
    example = "{type: separable_conv1d, out_channels: 32, kernel_size: 3}", (100, 16)


class SeparableConv2d(_SeparableConv, rank=2):
    """A depthwise and a 1×1 convolution over an image."""

    aliases = ("separable_convolution2d",)
    reference = "keras.layers.SeparableConv2D"
    example = (
        "{type: separable_conv2d, out_channels: 64, kernel_size: 3, depth_multiplier: 2}",
        (32, 32, 16),
    )


class _KerasConvTranspose(_Convolution):
    """A transposed convolution: each input cell adds a weighted window to the output."""

    out_channels: int = arg("channels of the output")
    output_padding: PerAxis | None = arg(
        "cells added at the end, below the stride; by default what makes the size round",
        default=None,
    )

    equation = (
        "out = (in - 1)·stride + max(kernel_size, stride) (valid), in·stride (same); with "
        "output_padding (in - 1)·stride + kernel_size (same: kernel_size mod 2) + output_padding"
    )

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        self.received(call)
        call.require_least("out_channels", self.out_channels)
        return call.tensor(call.map(self.out_channels, outputs_of(self._windows(call))))

    def transposed_windows(self, call: Call) -> tuple[TransposedWindow | None, ...]:
        return self._windows(Call(call.inputs, call.rounding, call.channels_last))

    def _windows(self, call: Call) -> tuple[TransposedWindow | None, ...]:
        rank = self.rank or 1
        arguments = self.arguments(call)
        extra: tuple[int | None, ...] | None = (None,) * rank
        if self.output_padding is not None:
            extra = call.per_axis("output_padding", self.output_padding, rank)
        if arguments is None or extra is None:
            return (None,) * rank
        kernel, stride, dilation = arguments

        def along(axis: int, n: int) -> TransposedWindow:
            sizes = n, kernel[axis], stride[axis]
            return keras_conv_transpose_window(*sizes, self.padding, extra[axis], dilation[axis])

        return along_axes(call, rank, spatial_sizes(self, call), along)

    def weights(self, call: Call) -> Weights:
        kernel: Shape = (*self.kernel(call), self.out_channels, self.channels(call))
        return self.with_bias({"kernel": kernel}, self.out_channels)

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return product((*spatial_sizes(self, call), *self.weights(call)["kernel"]))


class KerasConvTranspose1d(_KerasConvTranspose, rank=1):
    """A transposed convolution over a sequence."""

    aliases = ("conv1d_transpose", "deconv1d", "convolution1d_transpose")
    reference = "keras.layers.Conv1DTranspose, torch.nn.ConvTranspose1d, ONNX ConvTranspose"
    example = "{type: conv_transpose1d, out_channels: 8, kernel_size: 4, stride: 2}", (50, 16)


class KerasConvTranspose2d(_KerasConvTranspose, rank=2):
    """A transposed convolution over an image."""

    aliases = ("conv2d_transpose", "deconv2d", "convolution2d_transpose")
    reference = "keras.layers.Conv2DTranspose, torch.nn.ConvTranspose2d, ONNX ConvTranspose"
    example = (
        "{type: conv_transpose2d, out_channels: 64, kernel_size: 4, stride: 2, padding: same}",
        (16, 16, 128),
    )


class KerasConvTranspose3d(_KerasConvTranspose, rank=3):
    """A transposed convolution over a volume."""

    aliases = ("conv3d_transpose", "deconv3d", "convolution3d_transpose")
    reference = "keras.layers.Conv3DTranspose, torch.nn.ConvTranspose3d, ONNX ConvTranspose"
    example = "{type: conv_transpose3d, out_channels: 4, kernel_size: 2, stride: 2}", (4, 8, 8, 8)
