"""Sets of sizes that repeat with a period: ``≡ 12 (mod 16), ≥ 188``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


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
        first = max(size, self.start)
        lower = range(max(self.start, size - self.modulus + 1), size + 1)
        upper = range(first, first + self.modulus)
        regular = [n for n in (*lower, *upper) if n in self]
        below = max((n for n in (*self.exceptions, *regular) if n <= size), default=None)
        above = min((n for n in (*self.exceptions, *regular) if n >= size), default=None)
        return below, above

    @property
    def pattern(self) -> str:
        """Only its classes: ``≡ 0, 1 (mod 4)``."""
        return f"≡ {runs(self.residues)} (mod {self.modulus})"

    def to_dict(self) -> dict[str, Any]:
        """The set as plain values, with its description."""
        return {
            "modulus": self.modulus,
            "residues": list(self.residues),
            "from": self.start,
            "exceptions": list(self.exceptions),
            "text": self.describe("n"),
        }

    def describe(self, name: str = "n") -> str:
        """The set in words: ``height ≡ 0 (mod 16), ≥ 32``."""
        if self.empty:
            return f"no {name}"
        if not self.residues:
            return f"{name} {runs(self.exceptions)}"
        least = next(n for n in range(self.start, self.start + self.modulus) if n in self)
        parts = []
        if self.modulus > 1:
            parts.append(f"{name} {self.pattern}")
        smallest = min(residue or self.modulus for residue in self.residues)
        if self.modulus == 1:
            parts.append(f"{name} ≥ {self.start}")
        elif least != smallest or least == self.modulus:
            parts.append(f"≥ {least}")
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


def from_predicate(
    holds: Callable[[int], bool], start: int, period: int, first: int = 1
) -> SizeSet:
    """The set of sizes for which ``holds`` is true, given that it repeats with ``period`` from
    ``start`` on, and that it holds for none below ``first``; the smallest modulus and the smallest
    start are found."""
    pattern = [holds(start + offset) for offset in range(period)]
    modulus = next(
        m
        for m in range(1, period + 1)
        if period % m == 0 and all(pattern[i] == pattern[i % m] for i in range(period))
    )
    residues = tuple(sorted((start + i) % modulus for i in range(modulus) if pattern[i]))
    while start > 1 and holds(start - 1) == ((start - 1) % modulus in residues):
        start -= 1
    exceptions = tuple(size for size in range(first, start) if holds(size))
    if not residues:
        start = max(exceptions, default=0) + 1
    return SizeSet(modulus, residues, start, exceptions)


#: How often a pattern must be seen in a scan before it is believed.
TURNS = 2
#: And over how many sizes.
LEAST = 16


def from_scan(holds: Callable[[int], bool], first: int, last: int) -> SizeSet:
    """The sizes from ``first`` to ``last`` for which ``holds`` is true; where they repeat at least
    ``TURNS`` times up to there, the set goes on likewise."""
    members = {size: holds(size) for size in range(first, last + 1)}
    for modulus in range(1 if first == 1 else 2, len(members) // TURNS + 1):
        start = last
        while start - modulus >= first and members[start] == members[start - modulus]:
            start -= 1
        start -= modulus - 1
        seen = [members[size] for size in range(start, last + 1)]
        if len(seen) >= max(TURNS * modulus, LEAST) and any(seen):
            if first > 1 and all(seen):
                break
            return from_predicate(lambda size: members.get(size, False), start, modulus, first)
    sizes = tuple(size for size, member in members.items() if member)
    return SizeSet(1, (), last + 1, sizes)


def from_partial(known: Mapping[int, bool], start: int, period: int) -> SizeSet:
    """The simplest set that has the sizes for which ``known`` is true and not those for which it is
    false, where the sizes from ``start`` on repeat with ``period``; all others do not matter."""
    members = [size for size, member in known.items() if member]
    others = [size for size, member in known.items() if not member]
    if not members:
        return SizeSet(1, (), max(known, default=0) + 1)
    late = {size: member for size, member in known.items() if size >= start}
    if not any(late.values()):
        return SizeSet(1, (), max(known) + 1, tuple(sorted(members)))
    modulus, residues = _residues(late, period)
    least = min(members)
    bound = 1 + max((size for size in others if size % modulus in residues), default=0)
    exceptions = tuple(sorted(size for size in members if size < bound))
    if exceptions:
        return SizeSet(modulus, residues, bound, exceptions)
    return SizeSet(modulus, residues, 1 if bound == 1 else max(bound, least))


def from_partial_scan(known: Mapping[int, bool]) -> SizeSet:
    """The same for sizes of which it is not known whether they repeat."""
    members = [size for size, member in known.items() if member]
    if not members:
        return SizeSet(1, (), max(known, default=0) + 1)
    late = {size: member for size, member in known.items() if size >= members[0]}
    for modulus in range(1, len(late) // TURNS + 1):
        found: dict[int, bool] = {}
        if all(found.setdefault(size % modulus, member) == member for size, member in late.items()):
            residues = tuple(sorted(residue for residue, member in found.items() if member))
            return SizeSet(modulus, residues, members[0])
    return SizeSet(1, (), max(known) + 1, tuple(members))


def _residues(late: Mapping[int, bool], period: int) -> tuple[int, tuple[int, ...]]:
    for modulus in (m for m in range(1, period + 1) if period % m == 0):
        found: dict[int, bool] = {}
        if all(found.setdefault(size % modulus, member) == member for size, member in late.items()):
            return modulus, tuple(sorted(residue for residue, member in found.items() if member))
    return period, tuple(sorted({size % period for size, member in late.items() if member}))
