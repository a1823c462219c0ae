"""Normalisations, as PyTorch has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    Shape,
    Tensor,
    Weights,
    arg,
    format_shape,
    product,
)
from shapecalc.layers.cost import Kept, Wanted, added, numel, times
from shapecalc.layers.dtypes import as_float

FOREIGN = {"epsilon": "eps", "axis": "num_features", "center": "bias", "scale": "affine"}


def scale_and_shift(shape: Shape, affine: bool, bias: bool) -> Weights:
    """What a normalisation learns: nothing, or a scale, and with ``bias`` a shift as well."""
    if not affine:
        return {}
    return {"weight": shape, "bias": shape} if bias else {"weight": shape}


def running_statistics(channels: Dim) -> dict[str, Tensor]:
    """The mean and the variance of each channel over the batches seen, and their number."""
    return {
        "running_mean": Tensor((channels,), batched=False),
        "running_var": Tensor((channels,), batched=False),
        "num_batches_tracked": Tensor((), "int64", batched=False),
    }


def norm_ops(affine: bool, outputs: Sequence[Tensor]) -> Dim:
    """Element operations of a norm that computes its statistics: the mean, the squared difference
    and its mean, the normalised number; with ``affine`` it is scaled too."""
    return times(5 if affine else 4, numel(outputs[0].shape))


def statistics(count: Dim, batched: bool = True) -> tuple[Tensor, ...]:
    """``count`` means, and as many deviations, kept for the backward pass."""
    return (Tensor((times(2, count),), batched=batched),)


class _ChannelNorm(Layer):
    """What batch and instance norms share: statistics for each channel."""

    pointwise = True

    num_features: int | None = arg("channels of the input; inferred", default=None)
    eps: float = arg("added to the variance", default=1e-5)
    momentum: float | None = arg("weight of a batch in the running statistics", default=0.1)

    foreign = FOREIGN
    #: The ranks (without the batch) that it takes.
    ranks: ClassVar[tuple[int, ...]] = ()

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        if call.shape is None and self.rank is not None and not self.ranks:
            return call.tensor((self.num_features, *(None,) * self.rank))
        if call.shape is None or not self.check_rank(call, len(call.shape)):
            return call.same()
        channels = call.check_declared("num_features", self.num_features, call.channels())
        return call.tensor(call.map(channels, call.spatial()))

    def check_rank(self, call: Call, rank: int) -> bool:
        """Whether an input with so many axes will do; SC103 where it will not."""
        ranks = self.ranks or ((self.rank or 0) + 1,)
        if rank not in ranks:
            call.wrong_rank(self, ranks[-1])
        return rank in ranks

    def features(self, call: Call) -> Dim:
        """The number of channels, declared or received."""
        return call.channels() if self.num_features is None else self.num_features


class _BatchNorm(_ChannelNorm):
    """Normalises each channel over the batch and the spatial axes."""

    affine: bool = arg("whether a scale and a shift are learned for each channel", default=True)
    bias: bool = arg("whether the learned part includes a shift", default=True)
    track_running_stats: bool = arg("whether running statistics are kept", default=True)

    equation = "params = 2·num_features (the running statistics are buffers)"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if self.eps <= 0:
            call.report("SC106", f"eps is {self.eps:g}, training needs more than 0", "eps")
        return super().infer(call)

    def weights(self, call: Call) -> Weights:
        return scale_and_shift((self.features(call),), self.affine, self.bias)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        if not self.track_running_stats:
            return norm_ops(self.affine, outputs)
        return times(2, numel(outputs[0].shape))  # statistics and learned numbers in one

    def buffers(self, call: Call) -> dict[str, Tensor]:
        return running_statistics(self.features(call)) if self.track_running_stats else {}

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=statistics(self.features(call), batched=False))


class BatchNorm1d(_BatchNorm, rank=1):
    """Batch normalisation of features or of a sequence."""

    ranks = (1, 2)
    aliases = ("lazy_batch_norm1d",)
    reference = "torch.nn.BatchNorm1d, keras.layers.BatchNormalization, ONNX BatchNormalization"
    example = "batch_norm1d", (128,)


class BatchNorm2d(_BatchNorm, rank=2):
    """Batch normalisation of an image."""

    aliases = ("lazy_batch_norm2d",)
    reference = "torch.nn.BatchNorm2d, keras.layers.BatchNormalization, ONNX BatchNormalization"
    example = "batch_norm2d", (64, 32, 32)


class BatchNorm3d(_BatchNorm, rank=3):
    """Batch normalisation of a volume."""

    aliases = ("lazy_batch_norm3d",)
    reference = "torch.nn.BatchNorm3d, keras.layers.BatchNormalization, ONNX BatchNormalization"
    example = "batch_norm3d", (16, 8, 32, 32)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation whose statistics are shared between processes; of any rank."""

    reference = "torch.nn.SyncBatchNorm"
    example = "sync_batch_norm", (64, 32, 32)

    def check_rank(self, call: Call, rank: int) -> bool:
        if not rank:
            call.wrong_rank(self, 1)
        return rank > 0


class _InstanceNorm(_ChannelNorm):
    """Normalises each channel of each sample over the spatial axes."""

    affine: bool = arg("whether a scale and a shift are learned for each channel", default=False)
    bias: bool = arg("whether the learned part includes a shift", default=True)
    track_running_stats: bool = arg("whether running statistics are kept", default=False)

    equation = "params = 0, or 2·num_features with affine"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        outputs = super().infer(call)
        cells = None if call.shape is None else product(call.spatial())
        if not call.problems and not self.track_running_stats and cells == 1:
            call.report(
                "SC106",
                f"it needs more than one cell a channel, the input is {format_shape(call.shape)}",
                help="leave it out here: the variance of a single cell is 0",
            )
        return outputs

    def weights(self, call: Call) -> Weights:
        return scale_and_shift((self.features(call),), self.affine, self.bias)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return norm_ops(self.affine, outputs)

    def buffers(self, call: Call) -> dict[str, Tensor]:
        return running_statistics(self.features(call)) if self.track_running_stats else {}

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        own = statistics(self.features(call))
        if self.affine:  # a scale for each channel of each sample
            own += (Tensor((self.features(call),)),)
        return Kept(inputs=(0,), own=own)


class InstanceNorm1d(_InstanceNorm, rank=1):
    """Instance normalisation of a sequence."""

    aliases = ("lazy_instance_norm1d",)
    reference = "torch.nn.InstanceNorm1d, ONNX InstanceNormalization"
    example = "instance_norm1d", (64, 100)


class InstanceNorm2d(_InstanceNorm, rank=2):
    """Instance normalisation of an image."""

    aliases = ("lazy_instance_norm2d",)
    reference = "torch.nn.InstanceNorm2d, ONNX InstanceNormalization"
    example = "instance_norm2d", (64, 32, 32)


class InstanceNorm3d(_InstanceNorm, rank=3):
    """Instance normalisation of a volume."""

    aliases = ("lazy_instance_norm3d",)
    reference = "torch.nn.InstanceNorm3d, ONNX InstanceNormalization"
    example = "instance_norm3d", (16, 8, 32, 32)


class GroupNorm(Layer):
    """Normalises groups of channels of each sample."""

    pointwise = True

    num_groups: int = arg("how many groups the channels are divided into")
    num_channels: int | None = arg("channels of the input; inferred", default=None)
    eps: float = arg("added to the variance", default=1e-5)
    affine: bool = arg("whether a scale and a shift are learned for each channel", default=True)
    bias: bool = arg("whether the learned part includes a shift", default=True)

    foreign = {**FOREIGN, "groups": "num_groups", "axis": "num_channels"}
    reference = "torch.nn.GroupNorm, keras.layers.GroupNormalization, ONNX GroupNormalization"
    autocast = "float32"
    equation = "params = 2·num_channels; num_groups divides num_channels"
    example = "{type: group_norm, num_groups: 8}", (64, 16, 16)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        if call.shape == ():
            call.wrong_rank(self, 1)
            return call.same()
        received = call.channels()
        channels = call.check_declared("num_channels", self.num_channels, received)
        if (
            call.require_least("num_groups", self.num_groups)
            and channels is not None
            and not call.problems
            and channels % self.num_groups
        ):
            call.report(
                "SC105",
                f"num_groups is {self.num_groups}, which does not divide the {channels} channels",
                "num_groups",
                f"use a divisor of {channels}",
            )
        if call.shape is None:
            return call.same()
        return call.tensor(call.map(channels, call.spatial()))

    def weights(self, call: Call) -> Weights:
        channels = call.channels() if self.num_channels is None else self.num_channels
        return scale_and_shift((channels,), self.affine, self.bias)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return norm_ops(self.affine, outputs)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=statistics(self.num_groups))


class _LastAxesNorm(Layer):
    """What layer and RMS norm share: statistics over the last axes of each sample."""

    pointwise = True

    normalized_shape: int | tuple[int, ...] | None = arg(
        "the last axes it normalises over; by default the last one", default=None
    )
    elementwise_affine: bool = arg("whether each element has a learned scale", default=True)

    autocast = "float32"
    foreign = {
        "epsilon": "eps",
        "axis": "normalized_shape",
        "center": "bias",
        "scale": "elementwise_affine",
    }

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        if call.shape == ():
            call.wrong_rank(self, 1)
            return call.same()
        wanted, shape = self._normalized(call), call.shape
        if wanted == ():
            call.report(
                "SC106",
                "normalized_shape is empty, it names the last axes",
                "normalized_shape",
                "leave it out to normalise over the last axis",
            )
            return call.same()
        if shape is None or wanted is None or self.normalized_shape is None:
            return call.same()
        received = shape[len(shape) - len(wanted) :] if len(wanted) <= len(shape) else shape
        if len(received) != len(wanted) or any(
            have not in (None, want) for have, want in zip(received, wanted, strict=True)
        ):
            call.report(
                "SC101",
                f"normalized_shape is {format_shape(wanted)}, the input's last "
                f"axes are {format_shape(received)}",
                "normalized_shape",
                f"write normalized_shape: {list(received) if len(received) > 1 else received[0]}"
                if received and None not in received
                else None,
            )
        return call.same()

    def _normalized(self, call: Call) -> Shape | None:
        if self.normalized_shape is None:
            return call.shape[-1:] if call.shape else None
        if isinstance(self.normalized_shape, int):
            return (self.normalized_shape,)
        return self.normalized_shape

    def rows(self, call: Call) -> Dim:
        """How many times a sample is normalised."""
        wanted = self._normalized(call)
        cells = None if wanted is None else product(wanted)
        total = numel(call.shape)
        return None if total is None or not cells else total // cells


class LayerNorm(_LastAxesNorm):
    """Normalises the last axes of each sample."""

    eps: float = arg("added to the variance", default=1e-5)
    bias: bool = arg("whether each element has a learned shift", default=True)

    reference = "torch.nn.LayerNorm, keras.layers.LayerNormalization, ONNX LayerNormalization"
    equation = "params = 2·Πnormalized_shape"
    example = "{type: layer_norm, normalized_shape: [64, 7, 7]}", (64, 7, 7)

    def weights(self, call: Call) -> Weights:
        shape = self._normalized(call)
        return {} if shape is None else scale_and_shift(shape, self.elementwise_affine, self.bias)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return norm_ops(self.elementwise_affine, outputs)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=statistics(self.rows(call)))


class RmsNorm(_LastAxesNorm):
    """Divides the last axes of each sample by their root mean square."""

    eps: float | None = arg("added to the mean square", default=None)

    reference = "torch.nn.RMSNorm, keras.layers.RMSNormalization"
    equation = "params = Πnormalized_shape"
    example = "rms_norm", (128, 512)

    def weights(self, call: Call) -> Weights:
        shape = self._normalized(call)
        return {"weight": shape} if self.elementwise_affine and shape is not None else {}

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        # The square and its mean, the division, the scale.
        return times(4 if self.elementwise_affine else 3, numel(outputs[0].shape))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), own=(Tensor((self.rows(call),)),))


class _ResponseNorm(Layer):
    """Divides each cell by a sum over the channels beside it."""

    pointwise = True

    size: int = arg("how many channels are summed over")
    alpha: float = arg("factor of the sum", default=1e-4)
    beta: float = arg("exponent of the sum", default=0.75)
    k: float = arg("added to the sum", default=1.0)

    equation = "params = 0"

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        # The square, the sum over channels, the power, the division.
        return times(self.size + 3, numel(outputs[0].shape))


class LocalResponseNorm(_ResponseNorm):
    """Divides each cell by a sum of squares over the channels beside it, as AlexNet had it."""

    aliases = ("lrn",)
    reference = "torch.nn.LocalResponseNorm, ONNX LRN"
    example = "{type: local_response_norm, size: 5}", (96, 27, 27)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_number(self)
        call.require_least("size", self.size)
        if call.shape is not None and len(call.shape) < 2:
            call.wrong_rank(self, 2)
        return call.tensor(call.shape, as_float(call.dtype))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        shape = call.shape or (None,)
        padded = (added(shape[0], self.size - 1), *shape[1:])
        # The squares with zeroes around the channels, the divisor and its base.
        return Kept(inputs=(0,), own=(outputs[0]._replace(shape=padded), *(outputs[0],) * 2))


class CrossMapLrn2d(_ResponseNorm, rank=2):
    """The older form of local response norm, for images."""

    reference = "torch.nn.CrossMapLRN2d"
    example = "{type: cross_map_lrn2d, size: 5}", (96, 27, 27)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        call.require_least("size", self.size)
        channels, spatial = call.image(self)
        return call.tensor(call.map(channels, spatial))

    def rank_help(self, spatial_rank: int) -> str | None:
        return "write local_response_norm"

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,), outputs=(0,), own=tuple(outputs))  # the divisor's base
