"""Which kernel, stride and padding get from one size to another, exactly.

What people use comes first: small strides, kernels of 3, 4, 1, 2, 5 and 7, no dilation, and the
padding that keeps (or exactly divides) every size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from shapecalc.sizes import SizeError, conv_transpose_window, conv_window, pool_window

Kind = Literal["conv", "pool", "transpose"]

#: No stack is looked for whose last size is further from the one asked for.
MAX_DISTANCE = 12

#: Kernels in the order people reach for them.
_POPULAR = (3, 4, 1, 2, 5, 7, 8, 6, 9, 11, 16)


class Solution(NamedTuple):
    """Arguments that turn every input size asked for into its output size."""

    kernel_size: int
    stride: int
    padding: int
    dilation: int = 1
    output_padding: int = 0

    @property
    def keeps_ratio(self) -> bool:
        """Whether every size that the stride divides is divided (or multiplied) exactly."""
        span = self.dilation * (self.kernel_size - 1) + 1
        return span + self.output_padding - 2 * self.padding == self.stride

    def describe(self) -> str:
        """``kernel_size 4, stride 2, padding 1``."""
        parts = [
            f"kernel_size {self.kernel_size}",
            f"stride {self.stride}",
            f"padding {self.padding}",
        ]
        if self.dilation > 1:
            parts.append(f"dilation {self.dilation}")
        if self.output_padding:
            parts.append(f"output_padding {self.output_padding}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is searched; a fixed argument has one value."""

    kernels: range = range(1, 12)
    strides: range = range(1, 9)
    dilations: range = range(1, 3)
    #: ``None``: up to the kernel (a pool's: half of it).
    paddings: range | None = None
    same_ratio: bool = False


def solve(
    pairs: Iterable[tuple[int, int]], kind: Kind = "conv", limits: Limits | None = None
) -> list[Solution]:
    """Every solution for all (input, output) pairs at once, what people use first."""
    pairs, limits = list(pairs), limits or Limits()
    found = [
        candidate
        for candidate in candidates(kind, limits)
        if (candidate.keeps_ratio or not limits.same_ratio)
        and all(output_size(kind, candidate, n) == wanted for n, wanted in pairs)
    ]
    single = all((n if kind == "transpose" else wanted) == 1 for n, wanted in pairs)
    return sorted(found, key=lambda solution: rank(solution, kind, single))


def rounded(n: int, wanted: int, kind: Kind, limits: Limits) -> Solution | None:
    """The best arguments that lead there with rounding, but without losing a cell of the input."""
    found = [
        candidate
        for candidate in candidates(kind, limits)
        if output_size(kind, candidate, n, exact=False) == wanted
    ]
    return min(found, key=lambda solution: rank(solution, kind), default=None)


def output_size(kind: Kind, arguments: Solution, n: int, exact: bool = True) -> int | None:
    """The size that the arguments lead to; ``None`` where it cannot be, or is not exact (without
    ``exact``: where cells of the input are lost)."""
    kernel, stride, padding, dilation, extra = arguments
    try:
        if kind == "transpose":
            return conv_transpose_window(n, kernel, stride, padding, extra, dilation).out
        if kind == "pool":
            window = pool_window(n, kernel, stride, padding, dilation)
        else:
            window = conv_window(n, kernel, stride, padding, dilation)
    except SizeError:
        return None
    return window.out if window.exact or not (exact or window.unread) else None


def candidates(kind: Kind, limits: Limits) -> Iterator[Solution]:
    """All arguments within the limits."""
    for dilation in limits.dilations:
        for kernel in limits.kernels:
            if dilation > 1 and kernel == 1:
                continue
            span = dilation * (kernel - 1) + 1
            most = kernel // 2 if kind == "pool" else span - 1
            paddings = limits.paddings or range(most + 1)
            for stride in limits.strides:
                extras = max(stride, dilation) if kind == "transpose" else 1
                for padding in paddings:
                    for extra in range(extras):
                        yield Solution(kernel, stride, padding, dilation, extra)


def rank(solution: Solution, kind: Kind, single: bool = False) -> tuple[int, ...]:
    """The order: what people use comes first.

    ``single``: there is one window position, so that the stride says nothing.
    """
    kernel, stride, padding, dilation, extra = solution
    if single:
        return (dilation, stride, extra, padding, kernel)
    popular = popularity(kernel)
    if kind == "pool":
        # A pool without overlap is what one means unless told otherwise.
        popular = 0 if kernel == stride else popular + 1
    lossy = kernel < stride
    return (
        dilation,
        lossy,
        not solution.keeps_ratio,
        extra,
        padding > kernel // 2,
        popular,
        padding,
        stride,
    )


def popularity(kernel: int) -> int:
    """How late people reach for a kernel."""
    return _POPULAR.index(kernel) if kernel in _POPULAR else len(_POPULAR) + kernel


class Close(NamedTuple):
    """Arguments that lead closest to what was asked, and the sizes that they lead to."""

    solution: Solution
    sizes: tuple[int, ...]


def closest(
    pairs: Iterable[tuple[int, int]], kind: Kind = "conv", limits: Limits | None = None
) -> Close | None:
    """Where there is no solution: what misses the output sizes by the least in all."""
    pairs, limits = list(pairs), limits or Limits()
    best: tuple[int, tuple[int, ...]] | None = None
    found: Close | None = None
    for candidate in candidates(kind, limits):
        if limits.same_ratio and not candidate.keeps_ratio:
            continue
        sizes = [output_size(kind, candidate, n) for n, _ in pairs]
        known = [size for size in sizes if size is not None]
        if len(known) < len(pairs):
            continue
        misses = sum(abs(size - wanted) for size, (_, wanted) in zip(known, pairs, strict=True))
        worth = (misses, rank(candidate, kind))
        if best is None or worth < best:
            best, found = worth, Close(candidate, tuple(known))
    return found


class Chain(NamedTuple):
    """Layers one after the other, and the sizes they lead through."""

    layers: tuple[Solution, ...]
    sizes: tuple[int, ...]


def reachable_end(
    start: int, end: int, count: int, kind: Kind = "conv", limits: Limits | None = None
) -> int | None:
    """The nearest size that a stack does lead to, where it does not lead to ``end``."""
    for distance in range(1, MAX_DISTANCE + 1):
        for size in (end - distance, end + distance):
            if size > 0 and solve_chain(start, size, count, kind, limits):
                return size
    return None


def solve_chain(
    start: int, end: int, count: int, kind: Kind = "conv", limits: Limits | None = None
) -> list[Chain]:
    """Stacks of ``count`` layers from one size to another: all alike, or all but the last.

    DCGAN's discriminator (64 → 32 → 16 → 8 → 4 → 1) is one of those for ``solve_chain(64, 1, 5)``.
    """
    limits = limits or Limits(dilations=range(1, 2))
    found: dict[tuple[Solution, ...], Chain] = {}
    for body in candidates(kind, limits):
        if limits.same_ratio and not body.keeps_ratio:
            continue
        sizes = [start]
        while len(sizes) < count:
            size = output_size(kind, body, sizes[-1])
            if size is None or size == sizes[-1]:
                break
            sizes.append(size)
        if len(sizes) < count:
            continue
        if output_size(kind, body, sizes[-1]) == end:
            layers = (body,) * count
            found.setdefault(layers, Chain(layers, (*sizes, end)))
            continue
        for head in solve([(sizes[-1], end)], kind, limits)[:3]:
            layers = (*(body,) * (count - 1), head)
            found.setdefault(layers, Chain(layers, (*sizes, end)))
    return sorted(
        found.values(),
        key=lambda chain: (
            rank(chain.layers[0], kind),
            rank(chain.layers[-1], kind, single=end == 1),
        ),
    )
