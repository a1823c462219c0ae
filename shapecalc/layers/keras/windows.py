"""How Keras' convolutions and pools slide: the padding is a word, never a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shapecalc.layers.base import Call, Layer, PerAxis, Shape, along_axes
from shapecalc.sizes import EmptyOutputError, Rounding, Window, conv_window, same_padding

PADDING = "valid (none) or same; for a number of cells put a zero_pad layer before it"
EQUATION = "out = ⌊(in - dilation·(kernel_size - 1) - 1)/stride⌋ + 1 (valid), ⌈in/stride⌉ (same)"


def spatial_sizes(layer: Layer, call: Call) -> Shape:
    """The spatial sizes of an input of the layer's rank; unknown where it has another."""
    rank = layer.rank or 1
    fits = call.shape is not None and len(call.shape) == rank + 1
    return call.spatial() if fits else (None,) * rank


def positive(call: Call, layer: Layer, **fields: PerAxis) -> list[tuple[int, ...]] | None:
    """Arguments along each axis, all of them at least 1; SC106 and ``None`` where one is not."""
    found = []
    for field, value in fields.items():
        values = call.per_axis(field, value, layer.rank or 1)
        if values is None or not call.require_least(field, min(values)):
            return None
        found.append(values)
    return found


def slide(
    layer: Layer,
    call: Call,
    arguments: Sequence[tuple[int, ...]],
    padding: Literal["valid", "same", "causal"],
) -> tuple[Window | None, ...]:
    """The window along each axis, of kernel, stride and dilation; what does not fit is reported."""

    def along(axis: int, n: int) -> Window:
        kernel, stride, dilation = (values[axis] for values in arguments)
        return _window(n, kernel, stride, dilation, padding, call.rounding)

    return along_axes(call, layer.rank or 1, spatial_sizes(layer, call), along)


def _window(
    n: int,
    kernel: int,
    stride: int,
    dilation: int,
    padding: Literal["valid", "same", "causal"],
    rounding: Rounding,
) -> Window:
    """``same`` and ``causal`` come to ``⌈n/s⌉`` by definition; ``valid`` is rounded as asked."""
    if padding == "same":
        before, after = same_padding(n, kernel, stride, dilation)
        return conv_window(n, kernel, stride, (before, after), dilation)
    if padding == "causal":
        return conv_window(n, kernel, stride, (dilation * (kernel - 1), 0), dilation)
    try:
        return conv_window(n, kernel, stride, 0, dilation, rounding)
    except EmptyOutputError as error:
        largest = (n - 1) // dilation + 1
        help = f"use a kernel_size of at most {largest}, padding: same, or a larger input"
        raise EmptyOutputError(str(error), error.argument, help) from None
