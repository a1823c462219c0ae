"""Upsampling, padding and cropping."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar, Literal

from shapecalc.layers.base import AXES, Call, Dim, Layer, Shape, Tensor, arg, format_shape, plural
from shapecalc.layers.cost import Kept, Wanted, numel, times
from shapecalc.layers.pooling import cells_read
from shapecalc.layers.reaches import Reaches, spatial
from shapecalc.layers.strides import Strides
from shapecalc.reach import Reach, adaptive, ratio_of, resampling
from shapecalc.sizes import Window, scaled_size

#: How many cells each interpolated one is computed from; ``nearest`` only copies.
TAPS = {"linear": 2, "bilinear": 4, "bicubic": 16, "trilinear": 8, "lanczos3": 36, "lanczos5": 100}


class Upsample(Layer):
    """Resamples each channel to a size, by a factor, or to the size of another layer."""

    size: int | tuple[int, ...] | None = arg("the output's spatial size", default=None)
    scale_factor: float | tuple[float, ...] | None = arg(
        "how many times larger, for all axes or for each", default=None
    )
    mode: Literal[
        "nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact"
    ] = arg("how values are interpolated", default="nearest")
    align_corners: bool | None = arg("whether corner cells are kept in place", default=None)
    recompute_scale_factor: bool | None = arg(
        "whether the factor is computed anew from the rounded size", default=None
    )
    like: str | None = arg(
        "a layer whose spatial size the output gets", default=None, reference=True
    )

    shape_only = ("like",)
    aliases = ("interpolate", "resize")
    foreign = {"interpolation": "mode"}
    reference = "torch.nn.Upsample, keras.layers.UpSampling2D, ONNX Resize"
    equation = "out = ⌊in·scale_factor⌋, or size"
    example = "{type: upsample, scale_factor: 2}", (64, 16, 16)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        sizes = call.spatial()
        if call.shape is None:
            return call.tensor(None)
        if len(sizes) not in AXES:
            call.wrong_rank(self, 3)
            return call.tensor(None)
        given = [f for f in ("size", "scale_factor", "like") if getattr(self, f) is not None]
        if len(given) != 1:
            what = " and ".join(given) if given else "none"
            call.report(
                "SC106",
                f"one of size, scale_factor and like is needed, {what} given",
                given[1] if given else None,
            )
            return call.tensor(call.map(call.channels(), (None,) * len(sizes)))
        self._check_mode(call, len(sizes))
        self._check_dtype(call)
        if self.recompute_scale_factor and self.scale_factor is None:
            call.report(
                "SC106",
                "recompute_scale_factor has no meaning without scale_factor",
                "recompute_scale_factor",
            )
        return call.tensor(call.map(call.channels(), self._target(call, sizes)))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        after = Call((outputs[0],), channels_last=call.channels_last).spatial()
        factors: tuple[float | None, ...] = (None,) * len(after)
        if self.scale_factor is not None and not self.recompute_scale_factor:
            given = self.scale_factor
            factors = given if isinstance(given, tuple) else (given,) * len(after)
        return spatial(call, map(self._resampled, call.spatial(), after, factors))

    def _resampled(self, n: Dim, out: Dim, factor: float | None) -> Reach | None:
        """What is read along one axis, as PyTorch's ``UpSample.h`` computes it."""
        if n is None or out is None:
            return None
        if self.mode == "area":
            return adaptive(n, out)
        ratio = Fraction(n, out) if factor is None else ratio_of(factor)
        if self.mode == "nearest":
            return resampling(ratio, Fraction(0), 0, 0)
        if self.mode == "nearest-exact":
            return resampling(ratio, ratio / 2, 0, 0)
        before, after = (1, 2) if self.mode == "bicubic" else (0, 1)
        if self.align_corners:
            ratio = Fraction(n - 1, out - 1) if out > 1 else Fraction(0)
            return resampling(ratio, Fraction(0), before, after)
        return resampling(ratio, ratio / 2 - Fraction(1, 2), before, after)

    def _check_mode(self, call: Call, rank: int) -> None:
        ranks = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
        wanted = ranks.get(self.mode)
        if wanted not in (None, rank):
            fitting = [mode for mode, r in ranks.items() if r == rank]
            call.report(
                "SC106",
                f"mode {self.mode} is for {plural(wanted or 0, 'axis')} besides the channels, "
                f"the input has {rank}",
                "mode",
                f"write {' or '.join([*fitting, 'nearest'])}",
            )
        elif wanted is None and self.align_corners is not None:
            call.report(
                "SC106", f"align_corners has no meaning with mode {self.mode}", "align_corners"
            )

    def _check_dtype(self, call: Call) -> None:
        """Bytes (images) are resampled as they are, other integers are not."""
        if call.dtype != "uint8" or self.mode in ("area", "linear", "trilinear"):
            call.require_float(self)

    def _target(self, call: Call, sizes: Shape) -> Shape:
        if self.like is not None:
            other = call.inputs[1]
            same_rank = other.shape is not None and len(other.shape) == len(sizes) + 1
            if other.shape is not None and not same_rank:
                call.report(
                    "SC103",
                    f"`{self.like}` is {format_shape(other.shape)}, the input is "
                    f"{format_shape(call.shape)}: the ranks differ",
                    "like",
                )
            if not same_rank:
                return (None,) * len(sizes)
            return Call((other,), channels_last=call.channels_last).spatial()
        if self.size is not None:
            return self._sizes(call, "size", self.size, sizes)
        assert self.scale_factor is not None
        factors = self.scale_factor
        if not isinstance(factors, tuple):
            factors = (factors,) * len(sizes)
        if len(factors) != len(sizes):
            call.per_axis("scale_factor", (0,) * len(factors), len(sizes))
            return (None,) * len(sizes)
        return self._checked(
            call,
            "scale_factor",
            tuple(
                None if n is None else scaled_size(n, factor)
                for n, factor in zip(sizes, factors, strict=True)
            ),
        )

    def _sizes(self, call: Call, field: str, value: int | tuple[int, ...], sizes: Shape) -> Shape:
        wanted = call.per_axis(field, value, len(sizes))
        return (None,) * len(sizes) if wanted is None else self._checked(call, field, wanted)

    @staticmethod
    def _checked(call: Call, field: str, sizes: Shape) -> Shape:
        if any(size is not None and size < 1 for size in sizes):
            call.report("SC102", f"the output would be {format_shape(sizes)}", field)
            return tuple(size if size is None or size > 0 else None for size in sizes)
        return sizes

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        if self.mode == "area":
            return cells_read(call, outputs[0])
        return times(TAPS.get(self.mode, 0), numel(outputs[0].shape))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,)) if self.mode == "area" else Kept()


def _middle(n: int, size: int) -> Window:
    """The middle ``size`` of ``n`` cells as a window; an odd cell is cut off at the end."""
    before = (n - size) // 2
    return Window(n, 1, 1, -before, -(n - size - before), 1, size)


class _Upsampling(Layer, rank=2):
    """An upsampling of one mode."""

    size: int | tuple[int, ...] | None = arg("the output's spatial size", default=None)
    scale_factor: float | tuple[float, ...] | None = arg(
        "how many times larger, for both axes or for each", default=None
    )

    equation = "out = ⌊in·scale_factor⌋, or size"
    mode: ClassVar[Literal["nearest", "bilinear"]]

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        channels, sizes = call.image(self)
        if (self.size is None) == (self.scale_factor is None):
            call.report(
                "SC106",
                "one of size and scale_factor is needed",
                None if self.size is None else "scale_factor",
            )
            return call.tensor(call.map(channels, (None,) * len(sizes)))
        inner = Call((Tensor(call.map(channels, sizes), call.dtype, call.batched),))
        outputs = self._upsample().infer(inner)
        call.problems += inner.problems
        return outputs

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return self._upsample().reaches(call, outputs, number)

    def _upsample(self) -> Upsample:
        corners = True if self.mode == "bilinear" else None
        return Upsample(
            size=self.size, scale_factor=self.scale_factor, mode=self.mode, align_corners=corners
        )

    def rank_help(self, spatial_rank: int) -> str | None:
        return "write {type: upsample, scale_factor: …}, which takes the rank of its input"

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(TAPS.get(self.mode, 0), numel(outputs[0].shape))


class UpsamplingNearest2d(_Upsampling):
    """An image enlarged by repeating its pixels."""

    mode = "nearest"
    reference = "torch.nn.UpsamplingNearest2d, keras.layers.UpSampling2D, ONNX Resize"
    example = "{type: upsampling_nearest2d, scale_factor: 2}", (64, 16, 16)


class UpsamplingBilinear2d(_Upsampling):
    """An image enlarged between its pixels, its corners kept in place."""

    mode = "bilinear"
    reference = "torch.nn.UpsamplingBilinear2d, ONNX Resize"
    example = "{type: upsampling_bilinear2d, scale_factor: 2}", (64, 16, 16)


class CenterCrop(Layer):
    """Cuts the middle out of each spatial axis: to a size, or to that of another layer."""

    size: int | tuple[int, ...] | None = arg("the output's spatial size", default=None)
    like: str | None = arg(
        "a layer whose spatial size the output gets", default=None, reference=True
    )

    shape_only = ("like",)
    frameworks = ("pytorch", "keras")
    foreign = {"height": "size", "width": "size"}
    reference = "torchvision.transforms.CenterCrop, keras.layers.CenterCrop"
    equation = "out = size"
    example = "{type: center_crop, size: 56}", (512, 64, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        sizes = call.spatial()
        if call.shape is None:
            return call.tensor(None)
        if not sizes:
            call.wrong_rank(self, 3)
            return call.same()
        if (self.size is None) == (self.like is None):
            call.report("SC106", "one of size and like is needed", "like" if self.like else None)
            return call.tensor(call.map(call.channels(), (None,) * len(sizes)))
        return call.tensor(call.map(call.channels(), self._target(call, sizes)))

    def windows(self, call: Call) -> tuple[Window | None, ...] | None:
        """What it cuts away it does not read: a window of one cell that starts inside."""
        (output, *_) = self.infer(Call(call.inputs, call.rounding, call.channels_last))
        if output.shape is None or call.shape is None:
            return None
        cropped = Call((output,), channels_last=call.channels_last).spatial()
        return tuple(
            None if n is None or size is None or size > n else _middle(n, size)
            for n, size in zip(call.spatial(), cropped, strict=True)
        )

    def _target(self, call: Call, sizes: Shape) -> Shape:
        field = "size"
        if self.like is not None:
            field = "like"
            other = Call((call.inputs[1],), channels_last=call.channels_last)
            wanted: Shape | None = other.spatial() if other.shape is not None else None
            if wanted is not None and len(wanted) != len(sizes):
                call.report(
                    "SC103",
                    f"`{self.like}` is {format_shape(other.shape)}, the input is "
                    f"{format_shape(call.shape)}: the ranks differ",
                    field,
                )
                wanted = None
        else:
            assert self.size is not None
            wanted = call.per_axis(field, self.size, len(sizes))
        if wanted is None:
            return (None,) * len(sizes)
        for n, size, axis in zip(sizes, wanted, AXES.get(len(sizes), ()), strict=False):
            if size is not None and size < 1:
                call.report("SC102", f"the {axis} would be {size}", field)
                break
            if n is not None and size is not None and size > n:
                call.report("SC106", f"cannot crop the {axis} of {n} to {size}", field)
                break
        return wanted

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (strides,)


class _Pad(Layer):
    """Adds cells around each channel (negative numbers crop)."""

    padding: int | tuple[int, ...] = arg(
        "one number for every side, or (left, right, top, bottom, …): the last axis first"
    )

    equation = "out = in + before + after"
    #: A padding must stay below the size (reflect: n - 1, circular: n).
    slack: ClassVar[int | None] = None
    #: Whether the other side is cropped before cells are added.
    crops_first: ClassVar[bool] = True

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        channels, sizes = call.image(self)
        rank = self.rank or 1
        pairs = self.added_cells()
        if not pairs:
            count = len(self.padding) if isinstance(self.padding, tuple) else 1
            call.report(
                "SC106",
                f"padding has {plural(count, 'number')}, {2 * rank} are needed: before and "
                f"after each axis, the last axis first",
                "padding",
            )
            return call.tensor(call.map(channels, (None,) * rank))
        return call.tensor(
            call.map(
                channels,
                tuple(
                    self._padded(call, AXES[rank][axis], n, *pairs[axis])
                    for axis, n in enumerate(sizes)
                ),
            )
        )

    def added_cells(self) -> tuple[tuple[int, int], ...]:
        rank = self.rank or 1
        sides = self.padding
        if isinstance(sides, int):
            sides = (sides,) * (2 * rank)
        if len(sides) != 2 * rank:
            return ()
        return tuple((sides[i], sides[i + 1]) for i in range(0, 2 * rank, 2))[::-1]

    def _padded(self, call: Call, axis: str, n: int | None, before: int, after: int) -> int | None:
        if n is None:
            return None
        left = n + min(before, 0) + min(after, 0)
        if left < 0 and self.crops_first:
            call.report(
                "SC106", f"padding {before} and {after} crop more than the {axis} of {n}", "padding"
            )
            return None
        source = left if self.crops_first else n
        most = max(before, after)
        if self.slack is not None and most > max(source - self.slack, 0):
            call.report(
                "SC106",
                f"padding of {most} needs more than the {source} cells of the {axis}",
                "padding",
                f"use padding of at most {max(source - self.slack, 0)}",
            )
            return None
        if n + before + after < 1:
            call.report("SC102", f"the {axis} would be {n} + {before} + {after} cells", "padding")
            return None
        return n + before + after


class ZeroPad1d(_Pad, rank=1):
    """Zeroes around a sequence."""

    reference = "torch.nn.ZeroPad1d, keras.layers.ZeroPadding1D, ONNX Pad"
    example = "{type: zero_pad1d, padding: 2}", (16, 100)


class ZeroPad2d(_Pad, rank=2):
    """Zeroes around an image."""

    reference = "torch.nn.ZeroPad2d, keras.layers.ZeroPadding2D, ONNX Pad"
    example = "{type: zero_pad2d, padding: [0, 1, 0, 1]}", (3, 224, 224)


class ZeroPad3d(_Pad, rank=3):
    """Zeroes around a volume."""

    reference = "torch.nn.ZeroPad3d, keras.layers.ZeroPadding3D, ONNX Pad"
    example = "{type: zero_pad3d, padding: 1}", (1, 8, 8, 8)


class _ConstantPad(_Pad):
    """A constant around each channel."""

    value: float = arg("what is filled in")


class ConstantPad1d(_ConstantPad, rank=1):
    """A constant around a sequence."""

    reference = "torch.nn.ConstantPad1d, ONNX Pad"
    example = "{type: constant_pad1d, padding: 2, value: 0.5}", (16, 100)


class ConstantPad2d(_ConstantPad, rank=2):
    """A constant around an image."""

    reference = "torch.nn.ConstantPad2d, ONNX Pad"
    example = "{type: constant_pad2d, padding: 1, value: -1.0}", (3, 32, 32)


class ConstantPad3d(_ConstantPad, rank=3):
    """A constant around a volume."""

    reference = "torch.nn.ConstantPad3d, ONNX Pad"
    example = "{type: constant_pad3d, padding: 1, value: 0.0}", (1, 8, 8, 8)


class ReflectionPad1d(_Pad, rank=1):
    """The mirrored sequence around itself."""

    keeps = "input"
    crops_first = False
    slack = 1
    reference = "torch.nn.ReflectionPad1d, ONNX Pad"
    example = "{type: reflection_pad1d, padding: 2}", (16, 100)


class ReflectionPad2d(_Pad, rank=2):
    """The mirrored image around itself."""

    keeps = "input"
    crops_first = False
    slack = 1
    reference = "torch.nn.ReflectionPad2d, ONNX Pad"
    example = "{type: reflection_pad2d, padding: 3}", (3, 256, 256)


class ReflectionPad3d(_Pad, rank=3):
    """The mirrored volume around itself."""

    keeps = "input"
    crops_first = False
    slack = 1
    reference = "torch.nn.ReflectionPad3d, ONNX Pad"
    example = "{type: reflection_pad3d, padding: 1}", (1, 8, 8, 8)


class ReplicationPad1d(_Pad, rank=1):
    """The last cells repeated around a sequence."""

    keeps = "input"
    crops_first = False
    reference = "torch.nn.ReplicationPad1d, ONNX Pad"
    example = "{type: replication_pad1d, padding: 2}", (16, 100)


class ReplicationPad2d(_Pad, rank=2):
    """The border repeated around an image."""

    keeps = "input"
    crops_first = False
    reference = "torch.nn.ReplicationPad2d, ONNX Pad"
    example = "{type: replication_pad2d, padding: 1}", (3, 32, 32)


class ReplicationPad3d(_Pad, rank=3):
    """The border repeated around a volume."""

    keeps = "input"
    crops_first = False
    reference = "torch.nn.ReplicationPad3d, ONNX Pad"
    example = "{type: replication_pad3d, padding: 1}", (1, 8, 8, 8)


class CircularPad1d(_Pad, rank=1):
    """The other end of the sequence."""

    slack = 0
    reference = "torch.nn.CircularPad1d, ONNX Pad"
    example = "{type: circular_pad1d, padding: 2}", (16, 100)


class CircularPad2d(_Pad, rank=2):
    """The opposite border of the image."""

    slack = 0
    reference = "torch.nn.CircularPad2d, ONNX Pad"
    example = "{type: circular_pad2d, padding: 1}", (3, 32, 32)


class CircularPad3d(_Pad, rank=3):
    """The opposite border of the volume."""

    slack = 0
    reference = "torch.nn.CircularPad3d, ONNX Pad"
    example = "{type: circular_pad3d, padding: 1}", (1, 8, 8, 8)
