"""Normalisations, as Keras has them: over axes by number, with ``center`` and ``scale``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from shapecalc.layers.axes import resolve_axes, resolve_axis
from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    PerAxis,
    Shape,
    Tensor,
    Weights,
    arg,
    format_shape,
    product,
)
from shapecalc.layers.cost import Kept, Wanted, numel, times
from shapecalc.layers.normalization import norm_ops, statistics

FOREIGN = {"epsilon": "eps", "axis": "dim", "groups": "num_groups", "affine": "scale"}


class _Affine(Layer):
    """What is normalised, and then scaled and shifted by learned numbers."""

    pointwise = True

    eps: float = arg("added to the variance", default=1e-3)
    center: bool = arg("whether a shift (beta) is learned", default=True)
    scale: bool = arg("whether a scale (gamma) is learned", default=True)

    frameworks = ("keras",)
    foreign = FOREIGN

    def learned(self, shape: Shape) -> Weights:
        """The scale and the shift, as far as they are wanted."""
        return ({"gamma": shape} if self.scale else {}) | ({"beta": shape} if self.center else {})

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return norm_ops(self.scale or self.center, outputs)


class _ChannelNorm(_Affine):
    """What learns a scale and a shift for each channel."""

    dim: int = arg("the axis of the channels: 1 is the first after the batch", default=-1)

    #: The field that may declare the channels.
    declares: ClassVar[str] = "num_features"
    #: The ranks (without the batch) that it takes; empty: any.
    ranks: ClassVar[tuple[int, ...]] = ()

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        if call.shape is not None and self.ranks and len(call.shape) not in self.ranks:
            call.wrong_rank(self, self.ranks[-1])
            return call.same()
        received = self._received(call)
        channels = call.check_declared(self.declares, getattr(self, self.declares), received)
        self.check_channels(call, channels)
        return call.same()

    def check_channels(self, call: Call, channels: Dim) -> None:
        """Report what does not go with so many channels."""

    def _received(self, call: Call) -> Dim:
        axis = resolve_axis(call, "dim", self.dim)
        return None if axis is None or call.shape is None else call.shape[axis]

    def channels(self, call: Call) -> Dim:
        """The number of channels, declared or received."""
        declared: int | None = getattr(self, self.declares)
        return self._received(Call(call.inputs)) if declared is None else declared

    def weights(self, call: Call) -> Weights:
        return self.learned((self.channels(call),))


class _KerasBatchNorm(_ChannelNorm):
    """Normalises each channel over the batch and all other axes."""

    num_features: int | None = arg("channels of the input; inferred", default=None)
    momentum: float = arg("weight of the moving statistics", default=0.99)
    renorm: bool = arg("batch renormalisation, which keeps three more statistics", default=False)

    reference = "keras.layers.BatchNormalization, torch.nn.BatchNorm2d, ONNX BatchNormalization"
    equation = "params = 4·num_features, of which the 2·num_features moving statistics are frozen"

    def weights(self, call: Call) -> Weights:
        shape: Shape = (self.channels(call),)
        return super().weights(call) | dict.fromkeys(self._statistics(), shape)

    def _statistics(self) -> tuple[str, ...]:
        moving = ("moving_mean", "moving_variance")
        return (*moving, "moving_stddev", "renorm_mean", "renorm_stddev") if self.renorm else moving

    def frozen_weights(self) -> frozenset[str]:
        return frozenset(self._statistics())

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(2, numel(outputs[0].shape))  # statistics and learned numbers in one

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=statistics(self.channels(call), batched=False))


class KerasBatchNorm(_KerasBatchNorm):
    """Batch normalisation of an input of any rank."""

    aliases = ("batch_normalization",)
    example = "batch_norm", (32, 32, 64)


class KerasBatchNorm1d(_KerasBatchNorm, rank=1):
    """Batch normalisation of features or of a sequence."""

    ranks = (1, 2)
    example = "batch_norm1d", (128,)


class KerasBatchNorm2d(_KerasBatchNorm, rank=2):
    """Batch normalisation of an image."""

    ranks = (3,)
    example = "batch_norm2d", (32, 32, 64)


class KerasBatchNorm3d(_KerasBatchNorm, rank=3):
    """Batch normalisation of a volume."""

    ranks = (4,)
    example = "batch_norm3d", (8, 32, 32, 16)


class KerasGroupNorm(_ChannelNorm):
    """Normalises groups of channels of each sample; -1 makes each channel a group of its own."""

    num_groups: int = arg("how many groups the channels are divided into", default=32)
    num_channels: int | None = arg("channels of the input; inferred", default=None)

    declares = "num_channels"
    aliases = ("group_normalization",)
    reference = "keras.layers.GroupNormalization, torch.nn.GroupNorm, ONNX GroupNormalization"
    equation = "params = 2·num_channels; num_groups divides num_channels"
    example = "{type: group_norm, num_groups: 8}", (16, 16, 64)

    def check_channels(self, call: Call, channels: Dim) -> None:
        if self.num_groups == -1 or not call.require_least("num_groups", self.num_groups):
            return
        if channels is not None and channels % self.num_groups and not call.problems:
            call.report(
                "SC105",
                f"num_groups is {self.num_groups}, which does not divide the {channels} channels",
                "num_groups",
                f"use a divisor of {channels}",
            )

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        groups = self.channels(call) if self.num_groups == -1 else self.num_groups
        return Kept(inputs=(0,), own=statistics(groups))


def axes_of(call: Call, dims: PerAxis) -> tuple[int, ...] | None:
    """The axes that a ``dim`` names, in the order in which Keras sorts the numbers.

    SC106 where it names none, one that is not there, or one twice.
    """
    if dims == ():
        call.report("SC106", "dim lists no axis", "dim", "leave it out for the last axis")
        return None
    return resolve_axes(call, "dim", dims if isinstance(dims, int) else tuple(sorted(dims)))


def sizes_along(call: Call, dims: PerAxis) -> Shape | None:
    """The sizes of these axes of the input."""
    axes, shape = axes_of(Call(call.inputs), dims), call.shape
    return None if axes is None or shape is None else tuple(shape[axis] for axis in axes)


def rows_of(call: Call, dims: PerAxis) -> Dim:
    """How many times a sample is normalised along these axes."""
    sizes = sizes_along(call, dims)
    cells = None if sizes is None else product(sizes)
    total = numel(call.shape)
    return None if total is None or not cells else total // cells


class KerasLayerNorm(_Affine):
    """Normalises each sample over one axis or several."""

    dim: PerAxis = arg("the axes: 1 is the first after the batch, -1 the last", default=-1)

    aliases = ("layer_normalization",)
    reference = "keras.layers.LayerNormalization, torch.nn.LayerNorm, ONNX LayerNormalization"
    equation = "params = 2·Π(sizes of the axes)"
    example = "{type: layer_norm, dim: [1, 2, 3]}", (7, 7, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        axes_of(call, self.dim)
        return call.same()

    def weights(self, call: Call) -> Weights:
        sizes = sizes_along(call, self.dim)
        return {} if sizes is None else self.learned(sizes)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=statistics(rows_of(call, self.dim)))


class KerasRmsNorm(Layer):
    """Divides each sample by its root mean square over the last axis or axes."""

    pointwise = True

    dim: PerAxis = arg("the last axis, or the last few: [-2, -1]", default=-1)
    eps: float = arg("added to the mean square", default=1e-6)

    frameworks = ("keras",)
    foreign = FOREIGN
    aliases = ("rms_normalization",)
    reference = "keras.layers.RMSNormalization, torch.nn.RMSNorm"
    equation = "params = Π(sizes of the axes)"
    example = "rms_norm", (128, 512)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        axes, shape = axes_of(call, self.dim), call.shape
        if axes and shape is not None and axes != tuple(range(len(shape)))[-len(axes) :]:
            call.report(
                "SC106",
                f"dim {self.dim} is not the last axes of {format_shape(shape)}, along which "
                "Keras lays the scale",
                "dim",
                f"write dim: {list(range(-len(axes), 0))}, or permute the input",
            )
        return call.same()

    def weights(self, call: Call) -> Weights:
        sizes = sizes_along(call, self.dim)
        return {} if sizes is None else {"scale": sizes}

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        # The square and its mean, the division, the scale.
        return times(4, numel(outputs[0].shape))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=(Tensor((rows_of(call, self.dim),)),))


class UnitNorm(Layer):
    """Divides each sample by its Euclidean length along one axis or several."""

    pointwise = True

    dim: PerAxis = arg("the axes: 1 is the first after the batch, -1 the last", default=-1)

    frameworks = ("keras",)
    foreign = FOREIGN
    aliases = ("unit_normalization",)
    reference = "keras.layers.UnitNormalization, torch.nn.functional.normalize"
    example = "unit_norm", (128,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        axes_of(call, self.dim)
        return call.same()

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(3, numel(outputs[0].shape))  # the square, the sum, the division

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=(Tensor((rows_of(call, self.dim),)),))
