"""What is found while a spec is read, before it has a severity and a line."""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.diagnostics import Fix


class Problem(NamedTuple):
    """A finding at an extent (character offsets) of the text; the engine adds the rest."""

    code: str
    message: str
    extent: tuple[int, int]
    help: str | None = None
    path: str = ""
    layer: str | None = None
    related: tuple[tuple[str, tuple[int, int]], ...] = ()
    fix: Fix | None = None
