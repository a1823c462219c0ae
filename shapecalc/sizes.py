"""The size equations, one axis at a time, in plain integers.

Every function takes the length ``n`` of one axis and the layer's arguments along it, and returns a
length; the ``*_window`` forms return a :class:`Window`, which also knows whether the division came
out even and which cells of the axis are never read.

Sources: the "Shape" sections of ``torch.nn.Conv2d``, ``ConvTranspose2d`` and ``MaxPool2d`` with
ATen's ``pooling_output_shape`` for the last-window rule; ``compute_conv_output_shape`` and
``compute_conv_transpose_output_shape`` of Keras for ``same`` and ``valid``.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

Rounding = Literal["floor", "ceil"]

#: A padding: the same on both sides, or (before, after).
Padding = int | tuple[int, int]


def counted(size: int) -> int:
    """A size as the plain number of things to count off: of one that is an expression it is noted,
    by comparing, that it is this number."""
    number = int(size)
    return number if size == number else size


class SizeError(ValueError):
    """A size that cannot be: the ``argument`` to blame, and ``help`` where a way out is known."""

    def __init__(
        self, message: str, argument: str = "kernel_size", help: str | None = None
    ) -> None:
        super().__init__(message)
        self.argument = argument
        self.help = help


class EmptyOutputError(SizeError):
    """The output would have no cell: the kernel does not fit into the padded input."""


class Window(NamedTuple):
    """A window of ``kernel`` cells sliding along an axis of ``n`` cells, and where it ends up.

    ``before`` and ``after`` are the padding; ``out`` is the number of positions.
    """

    n: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int
    out: int

    @property
    def span(self) -> int:
        """The effective kernel ``e = dilation·(kernel - 1) + 1``."""
        return effective_kernel(self.kernel, self.dilation)

    @property
    def remainder(self) -> int:
        """Cells of the padded axis behind the last whole stride; 0 where the size is exact."""
        return (self.n + self.before + self.after - self.span) % self.stride

    @property
    def exact(self) -> bool:
        """Whether the fraction in the size equation is an integer."""
        return self.remainder == 0

    @property
    def leftover(self) -> int:
        """Cells at the end of the padded axis that no window covers (negative: cells past it)."""
        covered = (self.out - 1) * self.stride + self.span
        return self.n + self.before + self.after - covered

    @property
    def dropped_padding(self) -> int:
        """How many of the padding cells at the end no window covers."""
        return min(max(self.leftover, 0), self.after)

    @property
    def unread(self) -> int:
        """How many cells of the input itself, at its end, no window covers."""
        return min(max(self.leftover - self.after, 0), self.n)

    @property
    def gap(self) -> int:
        """Cells between one window and the next that neither covers."""
        return max(self.stride - self.span, 0)

    @property
    def fraction(self) -> float:
        """The size before rounding (27.5 where the output is 27 or 28)."""
        return (self.n + self.before + self.after - self.span) / self.stride + 1

    @property
    def exact_inputs(self) -> tuple[int, ...]:
        """The nearest input sizes, below and above ``n``, that make the size an integer."""
        below = self.n - self.remainder
        around = (below,) if self.exact else (below, below + self.stride)
        return tuple(n for n in around if n > 0 and self._fits(n - self.n))

    def exact_padding(self, most: int | None = None) -> int | None:
        """The nearest padding, the same on both sides, that makes the size an integer.

        At most ``most`` (by default less than the kernel spans); ``None`` where there is none near.
        """
        most = self.span - 1 if most is None else most
        for change in _nearby(self.stride):
            padding = self.before + change
            more = 2 * padding - self.before - self.after
            if 0 <= padding <= most and self._fits(more):
                return padding
        return None

    def reading_padding(self, most: int | None = None) -> int | None:
        """The smallest larger padding, the same on both sides, with which no cell of the input is
        left unread, though the size need not be an integer; ``None`` where there is none.

        At most ``most`` (by default less than the kernel spans).
        """
        most = self.span - 1 if most is None else most
        for padding in range(max(self.before, self.after) + 1, most + 1):
            if (self.n + 2 * padding - self.span) % self.stride <= padding:
                return padding
        return None

    def exact_kernel(self, least: int = 1) -> int | None:
        """The nearest kernel size, from ``least`` on, that makes the size an integer.

        ``None`` where there is none near.
        """
        for change in _nearby(self.stride):
            if self.kernel + change >= least and self._fits(-change * self.dilation):
                return self.kernel + change
        return None

    def _fits(self, more: int) -> bool:
        """Whether the size is an integer of at least 1 with so many more cells to slide over."""
        room = self.n + self.before + self.after - self.span + more
        return room >= 0 and room % self.stride == 0

    def positions(self, output: int) -> range:
        """The cells of the axis that the window at position ``output`` touches.

        Negative numbers and numbers from ``n`` on are padding.
        """
        start = output * self.stride - self.before
        return range(start, start + self.span, self.dilation)

    def equation(self, rounding: Rounding = "floor") -> str:
        """The size equation with its numbers, as PyTorch's documentation writes it."""
        left, right = ("⌈", "⌉") if rounding == "ceil" else ("⌊", "⌋")
        padding = (
            f"2×{self.before}" if self.before == self.after else f"{self.before} + {self.after}"
        )
        inner = (
            f"({self.n} + {padding} - {self.dilation}×({self.kernel} - 1) - 1)/{self.stride} + 1"
        )
        # A named size is no number, of which to show the fraction.
        whole = self.exact or type(self.out) is not int
        middle = "" if whole else f" = {left}{format_fraction(self.fraction)}{right}"
        # PyTorch's last-window rule takes a position off what rounding up gives.
        taken_off = " - 1" if rounding == "ceil" and self.leftover > 0 else ""
        return f"{left}{inner}{right}{middle}{taken_off} = {self.out}"


class TransposedWindow(NamedTuple):
    """A transposed convolution along one axis; ``out`` is the length it produces."""

    n: int
    kernel: int
    stride: int
    before: int
    after: int
    output_padding: int
    dilation: int
    out: int

    @property
    def span(self) -> int:
        """The effective kernel ``e = dilation·(kernel - 1) + 1``."""
        return effective_kernel(self.kernel, self.dilation)

    def equation(self) -> str:
        """The size equation with its numbers, as PyTorch's documentation writes it."""
        padding = (
            f"2×{self.before}" if self.before == self.after else f"({self.before} + {self.after})"
        )
        return (
            f"({self.n} - 1)×{self.stride} - {padding} + "
            f"{self.dilation}×({self.kernel} - 1) + {self.output_padding} + 1 = {self.out}"
        )


def format_fraction(value: float) -> str:
    """A fraction for a table or an equation: ``27.5``, ``10.333``.

    It has so many digits that it does not read as the integer it is close to: ``1.9997``.
    """
    for digits in range(3, 17):
        text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
        if float(text) == value or not float(text).is_integer():
            break
    return text


def _nearby(stride: int) -> Iterator[int]:
    """Changes of an argument worth proposing, the nearest first: 1, -1, 2, -2, …

    The remainder repeats after ``stride`` of them; beyond a dozen nobody would want the answer.
    """
    for distance in range(1, min(stride, 12)):
        yield from (distance, -distance)


def slice_size(n: int, start: int | None = None, end: int | None = None, step: int = 1) -> int:
    """How many cells of ``n`` Python's slice ``[start:end:step]`` takes; ``step`` is positive."""

    def place(index: int) -> int:
        return max(index + n, 0) if index < 0 else min(index, n)

    first = 0 if start is None else place(start)
    last = n if end is None else place(end)
    return max(-(-(last - first) // step), 0)


def scaled_size(n: int, factor: float) -> int:
    """``⌊n·factor⌋`` as PyTorch has it, which computes the product in double: 100 × 0.29 is 28.

    Source: ATen, ``compute_output_size``.
    """
    numerator, divisor = factor.as_integer_ratio()
    if numerator.bit_length() + n.bit_length() <= 53:
        return n * numerator // divisor  # a double holds it exactly
    return int(float(n) * factor)


def effective_kernel(kernel: int, dilation: int = 1) -> int:
    """The cells a dilated kernel spans: ``dilation·(kernel - 1) + 1``."""
    return dilation * (kernel - 1) + 1


def split_padding(padding: Padding) -> tuple[int, int]:
    """A padding as (before, after)."""
    return padding if isinstance(padding, tuple) else (padding, padding)


def _conv_padding(padding: Padding) -> tuple[int, int]:
    before, after = split_padding(padding)
    if min(before, after) < 0:
        raise SizeError(
            f"padding is {min(before, after)}, at least 0 is needed: it cannot crop", "padding"
        )
    return before, after


def require_positive(**arguments: int) -> None:
    """Raise :class:`SizeError` for the first argument below 1."""
    for name, value in arguments.items():
        if value < 1:
            raise SizeError(f"{name} is {value}, at least 1 is needed", name)


def conv_window(
    n: int,
    kernel_size: int,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    rounding: Rounding = "floor",
) -> Window:
    """A convolution along one axis: ``⌊(n + 2p - e)/s⌋ + 1`` with ``e = d(k-1)+1``.

    ``rounding="ceil"`` rounds the fraction up instead. Raises :class:`EmptyOutputError` where the
    kernel is larger than the padded input, :class:`SizeError` for an argument out of range.
    Source: ``torch.nn.Conv2d``, Shape.
    """
    require_positive(n=n, kernel_size=kernel_size, stride=stride, dilation=dilation)
    before, after = _conv_padding(padding)
    return _slide(n, kernel_size, stride, before, after, dilation, rounding)


def _slide(
    n: int,
    kernel: int,
    stride: int,
    before: int,
    after: int,
    dilation: int,
    rounding: Rounding,
    half: bool = False,
) -> Window:
    span = effective_kernel(kernel, dilation)
    room = n + before + after - span
    if room < 0:
        raise _does_not_fit(n, kernel, stride, before, after, dilation, half)
    steps = -(-room // stride) if rounding == "ceil" else room // stride
    return Window(n, kernel, stride, before, after, dilation, steps + 1)


def _does_not_fit(
    n: int,
    kernel: int,
    stride: int,
    before: int,
    after: int,
    dilation: int,
    half: bool = False,
) -> EmptyOutputError:
    """The error, with what would fit; ``half``: padding is at most half of the kernel."""
    span = effective_kernel(kernel, dilation)
    padded = n + before + after
    which = f"the kernel of {kernel}" if span == kernel else f"the dilated kernel of {span}"
    into = f"the input of {n}" if padded == n else f"the padded input of {padded}"
    attempt = Window(n, kernel, stride, before, after, dilation, (padded - span) // stride + 1)
    largest = (padded - 1) // dilation + 1
    padding = -(-(span - n) // 2)
    ways = []
    if not half or max(before, after) <= largest // 2:
        ways.append(f"a kernel_size of at most {largest}")
    if dilation > 1 and kernel <= padded:
        ways.append(f"a dilation of at most {(padded - 1) // (kernel - 1)}")
    if not half or padding <= kernel // 2:
        ways.append(f"padding of at least {padding}")
    return EmptyOutputError(
        f"{which} is larger than {into}: {attempt.equation()}",
        "kernel_size",
        f"use {_either([*ways, 'a larger input'])}",
    )


def _either(ways: list[str]) -> str:
    """``a``, ``a or b``, ``a, b, or c``."""
    if len(ways) < 3:
        return " or ".join(ways)
    return f"{', '.join(ways[:-1])}, or {ways[-1]}"


def same_padding(n: int, kernel_size: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """TensorFlow's ``same``: the padding (before, after) that yields ``⌈n/s⌉``.

    The total is ``max((⌈n/s⌉ - 1)·s + e - n, 0)``; an odd cell goes to the end. With ``s = 1`` this
    is PyTorch's ``padding="same"`` too.
    """
    require_positive(n=n, kernel_size=kernel_size, stride=stride, dilation=dilation)
    span = effective_kernel(kernel_size, dilation)
    total = max((-(-n // stride) - 1) * stride + span - n, 0)
    return total // 2, total - total // 2


def pool_window(
    n: int,
    kernel_size: int,
    stride: int | None = None,
    padding: Padding = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    rounding: Rounding = "floor",
) -> Window:
    """A pooling window along one axis; ``stride`` defaults to the kernel.

    With ``ceil_mode`` the fraction is rounded up, and one position less where the last window would
    start beyond the input and its left padding (``(out - 1)·s >= n + p``). ``rounding="ceil"``
    rounds up without that rule; ``ceil_mode`` wins. Raises :class:`SizeError` for a padding above
    half of the raw kernel. Source: ATen, ``pooling_output_shape``.
    """
    stride = kernel_size if stride is None else stride
    require_positive(n=n, kernel_size=kernel_size, stride=stride, dilation=dilation)
    before, after = split_padding(padding)
    if min(before, after) < 0:
        raise SizeError(f"padding is {min(before, after)}, 0 is the least", "padding")
    if max(before, after) > kernel_size // 2:
        raise SizeError(
            f"padding {max(before, after)} is more than half of the kernel of {kernel_size}",
            "padding",
            f"use padding of at most {kernel_size // 2}",
        )
    if not ceil_mode:
        return _slide(n, kernel_size, stride, before, after, dilation, rounding, half=True)
    span = effective_kernel(kernel_size, dilation)
    steps = -(-(n + before + after - span) // stride)
    if steps * stride >= n + before:
        steps -= 1
    if steps < 0:
        raise _does_not_fit(n, kernel_size, stride, before, after, dilation, half=True)
    return Window(n, kernel_size, stride, before, after, dilation, steps + 1)


#: The same, remembered: a network asks for few windows, but for each of them many times.
remembered_conv_window = lru_cache(maxsize=4096)(conv_window)
remembered_pool_window = lru_cache(maxsize=4096)(pool_window)


def conv_transpose_window(
    n: int,
    kernel_size: int,
    stride: int = 1,
    padding: Padding = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> TransposedWindow:
    """A transposed convolution along one axis: ``(n-1)s - 2p + e + op``.

    Raises :class:`SizeError` unless ``output_padding`` is smaller than the stride or the dilation,
    :class:`EmptyOutputError` where the result is below 1 (PyTorch lets 0 pass).
    Source: ``torch.nn.ConvTranspose2d``, Shape.
    """
    require_positive(n=n, kernel_size=kernel_size, stride=stride, dilation=dilation)
    before, after = _conv_padding(padding)
    if not 0 <= output_padding < max(stride, dilation):
        raise SizeError(
            f"output_padding is {output_padding}, it must be at least 0 and smaller than "
            f"stride {stride} or dilation {dilation}",
            "output_padding",
            _output_padding_help(output_padding, stride, dilation),
        )
    span = effective_kernel(kernel_size, dilation)
    out = (n - 1) * stride - before - after + span + output_padding
    window = TransposedWindow(n, kernel_size, stride, before, after, output_padding, dilation, out)
    if out < 1:
        most = (window.out + before + after - 1) // 2
        raise EmptyOutputError(
            f"the padding crops all of the output: {window.equation()}",
            "padding",
            f"use padding of at most {most}, or a larger input",
        )
    return window


def _output_padding_help(output_padding: int, stride: int, dilation: int) -> str:
    most = max(stride, dilation) - 1
    if output_padding < 0:
        return "leave it out; for a smaller output, use a smaller kernel_size or more padding"
    if most == 0:
        return "leave it out: with a stride of 1 every size of output is reached without it"
    larger = "for a larger output, use a larger kernel_size or less padding"
    return f"use 0 to {most}; {larger}"


def keras_conv_transpose_window(
    n: int,
    kernel_size: int,
    stride: int = 1,
    padding: Literal["valid", "same"] = "valid",
    output_padding: int | None = None,
    dilation: int = 1,
) -> TransposedWindow:
    """Keras' transposed convolution along one axis.

    ``valid``: ``(n-1)s + e + (op, or max(e, s) - e without one)``; ``same``: ``n·s`` without
    ``output_padding``, else ``(n-1)s + (e mod 2) + op``. The total padding that PyTorch's equation
    would need is split with the odd cell at the end. Source: Keras,
    ``compute_conv_transpose_output_shape``.
    """
    require_positive(n=n, kernel_size=kernel_size, stride=stride, dilation=dilation)
    if stride > 1 and dilation > 1:
        raise SizeError(
            f"stride {stride} and dilation {dilation} cannot both be above 1", "dilation"
        )
    if output_padding is not None and not 0 <= output_padding < stride:
        raise SizeError(
            f"output_padding is {output_padding}, it must be at least 0 and smaller than "
            f"stride {stride}",
            "output_padding",
            _output_padding_help(output_padding, stride, 1),
        )
    span = effective_kernel(kernel_size, dilation)
    if padding == "valid":
        extra = max(span, stride) - span if output_padding is None else output_padding
        total = 0
    else:
        extra = 0 if output_padding is None else output_padding
        out = n * stride if output_padding is None else (n - 1) * stride + span % 2 + extra
        total = (n - 1) * stride + span + extra - out
    out = (n - 1) * stride - total + span + extra
    window = TransposedWindow(
        n, kernel_size, stride, total // 2, total - total // 2, extra, dilation, out
    )
    if out < 1:
        raise EmptyOutputError(f"the output is empty: {window.equation()}")
    return window


def conv_size(
    n: int,
    kernel_size: int,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    rounding: Rounding = "floor",
) -> int:
    """The output length of a convolution; see :func:`conv_window`."""
    return conv_window(n, kernel_size, stride, padding, dilation, rounding).out


def pool_size(
    n: int,
    kernel_size: int,
    stride: int | None = None,
    padding: Padding = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    rounding: Rounding = "floor",
) -> int:
    """The output length of a pooling layer; see :func:`pool_window`."""
    return pool_window(n, kernel_size, stride, padding, dilation, ceil_mode, rounding).out


def conv_transpose_size(
    n: int,
    kernel_size: int,
    stride: int = 1,
    padding: Padding = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """The output length of a transposed convolution; see :func:`conv_transpose_window`."""
    return conv_transpose_window(n, kernel_size, stride, padding, output_padding, dilation).out


def keras_conv_transpose_size(
    n: int,
    kernel_size: int,
    stride: int = 1,
    padding: Literal["valid", "same"] = "valid",
    output_padding: int | None = None,
    dilation: int = 1,
) -> int:
    """The output length of Keras' transposed convolution; see
    :func:`keras_conv_transpose_window`."""
    return keras_conv_transpose_window(
        n, kernel_size, stride, padding, output_padding, dilation
    ).out
