"""Sets of sizes that repeat with a period: ``≡ 12 (mod 16), ≥ 188``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SizeSet:
    """The sizes from ``start`` on whose remainder is one of ``residues``, and ``exceptions`` below
    it that belong to the set as well."""

    modulus: int
    residues: tuple[int, ...]
    start: int
    exceptions: tuple[int, ...] = ()

    def __contains__(self, size: int) -> bool:
        if size < self.start:
            return size in self.exceptions
        return size % self.modulus in self.residues

    @property
    def empty(self) -> bool:
        """Whether no size belongs to it."""
        return not self.residues and not self.exceptions

    def within(self, low: int, high: int) -> Iterator[int]:
        """Its sizes from ``low`` to ``high``, both included."""
        return (size for size in range(low, high + 1) if size in self)

    def near(self, size: int) -> tuple[int | None, int | None]:
        """The nearest of its sizes at or below ``size``, and at or above it."""
        below = next((n for n in range(size, 0, -1) if n in self), None)
        last = max((size, self.start, *self.exceptions)) + self.modulus
        above = next((n for n in range(size, last + 1) if n in self), None)
        return below, above

    def describe(self, name: str = "n") -> str:
        """The set in words: ``height ≡ 0 (mod 16), ≥ 32``."""
        if self.empty:
            return f"no {name}"
        if not self.residues:
            return f"{name} {runs(self.exceptions)}"
        parts = []
        if self.modulus > 1:
            parts.append(f"{name} ≡ {', '.join(map(str, self.residues))} (mod {self.modulus})")
            least = next(n for n in range(self.start, self.start + self.modulus) if n in self)
            if least > self.modulus or least % self.modulus != least:
                parts.append(f"≥ {least}")
        else:
            parts.append(f"{name} ≥ {self.start}")
        text = ", ".join(parts)
        return f"{text}, and {runs(self.exceptions)}" if self.exceptions else text


def runs(sizes: Iterable[int]) -> str:
    """Sizes in order: ``3``, ``3, 5, 7``, ``224 to 255``."""
    found: list[list[int]] = []
    for size in sizes:
        if found and found[-1][1] + 1 == size:
            found[-1][1] = size
        else:
            found.append([size, size])
    texts = [
        f"{low} to {high}" if high > low + 1 else ", ".join(map(str, range(low, high + 1)))
        for low, high in found
    ]
    return ", ".join(texts)


def from_predicate(holds: Callable[[int], bool], start: int, period: int) -> SizeSet:
    """The set of sizes for which ``holds`` is true, given that it repeats with ``period`` from
    ``start`` on; the smallest modulus and the smallest start are found."""
    pattern = [holds(start + offset) for offset in range(period)]
    modulus = next(
        m
        for m in range(1, period + 1)
        if period % m == 0 and all(pattern[i] == pattern[i % m] for i in range(period))
    )
    residues = tuple(sorted((start + i) % modulus for i in range(modulus) if pattern[i]))
    while start > 1 and holds(start - 1) == ((start - 1) % modulus in residues):
        start -= 1
    exceptions = tuple(size for size in range(1, start) if holds(size))
    if not residues:
        start = max(exceptions, default=0) + 1
    return SizeSet(modulus, residues, start, exceptions)
