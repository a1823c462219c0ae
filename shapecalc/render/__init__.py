"""Output formats: one format one module, found by its name.

A format is a module with ``render(report, options) -> str``, and with ``SHOWS_LAYERS`` ("never",
"unless quiet") where it does not always show layers.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.report import Report


@dataclass(frozen=True, slots=True)
class Options:
    """How a report is to be shown; machine formats need none of it."""

    color: bool = False
    width: int = 80
    #: List notes too, rather than only count them.
    notes: bool = False
    #: How deep the tree of blocks is shown; ``None``: as deep as fits.
    depth: int | None = None
    #: Show every row, however many there are.
    unfold: bool = False
    #: Show the weights of each layer by name.
    weights: bool = False
    #: Leave the tables out.
    quiet: bool = False
    #: Of the tables, only the totals.
    summary_only: bool = False
    #: The columns of the tables, by name; ``None``: those that the format shows by default.
    columns: tuple[str, ...] | None = None
    #: The column by which rows are sorted, the largest first.
    sort: str | None = None
    #: Show only so many rows, those with the largest figures.
    top: int | None = None


def formats() -> list[str]:
    """The names of all formats."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in names if not name.startswith("_"))


def shows_layers(format: str, options: Options) -> bool:
    """Whether a format shows layers, rather than only what was found."""
    module = import_module(f"{__name__}.{format}")
    shows = getattr(module, "SHOWS_LAYERS", "always")
    return shows == "always" or (shows == "unless quiet" and not options.quiet)


def render(report: Report, format: str, options: Options | None = None) -> str:
    """A report in one of :func:`formats`."""
    module = import_module(f"{__name__}.{format}")
    text: str = module.render(report, options or Options())
    return text


def statistics(report: Report, format: str) -> str:
    """How often each rule was broken, as ``table`` or as ``json``."""
    from shapecalc.render import _statistics

    return _statistics.statistics(report, format)
