"""Names as people write them: the nearest one for a typo, and which ones a text holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from shapecalc.limits import MAX_COMPARISONS

_WORD = re.compile(r"[^\W\d]\w*")

_left: ContextVar[int] = ContextVar("left", default=MAX_COMPARISONS)


def begin_file() -> None:
    """Allow as many comparisons as a file may take: one with 100,000 typos must not take hours."""
    _left.set(MAX_COMPARISONS)


def _may_compare(known: list[str]) -> bool:
    left = _left.get() - len(known)
    _left.set(left)
    return left >= 0


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The one of ``known`` that ``name`` most probably stands for."""
    from difflib import get_close_matches

    if len(name) > 60 or _left.get() <= 0:
        return None
    known = list(known)
    if not _may_compare(known):
        return None
    sure = surely_meant(name, known)
    if sure is not None:
        return sure
    found = get_close_matches(name, known, n=1, cutoff=cutoff)
    return found[0] if found else None


def surely_meant(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``name`` is a slip of the pen for: sure enough to correct it.

    That is at most one slip in a word of up to five letters, two in a longer one, and no other
    known word as near: ``conv4d`` may be any of three.
    """
    if not 3 <= len(name) <= 60 or _left.get() <= 0:
        return None
    most = 1 if len(name) < 6 else 2
    distances: dict[int, list[str]] = {}
    known = list(known)
    letters = set(name.lower())
    for word in dict.fromkeys(known) if _may_compare(known) else ():
        if abs(len(word) - len(name)) > most:
            continue
        meant = set(word.lower())
        # A slip takes at most one letter away and brings at most one: most words stop here.
        if len(letters - meant) <= most and len(meant - letters) <= most:
            distances.setdefault(slips(name.lower(), word.lower(), most), []).append(word)
    nearest = min(distances, default=most + 1)
    found = distances.get(nearest, []) if nearest <= most else []
    return found[0] if len(found) == 1 else None


def slips(left: str, right: str, most: int | None = None) -> int:
    """How many letters were left out, added, mistaken or swapped with their neighbour.

    Where they are more than ``most``, any number above it.
    """
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        two_before, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            least = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                least = min(least, two_before[j - 2] + 1)
            row.append(least)
        if most is not None and min(row) > most <= min(before):
            return most + 1
    return row[-1]


def words_of(value: Any) -> Iterator[str]:
    """The words in the texts of a value as YAML gives it; those of keys do not count."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            yield from _WORD.findall(one)
        elif isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list):
            pending += one
