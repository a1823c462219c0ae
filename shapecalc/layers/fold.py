"""Windows as columns, and columns back to windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    PerAxis,
    Shape,
    Tensor,
    along_axes,
    arg,
    format_shape,
    outputs_of,
    product,
)
from shapecalc.layers.cost import numel
from shapecalc.sizes import Window, conv_window

_AXES = 2


class _Columns(Layer):
    """What both directions share: windows that slide over an image."""

    kernel_size: PerAxis = arg("size of the window")
    dilation: PerAxis = arg("distance between the cells a window reads", default=1)
    padding: PerAxis = arg("zeros added on both sides of the image", default=0)
    stride: PerAxis = arg("step of the window", default=1)

    foreign = {"strides": "stride", "dilation_rate": "dilation", "kernel": "kernel_size"}
    #: The fields that give a number for each axis.
    per_axis: ClassVar[tuple[str, ...]] = ("kernel_size", "stride", "padding", "dilation")

    def slide(self, call: Call, sizes: Shape) -> tuple[Window | None, ...]:
        """The windows over an image of this size."""
        values = [call.per_axis(field, getattr(self, field), _AXES) for field in self.per_axis]
        kernel, stride, padding, dilation = values
        if not (kernel and stride and padding and dilation):
            return (None,) * _AXES

        def window(axis: int, n: int) -> Window:
            return conv_window(n, kernel[axis], stride[axis], padding[axis], dilation[axis])

        return along_axes(call, _AXES, sizes, window)

    def cells(self, call: Call) -> Dim:
        """How many cells a window has; unknown where the kernel is wrong."""
        kernel = Call(call.inputs).per_axis("kernel_size", self.kernel_size, _AXES)
        return product(kernel) if kernel and min(kernel) > 0 else None


class Unfold(_Columns):
    """Each window of an image as one column."""

    aliases = ("im2col",)
    reference = "torch.nn.Unfold, keras.ops.image.extract_patches"
    equation = "out = (C·Πkernel_size, L), L the product of the window counts"
    example = "{type: unfold, kernel_size: 3, padding: 1}", (3, 32, 32)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if call.dtype != "bool":
            call.require_float(self)
        if call.shape is not None and len(call.shape) != _AXES + 1:
            call.wrong_rank(self, _AXES + 1)
        count = product(outputs_of(self._windows(call)))
        return call.tensor((product((self._channels(call), self.cells(call))), count))

    @staticmethod
    def _channels(call: Call) -> Dim:
        shape = call.shape
        return shape[0] if shape is not None and len(shape) == _AXES + 1 else None

    def windows(self, call: Call) -> tuple[Window | None, ...]:
        return self._windows(Call(call.inputs))

    def _windows(self, call: Call) -> tuple[Window | None, ...]:
        shape = call.shape
        fits = shape is not None and len(shape) == _AXES + 1
        return self.slide(call, call.spatial() if fits else (None,) * _AXES)


class Fold(_Columns):
    """Each column as a window of an image; where windows overlap, their values are added."""

    output_size: PerAxis = arg("height and width of the image")

    aliases = ("col2im",)
    reference = "torch.nn.Fold, ONNX Col2Im"
    equation = "out = (C/Πkernel_size, *output_size); L is the product of the window counts"
    example = "{type: fold, output_size: 32, kernel_size: 4, stride: 4}", (48, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if call.dtype != "bool":
            call.require_float(self)
        rows, columns = self._received(call)
        image = call.per_axis("output_size", self.output_size, _AXES)
        if image is not None and not call.require_least("output_size", min(image)):
            image = None
        windows = self.slide(call, image or (None,) * _AXES)
        self._check_columns(call, columns, product(outputs_of(windows)))
        return call.tensor((self._channels(call, rows), *(image or (None,) * _AXES)))

    def _received(self, call: Call) -> Shape:
        if call.shape is not None and len(call.shape) == 2:
            return call.shape
        if call.shape is not None:
            call.wrong_rank(self, 2)
        return None, None

    @staticmethod
    def _check_columns(call: Call, columns: Dim, count: Dim) -> None:
        if None not in (columns, count) and columns != count:
            call.report(
                "SC107",
                f"the windows are {count} in number, the input has {columns} columns: "
                f"{format_shape(call.shape)}",
                "output_size",
                "use the arguments of the unfold that made the columns",
            )

    def _channels(self, call: Call, rows: Dim) -> Dim:
        cells = self.cells(call)
        if rows is None or cells is None or rows % cells == 0:
            return None if rows is None or cells is None else rows // cells
        call.report(
            "SC105",
            f"the window has {cells} cells, which do not divide the {rows} rows of "
            f"{format_shape(call.shape)}",
            "kernel_size",
            "use the arguments of the unfold that made the columns",
        )
        return None

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return numel(call.shape)
