"""Convolutions and transposed convolutions, as PyTorch has them."""

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
    Weights,
    along_axes,
    arg,
    outputs_of,
    product,
)
from shapecalc.layers.cost import Kept, Wanted, added
from shapecalc.layers.parametrization import _Parametrized
from shapecalc.sizes import (
    Padding,
    TransposedWindow,
    Window,
    conv_transpose_window,
    remembered_conv_window,
    same_padding,
)

#: An integer, one for each axis, or [before, after] for each axis.
ConvPadding = int | tuple[Padding, ...] | Literal["same", "valid"]

FOREIGN = {
    "filters": "out_channels",
    "strides": "stride",
    "dilation_rate": "dilation",
    "kernel": "kernel_size",
    "use_bias": "bias",
    "pads": "padding",
    "group": "groups",
}


def check_groups(call: Call, groups: int, in_channels: Dim, out_channels: int) -> None:
    """Whether the groups divide both channel counts: SC105, or SC106 for what is below 1."""
    if not call.require_least("groups", groups):
        return
    call.require_least("out_channels", out_channels)
    for field, count in (("in_channels", in_channels), ("out_channels", out_channels)):
        if count is not None and count % groups:
            call.report(
                "SC105",
                f"groups is {groups}, which does not divide {field} {count}",
                "groups",
                f"use a divisor of {count}, or make {field} a multiple of {groups}",
            )
            return


class _ConvBase(Layer):
    """What convolutions of either direction share."""

    in_channels: int | None = arg("channels of the input; inferred", default=None)
    out_channels: int = arg("channels of the output, one filter each")
    kernel_size: PerAxis = arg("size of the window")
    stride: PerAxis = arg("step of the window", default=1)
    padding: ConvPadding = arg("zeros added on both sides", default=0)
    dilation: PerAxis = arg("distance between the cells a window reads", default=1)
    groups: int = arg("blocks of channels that do not see one another", default=1)
    bias: bool = arg("whether a learned bias is added", default=True)

    foreign = FOREIGN
    keeps = "input"
    autocast = "lower"

    def received(self, call: Call) -> tuple[Dim, Shape]:
        """Check the input; the channels (declared or received) and the spatial sizes."""
        call.require_float(self)
        channels, spatial = call.image(self)
        declared_wrong = self.in_channels is not None and channels not in (None, self.in_channels)
        channels = call.check_declared("in_channels", self.in_channels, channels)
        check_groups(call, self.groups, None if declared_wrong else channels, self.out_channels)
        return channels, spatial

    def channels(self, call: Call) -> Dim:
        """The channels of the input, declared or received."""
        if self.in_channels is not None:
            return self.in_channels
        shape = call.shape
        return call.channels() if shape and len(shape) == (self.rank or 0) + 1 else None

    def per_axis(self, call: Call, field: str) -> tuple[int, ...]:
        """An argument along each axis (1 each where its list has the wrong length)."""
        rank = self.rank or 1
        value = call.per_axis(field, getattr(self, field), rank)
        return (1,) * rank if value is None else value

    def kernel(self, call: Call) -> Shape:
        """The shape of the weight."""
        raise NotImplementedError

    def weights(self, call: Call) -> Weights:
        weights: Weights = {"weight": self.kernel(call)}
        if self.bias:
            weights["bias"] = (self.out_channels,)
        return weights


def padded_input(call: Call, windows: tuple[Window | None, ...]) -> Tensor:
    """The copy of the input with its padding, where that is made by an operation of its own."""
    along = zip(call.spatial(), windows, strict=False)
    spatial = (
        None if window is None else added(n, window.before, window.after) for n, window in along
    )
    return call.input._replace(shape=call.map(call.channels(), tuple(spatial)))


def paddings(call: Call, padding: int | tuple[Padding, ...], sizes: Shape) -> list[Padding] | None:
    """A numeric padding along each axis as (before, after); SC106 for a list of another length."""
    if isinstance(padding, int):
        return [padding] * len(sizes)
    if len(padding) == len(sizes):
        return list(padding)
    call.per_axis("padding", (0,) * len(padding), len(sizes))
    return None


def _as_written(padding: list[Padding]) -> str:
    """A padding as a spec writes it: one number where that says it all."""
    if all(pad == (pad[0], pad[0]) for pad in padding if isinstance(pad, tuple)):
        each = [pad[0] if isinstance(pad, tuple) else pad for pad in padding]
        return str(each[0]) if len(set(each)) == 1 else str(each)
    return str([list(pad) if isinstance(pad, tuple) else [pad, pad] for pad in padding])


class _Conv(_Parametrized, _ConvBase):
    """A convolution: each output cell is a weighted sum of the window that it looks at."""

    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = arg(
        "what the padding is filled with", default="zeros"
    )

    equation = "out = ⌊(in + 2·padding - dilation·(kernel_size - 1) - 1)/stride + 1⌋"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        self.received(call)
        windows = self._windows(call)
        return call.tensor(call.map(self.out_channels, outputs_of(windows)))

    def windows(self, call: Call) -> tuple[Window | None, ...]:
        return self._windows(Call(call.inputs, call.rounding, call.channels_last))

    def _windows(self, call: Call) -> tuple[Window | None, ...]:
        rank = self.rank or 1
        shape = call.shape
        sizes = call.spatial() if shape and len(shape) == rank + 1 else (None,) * rank
        kernel, stride, dilation = (
            self.per_axis(call, field) for field in ("kernel_size", "stride", "dilation")
        )
        padding = self._padding(call, sizes)
        if padding is None:
            return (None,) * rank
        self._check_padding_mode(call, padding, sizes)

        def window(axis: int, n: int) -> Window:
            return remembered_conv_window(
                n, kernel[axis], stride[axis], padding[axis], dilation[axis], call.rounding
            )

        return along_axes(call, rank, sizes, window)

    def _padding(self, call: Call, sizes: Shape) -> list[Padding] | None:
        """The padding along each axis; ``None`` where it is wrong."""
        if self.padding != "same":
            return paddings(call, 0 if self.padding == "valid" else self.padding, sizes)
        silent = Call(call.inputs)  # lists of the wrong length were reported before
        kernel, dilation = (self.per_axis(silent, field) for field in ("kernel_size", "dilation"))
        # With a stride of 1 it does not depend on the size.
        same: list[Padding] = [
            same_padding(1, max(k, 1), 1, max(d, 1)) for k, d in zip(kernel, dilation, strict=True)
        ]
        strides = self.per_axis(silent, "stride")
        if any(step != 1 for step in strides):
            step = next(step for step in strides if step != 1)
            call.report(
                "SC106",
                f"padding 'same' needs a stride of 1 in PyTorch, it is {step}",
                "padding",
                f"write padding: {_as_written(same)}, which gives ⌈size/stride⌉",
            )
            return None
        return same

    def _check_padding_mode(self, call: Call, padding: list[Padding], sizes: Shape) -> None:
        if self.padding_mode not in ("reflect", "circular"):
            return
        for n, pad in zip(sizes, padding, strict=True):
            most = max(pad) if isinstance(pad, tuple) else pad
            slack = 1 if self.padding_mode == "reflect" else 0
            if n is not None and most > n - slack:
                call.report(
                    "SC106",
                    f"{self.padding_mode} padding of {most} needs more than the {n} cells there "
                    "are",
                    "padding",
                    f"use padding of at most {n - slack}",
                )
                return

    def kernel(self, call: Call) -> Shape:
        channels = self.channels(call)
        per_group = None if channels is None else channels // max(self.groups, 1)
        return (self.out_channels, per_group, *self.per_axis(Call(call.inputs), "kernel_size"))

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        shape = outputs[0].shape
        return None if shape is None else product((*shape[1:], *self.kernel(call)))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        """The input, or where PyTorch pads it by an operation of its own, the padded copy."""
        kept = super().kept(call, outputs, wanted)
        windows = self.windows(call)
        uneven = any(window and window.before != window.after for window in windows)
        if self.padding_mode == "zeros" and not uneven:
            return kept
        filled = self.padding_mode in ("reflect", "replicate")
        padded = padded_input(call, windows)
        return kept._replace(inputs=(0,) if filled else (), own=(padded, *kept.own))


class Conv1d(_Conv, rank=1):
    """A convolution over a sequence."""

    aliases = ("convolution1d", "lazy_conv1d")
    reference = "torch.nn.Conv1d, keras.layers.Conv1D, ONNX Conv"
    example = "{type: conv1d, out_channels: 32, kernel_size: 3, padding: 1}", (16, 100)


class Conv2d(_Conv, rank=2):
    """A convolution over an image."""

    aliases = ("convolution2d", "lazy_conv2d")
    reference = "torch.nn.Conv2d, keras.layers.Conv2D, ONNX Conv"
    example = "{type: conv2d, out_channels: 64, kernel_size: 4, stride: 2, padding: 1}", (3, 64, 64)


class Conv3d(_Conv, rank=3):
    """A convolution over a volume or a video."""

    aliases = ("convolution3d", "lazy_conv3d")
    reference = "torch.nn.Conv3d, keras.layers.Conv3D, ONNX Conv"
    example = "{type: conv3d, out_channels: 16, kernel_size: 3}", (1, 16, 32, 32)


class _ConvTranspose(_Parametrized, _ConvBase):
    """A transposed convolution: each input cell adds a weighted window to the output."""

    output_padding: PerAxis = arg("cells added to one side of the output", default=0)
    padding_mode: Literal["zeros"] = arg("zeros is the only one", default="zeros")

    equation = "out = (in - 1)·stride - 2·padding + dilation·(kernel_size - 1) + output_padding + 1"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        self.received(call)
        windows = self._windows(call)
        return call.tensor(call.map(self.out_channels, outputs_of(windows)))

    def transposed_windows(self, call: Call) -> tuple[TransposedWindow | None, ...]:
        return self._windows(Call(call.inputs, call.rounding, call.channels_last))

    def _windows(self, call: Call) -> tuple[TransposedWindow | None, ...]:
        rank = self.rank or 1
        shape = call.shape
        sizes = call.spatial() if shape and len(shape) == rank + 1 else (None,) * rank
        kernel, stride, dilation, extra = (
            call.per_axis(field, getattr(self, field), rank)
            for field in ("kernel_size", "stride", "dilation", "output_padding")
        )
        if isinstance(self.padding, str):
            call.report(
                "SC106",
                f"padding {self.padding!r} is not for transposed convolutions in PyTorch",
                "padding",
                "write the padding as a number",
            )
            return (None,) * rank
        padding = paddings(call, self.padding, sizes)
        if not (kernel and stride and dilation and extra and padding):
            return (None,) * rank

        def window(axis: int, n: int) -> TransposedWindow:
            return conv_transpose_window(
                n, kernel[axis], stride[axis], padding[axis], extra[axis], dilation[axis]
            )

        return along_axes(call, rank, sizes, window)

    def kernel(self, call: Call) -> Shape:
        per_group = self.out_channels // max(self.groups, 1)
        kernel = self.per_axis(Call(call.inputs), "kernel_size")
        return (self.channels(call), per_group, *kernel)

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return product((*call.spatial(), *self.kernel(call)))


class ConvTranspose1d(_ConvTranspose, rank=1):
    """A transposed convolution over a sequence."""

    aliases = ("conv1d_transpose", "deconv1d", "lazy_conv_transpose1d")
    reference = "torch.nn.ConvTranspose1d, keras.layers.Conv1DTranspose, ONNX ConvTranspose"
    example = "{type: conv_transpose1d, out_channels: 8, kernel_size: 4, stride: 2}", (16, 50)


class ConvTranspose2d(_ConvTranspose, rank=2):
    """A transposed convolution over an image."""

    aliases = ("conv2d_transpose", "deconv2d", "lazy_conv_transpose2d")
    reference = "torch.nn.ConvTranspose2d, keras.layers.Conv2DTranspose, ONNX ConvTranspose"
    example = (
        "{type: conv_transpose2d, out_channels: 64, kernel_size: 4, stride: 2, padding: 1}",
        (128, 16, 16),
    )


class ConvTranspose3d(_ConvTranspose, rank=3):
    """A transposed convolution over a volume."""

    aliases = ("conv3d_transpose", "deconv3d", "lazy_conv_transpose3d")
    reference = "torch.nn.ConvTranspose3d, keras.layers.Conv3DTranspose, ONNX ConvTranspose"
    example = "{type: conv_transpose3d, out_channels: 4, kernel_size: 2, stride: 2}", (8, 4, 8, 8)
