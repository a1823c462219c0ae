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
#: So many different last layers are shown for a stack.
MOST_HEADS = 3

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
    (first, *others), limits = list(pairs), limits or Limits()
    found = [
        one
        for one in _fitting(*first, kind, limits)
        if all(output_size(kind, one, n) == wanted for n, wanted in others)
    ]
    single = all((n if kind == "transpose" else wanted) == 1 for n, wanted in (first, *others))
    return sorted(found, key=lambda solution: rank(solution, kind, single))


def _fitting(n: int, wanted: int, kind: Kind, limits: Limits) -> Iterator[Solution]:
    """All arguments that lead from one size to another: the padding follows from the rest."""
    for shape in _shapes(kind, limits):
        twice = _padding_twice(n, wanted, kind, shape)
        if twice % 2 == 0 and twice // 2 in _paddings(kind, shape, limits):
            one = shape._replace(padding=twice // 2)
            allowed = one.keeps_ratio or not limits.same_ratio
            if allowed and output_size(kind, one, n) == wanted:
                yield one


def _padding_twice(n: int, wanted: int, kind: Kind, shape: Solution) -> int:
    """Twice the padding with which the other arguments lead from one size to another."""
    kernel, stride, _, dilation, extra = shape
    span = dilation * (kernel - 1) + 1
    if kind == "transpose":
        return (n - 1) * stride + span + extra - wanted
    return (wanted - 1) * stride + span - n


def rounded(n: int, wanted: int, kind: Kind, limits: Limits) -> Solution | None:
    """The best arguments that lead there with rounding, but without losing a cell of the input."""
    found = [
        candidate
        for candidate in _nearby([(n, wanted)], kind, limits)
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
    for shape in _shapes(kind, limits):
        for padding in _paddings(kind, shape, limits):
            yield shape._replace(padding=padding)


def _nearby(pairs: list[tuple[int, int]], kind: Kind, limits: Limits) -> Iterator[Solution]:
    """Those whose padding leads about there, or as near as it may: no other comes closer."""
    for shape in _shapes(kind, limits):
        allowed = _paddings(kind, shape, limits)
        tried: set[int] = set()
        for n, wanted in pairs:
            best = _padding_twice(n, wanted, kind, shape) // 2
            best = min(max(best, allowed.start), allowed.stop - 1)
            around = range(best - shape.stride, best + shape.stride + 1)
            tried.update(padding for padding in around if padding in allowed)
        for padding in sorted(tried):
            yield shape._replace(padding=padding)


def _shapes(kind: Kind, limits: Limits) -> Iterator[Solution]:
    """All arguments but the padding."""
    for dilation in limits.dilations:
        for kernel in limits.kernels:
            if dilation > 1 and kernel == 1 and len(limits.dilations) > 1:
                continue
            for stride in limits.strides:
                for extra in range(max(stride, dilation) if kind == "transpose" else 1):
                    yield Solution(kernel, stride, 0, dilation, extra)


def _paddings(kind: Kind, shape: Solution, limits: Limits) -> range:
    kernel = shape.kernel_size
    span = shape.dilation * (kernel - 1) + 1
    return limits.paddings or range((kernel // 2 if kind == "pool" else span - 1) + 1)


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
    for candidate in _nearby(pairs, kind, limits):
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


class Chains:
    """Stacks of ``count`` layers from one size to others: all layers are alike, or all but the last
    (of transposed convolutions: but the first).

    DCGAN's discriminator (64 → 32 → 16 → 8 → 4 → 1) is one of those for ``Chains(64, 5).to(1)``,
    its generator one for ``Chains(1, 5, "transpose").to(64)``.
    """

    def __init__(
        self, start: int, count: int, kind: Kind = "conv", limits: Limits | None = None
    ) -> None:
        self.start = start
        self.count = count
        self.kind: Kind = kind
        self.limits = limits or Limits(dilations=range(1, 2))
        self._bodies = [
            body
            for body in candidates(kind, self.limits)
            if body.keeps_ratio or not self.limits.same_ratio
        ]
        self._heads: dict[tuple[int, int], list[Solution]] = {}

    def to(self, end: int) -> list[Chain]:
        """Those that lead to a size, what people use first."""
        found = dict.fromkeys(self._found(end))
        single = (self.start if self.kind == "transpose" else end) == 1
        return sorted(found, key=lambda chain: self._rank(chain, single))

    def nearest_end(self, end: int) -> int | None:
        """The nearest size that a stack leads to, where none leads to ``end``."""
        for distance in range(1, MAX_DISTANCE + 1):
            for size in (end - distance, end + distance):
                if size > 0 and any(True for _ in self._found(size)):
                    return size
        return None

    def _found(self, end: int) -> Iterator[Chain]:
        for body in self._bodies:
            if self.kind == "transpose":
                yield from self._after_a_head(body, end)
            else:
                yield from self._before_a_head(body, end)

    def _before_a_head(self, body: Solution, end: int) -> Iterator[Chain]:
        sizes = [self.start]
        while len(sizes) < self.count:
            size = output_size(self.kind, body, sizes[-1])
            if size is None or (size == sizes[-1] != end):
                return
            sizes.append(size)
        for head in self._between(sizes[-1], end, body):
            yield Chain((*(body,) * (self.count - 1), head), (*sizes, end))

    def _after_a_head(self, body: Solution, end: int) -> Iterator[Chain]:
        sizes = [end]
        while len(sizes) < self.count:
            size = _input_size(body, sizes[-1])
            if size is None or (size == sizes[-1] != self.start):
                return
            sizes.append(size)
        for head in self._between(self.start, sizes[-1], body):
            yield Chain((head, *(body,) * (self.count - 1)), (self.start, *reversed(sizes)))

    def _between(self, n: int, wanted: int, body: Solution) -> Iterable[Solution]:
        """The layer that differs: the body's own where that fits, else the usual ones."""
        if output_size(self.kind, body, n) == wanted:
            return (body,)
        if (n, wanted) not in self._heads:
            found = solve([(n, wanted)], self.kind, self.limits)
            self._heads[n, wanted] = found[:MOST_HEADS]
        return self._heads[n, wanted]

    def _rank(self, chain: Chain, single: bool) -> tuple[tuple[int, ...], ...]:
        body, head = chain.layers[0], chain.layers[-1]
        if self.kind == "transpose":
            body, head = head, body
        return rank(body, self.kind), rank(head, self.kind, single)


def _input_size(arguments: Solution, out: int) -> int | None:
    """The size that a transposed convolution makes another one of."""
    kernel, stride, padding, dilation, extra = arguments
    more = out + 2 * padding - dilation * (kernel - 1) - 1 - extra
    n = more // stride + 1
    return n if more % stride == 0 and output_size("transpose", arguments, n) == out else None
