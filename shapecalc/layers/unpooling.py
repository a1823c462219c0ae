"""Max pools undone: each value back to the place it came from."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import (
    Call,
    Layer,
    PerAxis,
    Shape,
    Tensor,
    along_axes,
    arg,
    format_shape,
    outputs_of,
)
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.pooling import FOREIGN
from shapecalc.layers.reaches import Reaches, spatial
from shapecalc.reach import spreading
from shapecalc.sizes import SizeError, TransposedWindow, conv_transpose_window


class _MaxUnpool(Layer):
    """Puts each value where a max pool found it, and zeroes everywhere else."""

    kernel_size: PerAxis = arg("size of the pool's window")
    stride: PerAxis | None = arg("step of the pool's window; by default the kernel", default=None)
    padding: PerAxis = arg("cells that the pool added on both sides", default=0)
    output_size: int | tuple[int, ...] | None = arg(
        "the size before the pool, where the pool dropped a remainder", default=None
    )
    indices: str = arg("the pool's indices: `pool.1` with return_indices", reference=True)

    foreign = FOREIGN
    equation = "out = (in - 1)·stride - 2·padding + kernel_size, or output_size"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        channels, _ = call.image(self)
        self._check_indices(call)
        return call.tensor(call.map(channels, outputs_of(self._windows(call))))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        windows = self.transposed_windows(call)
        return spatial(call, [None if one is None else spreading(one) for one in windows])

    def transposed_windows(self, call: Call) -> tuple[TransposedWindow | None, ...]:
        return self._windows(Call(call.inputs))

    def _check_indices(self, call: Call) -> None:
        for places in call.inputs[1:]:
            if places.shape is None:
                continue
            if places.dtype != "int64":
                call.report(
                    "SC109",
                    f"indices must be int64, `{self.indices}` is {places.dtype}",
                    "indices",
                    "give the pool return_indices: true, and read its output 1",
                )
            elif call.shape is not None and not _fits(places.shape, call.shape):
                call.report(
                    "SC104",
                    f"`{self.indices}` is {format_shape(places.shape)}, the input is "
                    f"{format_shape(call.shape)}: there is one place for each value",
                    "indices",
                )

    def _windows(self, call: Call) -> tuple[TransposedWindow | None, ...]:
        rank = self.rank or 1
        shape = call.shape
        sizes: Shape = call.spatial() if shape and len(shape) == rank + 1 else (None,) * rank
        kernel = call.per_axis("kernel_size", self.kernel_size, rank)
        stride = kernel if self.stride is None else call.per_axis("stride", self.stride, rank)
        padding = call.per_axis("padding", self.padding, rank)
        wanted = self.output_size
        target = None if wanted is None else call.per_axis("output_size", wanted, rank)
        if not (kernel and stride and padding):
            return (None,) * rank

        def window(axis: int, n: int) -> TransposedWindow:
            size = None if target is None else target[axis]
            return _unpooled(n, kernel[axis], stride[axis], padding[axis], size)

        return along_axes(call, rank, sizes, window)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(1,))


def _fits(have: Shape, want: Shape) -> bool:
    return len(have) == len(want) and all(
        None in pair or pair[0] == pair[1] for pair in zip(have, want, strict=True)
    )


def _unpooled(
    n: int, kernel: int, stride: int, padding: int, target: int | None
) -> TransposedWindow:
    """The window of a pool, the other way round."""
    if not 0 <= padding <= kernel // 2:
        raise SizeError(
            f"no pool has padding {padding} with a kernel of {kernel}: 0 to {kernel // 2}",
            "padding",
        )
    window = conv_transpose_window(n, kernel, stride, padding)
    if target is None:
        return window
    more = target - window.out
    if abs(more) >= stride or target < 1:
        raise SizeError(
            f"output_size is {target}, a pool gives {n} from "
            f"{max(window.out - stride + 1, 1)} to {window.out + stride - 1}",
            "output_size",
        )
    return window._replace(output_padding=more, out=target)


class MaxUnpool1d(_MaxUnpool, rank=1):
    """A max pool of a sequence undone."""

    reference = "torch.nn.MaxUnpool1d, ONNX MaxUnpool"
    example = (
        "{type: sequential, layers: ["
        "{type: max_pool1d, name: pool, kernel_size: 2, return_indices: true}, "
        "{type: max_unpool1d, kernel_size: 2, indices: pool.1}]}",
        (16, 100),
    )


class MaxUnpool2d(_MaxUnpool, rank=2):
    """A max pool of an image undone."""

    reference = "torch.nn.MaxUnpool2d, ONNX MaxUnpool"
    example = (
        "{type: sequential, layers: ["
        "{type: max_pool2d, name: pool, kernel_size: 2, return_indices: true}, "
        "{type: max_unpool2d, kernel_size: 2, indices: pool.1}]}",
        (16, 32, 32),
    )


class MaxUnpool3d(_MaxUnpool, rank=3):
    """A max pool of a volume undone."""

    reference = "torch.nn.MaxUnpool3d, ONNX MaxUnpool"
    example = (
        "{type: sequential, layers: ["
        "{type: max_pool3d, name: pool, kernel_size: 2, return_indices: true}, "
        "{type: max_unpool3d, kernel_size: 2, indices: pool.1}]}",
        (4, 8, 16, 16),
    )
