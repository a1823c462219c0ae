"""A plot of a model in a terminal: a row a layer or block, a bar a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.render._columns import bar
from shapecalc.render._escape import inert
from shapecalc.render._series import FIGURES, Figure, Series, compact

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How wide the shapes' column gets.
_SHAPE = 14
_VALUE = 7
_LEAST_LABEL, _LEAST_BAR = 16, 6


def draw(series: Series, width: int) -> str:
    """The plot as text, so many columns wide (or wider, where that is too narrow)."""
    shape = min(max([len(step.shape) for step in series.steps] + [len("Output")]), _SHAPE)
    longest = max([len(step.label) for step in series.steps] + [_LEAST_LABEL])
    room = width - shape - 3 * (_VALUE + 3) - 1
    size = max(min(room - longest, 3 * 12) // 3, _LEAST_BAR)
    label = max(min(longest, room - 3 * size), _LEAST_LABEL)
    lines = [f"{series.name}  {series.inputs}", _header(label, shape, size)]
    most = [max([value or 0 for value in series.column(number)] + [1]) for number in range(3)]
    for step in series.steps:
        name, text = _cut(step.label, label), _cut(step.shape, shape)
        cells = _cells(step.figures, most, size)
        lines.append(f"{name:<{label}} {text:>{shape}}{cells}".rstrip())
    lines.append(_totals(series))
    return inert("\n".join(lines) + "\n")


def _header(label: int, shape: int, size: int) -> str:
    titles = "".join(f"  {figure.title:<{_VALUE + 1 + size}}" for figure in FIGURES)
    return f"{'Layer':<{label}} {'Output':>{shape}}{titles}".rstrip()


def _cells(figures: Sequence[int | None], most: list[int], size: int) -> str:
    return "".join(
        f"  {_value(value, figure):>{_VALUE}} {_bar(value, largest, size)}"
        for value, figure, largest in zip(figures, FIGURES, most, strict=True)
    )


def _value(value: int | None, figure: Figure) -> str:
    if value is None:
        return "?"
    return compact(value, figure.unit).removesuffix("B").replace(" ", "") if value else ""


def _bar(value: int | None, largest: int, size: int) -> str:
    return bar(value / largest, size) if value else " " * size


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _totals(series: Series) -> str:
    parts = []
    for number, figure in enumerate(FIGURES):
        value, complete = series.total(number)
        name = "peak of live activations" if figure.peak else figure.title.lower()
        name = "MACs" if figure.title == "MACs" else name
        parts.append(f"{name} {'' if complete else '≥ '}{compact(value, figure.unit)}")
    return "  ".join(parts)
