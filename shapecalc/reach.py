"""Which cells of one axis each cell of another reads: windows, put one behind the other.

A network's layers slide, stretch and shift; seen from far enough all of them repeat: cell
``i + period`` reads what cell ``i`` reads, ``advance`` cells further on. That is closed under
putting one layer behind another, so that a receptive field is exact through strides, dilations,
transposed convolutions and upsampling by any ratio.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, gcd, inf, lcm
from typing import NamedTuple

from shapecalc.sizes import TransposedWindow, Window

#: The first and the last cell that is read, what lies between them included. Cells outside of the
#: axis are padding; ``-inf`` and ``inf`` are its ends, wherever these are.
Cells = tuple[float, float]

#: Past so many cells that each read another pattern, all that is said is: the whole axis.
MAX_PERIOD = 512
#: Past so many taps of a transposed convolution they are not looked at one by one.
MAX_TAPS = 4096


class Reach(NamedTuple):
    """The cells that the first cells read (``None``: none), and how much further the next ones."""

    phases: tuple[Cells | None, ...]
    advance: int

    @property
    def jump(self) -> Fraction:
        """How far the cells read by one cell are from those read by the next, on average."""
        return Fraction(self.advance, len(self.phases))

    @property
    def size(self) -> float:
        """How many cells one cell reads at most."""
        return max((last - first + 1 for first, last in filter(None, self.phases)), default=0)

    @property
    def centre(self) -> Fraction | None:
        """The middle of what cell 0 reads, averaged over the pattern; ``None``: it has none."""
        middles = [
            Fraction(int(cells[0] + cells[1]), 2) - (self.jump * number if number else 0)
            for number, cells in enumerate(self.phases)
            if cells is not None and abs(cells[0] + cells[1]) < inf
        ]
        if not middles or len(middles) < sum(cells is not None for cells in self.phases):
            return None
        return sum(middles[1:], middles[0]) / len(middles) if middles[1:] else middles[0]

    def at(self, cell: int) -> Cells | None:
        """What a cell reads."""
        turns, phase = divmod(cell, len(self.phases))
        cells = self.phases[phase]
        if cells is None:
            return None
        return cells[0] + turns * self.advance, cells[1] + turns * self.advance

    def over(self, first: float, last: float) -> Cells | None:
        """What the cells from ``first`` to ``last`` read together."""
        period = len(self.phases)
        if not self.advance:
            # All turns are the same: one of them will do.
            known = [cells for cells in self.phases if cells is not None]
            return _hull(known if last - first + 1 >= period else self._between(first, last))
        low = [-inf] if first == -inf else [
            cells[0] for cells in self._between(first, min(last, first + period - 1))
        ]  # fmt: skip
        high = [inf] if last == inf else [
            cells[1] for cells in self._between(max(first, last - period + 1), last)
        ]  # fmt: skip
        return (min(low), max(high)) if low and high else None

    def _between(self, first: float, last: float) -> list[Cells]:
        found = (self.at(cell) for cell in range(int(first), int(last) + 1))
        return [cells for cells in found if cells is not None]

    def through(self, inner: Reach) -> Reach:
        """What is read where the cells that this reads read those of ``inner``."""
        if self is SAME:
            return inner
        if inner is SAME:
            return self
        if len(self.phases) == len(inner.phases) == 1 and self.phases[0] and inner.phases[0]:
            return _slid(*self.phases[0], self.advance, *inner.phases[0], inner.advance)
        period = len(self.phases)
        if self.advance:
            period *= len(inner.phases) // gcd(len(inner.phases), self.advance)
        if period > MAX_PERIOD:
            return WHOLE
        phases = []
        for number in range(period):
            cells = self.at(number)
            phases.append(None if cells is None else inner.over(*cells))
        moved = period // len(self.phases) * self.advance
        return Reach(tuple(phases), moved // len(inner.phases) * inner.advance)

    def joined(self, other: Reach, count: int | None) -> Reach:
        """What is read where each of ``count`` cells reads both."""
        if self == other:
            return self
        if self.jump == other.jump:
            period = lcm(len(self.phases), len(other.phases))
            if period > MAX_PERIOD:
                return WHOLE
            pairs = ((self.at(number), other.at(number)) for number in range(period))
            phases = tuple(_hull([cells for cells in pair if cells]) for pair in pairs)
            return Reach(phases, int(self.jump * period))
        return self._unevenly_joined(other, count)

    def _unevenly_joined(self, other: Reach, count: int | None) -> Reach:
        """The same where the two drift apart: with the pattern of the larger, as far as needed."""
        if not self.advance or not other.advance or count is None or count > MAX_PERIOD:
            return WHOLE if count is None else fixed(_hull(
                [one for reach in (self, other) if (one := reach.over(0, count - 1))]
            ))  # fmt: skip
        base, small = (self, other) if self.size >= other.size else (other, self)
        found: list[list[Cells]] = [[] for _ in base.phases]
        for number in range(count):
            turns, phase = divmod(number, len(base.phases))
            for cells in filter(None, (base.at(number), small.at(number))):
                shift = turns * base.advance
                found[phase].append((cells[0] - shift, cells[1] - shift))
        return Reach(tuple(map(_hull, found)), base.advance)


def _slid(first: float, last: float, advance: int, low: float, high: float, step: int) -> Reach:
    """What windows see through windows: most layers of most networks."""
    # (Where they all see the same, infinitely many of them see no more.)
    before, after = (first * step, last * step) if step else (0, 0)
    return Reach(((low + before, high + after),), advance * step)


def _hull(many: list[Cells]) -> Cells | None:
    """From the first to the last of several stretches."""
    if not many:
        return None
    return min(cells[0] for cells in many), max(cells[1] for cells in many)


#: Each cell reads the one in the same place.
SAME = Reach(((0, 0),), 1)
#: Each cell reads the whole axis.
WHOLE = Reach(((-inf, inf),), 0)
#: Each cell reads that in the same place and all before it.
PREFIX = Reach(((-inf, 0),), 1)


def fixed(cells: Cells | None) -> Reach:
    """Every cell reads the same cells."""
    return Reach((cells,), 0)


def everything(n: int | None) -> Reach:
    """Every cell reads all ``n`` cells of the axis."""
    return WHOLE if n is None else fixed((0, n - 1))


def sliding(window: Window) -> Reach:
    """A convolution or a pool."""
    first = -window.before
    return Reach(((first, first + window.span - 1),), window.stride)


def spreading(window: TransposedWindow) -> Reach:
    """A transposed convolution: output ``o`` is where ``o = i·stride - before + tap·dilation``."""
    if window.stride > MAX_PERIOD or window.kernel > MAX_TAPS:
        return WHOLE
    taps = range(0, window.kernel * window.dilation, window.dilation)
    phases = []
    for place in range(window.stride):
        reached = [
            (place + window.before - tap) // window.stride
            for tap in taps
            if (place + window.before - tap) % window.stride == 0
        ]
        phases.append((min(reached), max(reached)) if reached else None)
    return Reach(tuple(phases), 1)


def stepping(start: int, step: int) -> Reach:
    """Every ``step``-th cell from ``start`` on."""
    return Reach(((start, start),), step) if step > 0 else WHOLE


def gathering(factor: int) -> Reach:
    """Blocks of so many cells, side by side."""
    return Reach(((0, factor - 1),), factor) if factor > 0 else WHOLE


def repeating(factor: int) -> Reach:
    """Each cell so many times."""
    return Reach(((0, 0),) * factor, 1) if 0 < factor <= MAX_PERIOD else WHOLE


def adaptive(n: int, out: int) -> Reach:
    """An adaptive pool from ``n`` cells to ``out``: ``⌊i·n/out⌋`` to ``⌈(i + 1)·n/out⌉ - 1``."""
    if out == 1:
        return fixed((0, n - 1))
    period = out // gcd(n, out)
    if period > MAX_PERIOD:
        return WHOLE
    phases = tuple((i * n // out, -(-(i + 1) * n // out) - 1) for i in range(period))
    return Reach(phases, n // gcd(n, out))


def resampling(ratio: Fraction, offset: Fraction, before: int, after: int) -> Reach:
    """Cell ``i`` stands at ``x = ratio·i + offset``: it reads from ``⌊x⌋ - before`` to
    ``⌊x⌋ + after``, or only ``x`` where that is a cell (``before`` and ``after`` of 0: ``⌊x⌋``)."""
    if ratio.denominator > MAX_PERIOD:
        return WHOLE
    phases = []
    for number in range(ratio.denominator):
        place = ratio * number + offset
        exact = place.denominator == 1
        cell = floor(place)
        phases.append((cell, cell) if exact else (cell - before, cell + after))
    return Reach(tuple(phases), ratio.numerator)


def ratio_of(scale: float) -> Fraction:
    """One cell of the output, in cells of the input, for a scale factor."""
    return (1 / Fraction(scale)).limit_denominator(ceil(MAX_PERIOD))
