"""A plot of a model as a picture: shapes, parameters, MACs and live activations along the network.

Drawn with matplotlib, which is an extra: ``pip install 'shapecalc[plot]'``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from shapecalc.render._series import FIGURES, Figure, Series, compact

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The kinds of pictures, which are also the suffixes of their files.
FORMATS = ("svg", "png", "pdf")

#: Okabe and Ito's colours, which people with any vision tell apart, in their lighter half.
_COLOURS = ("#56B4E9", "#E69F00", "#009E73")
_INK, _FAINT, _BAND = "#222222", "#8A8A8A", "#F2F4F7"
#: In inches: a row, what stands above and below all rows, and the whole width.
_ROW, _MARGIN, _WIDTH = 0.235, 1.35, 12.0
#: The parts of the width that labels, shapes and the panels take.
_LABELS, _SHAPES = 0.235, 0.125

_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",  # text stays text: small, and to be searched
    "svg.hashsalt": "shapecalc",  # the same picture is the same file
    "text.parse_math": False,  # a $ in a name is a $
    "text.usetex": False,
}
#: The most pixels that a side of a png has.
_MAX_PIXELS = 60_000
#: The most rows of a picture: nobody looks at more, and drawing them takes minutes.
MAX_ROWS = 5_000
_NO_DATE: dict[str, dict[str, Any]] = {
    "svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {},
}  # fmt: skip


def draw(series: Series, format: str) -> bytes:
    """The picture as the bytes of a file. Raises ``ModuleNotFoundError`` without matplotlib."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    with mpl.rc_context(_SETTINGS):
        rows = max(len(series.steps), 3)
        high = rows * _ROW + _MARGIN
        canvas = Canvas(figsize=(_WIDTH, high), facecolor="white")
        FigureCanvasAgg(canvas)
        bottom, top = 0.3 / high, 1 - (_MARGIN - 0.3) / high
        first = _LABELS + _SHAPES + 0.012
        each = (0.99 - first) / len(FIGURES)
        _bands(canvas.add_axes((0.005, bottom, 0.99, top - bottom)), series)
        for number, figure in enumerate(FIGURES):
            axes = canvas.add_axes((first + number * each, bottom, each - 0.012, top - bottom))
            _panel(axes, series, number, figure)
        names = canvas.add_axes((0.01, bottom, first - 0.02, top - bottom))
        _names(names, series)
        place = {"x": 0.01, "y": 1 - 0.2 / high, "va": "top", "color": _INK}
        canvas.text(s=f"{series.name}   {series.inputs}", fontsize=14, weight="bold", **place)
        file = io.BytesIO()
        canvas.savefig(
            file, format=format, dpi=min(120, _MAX_PIXELS / high), metadata=_NO_DATE[format]
        )
        return file.getvalue()


def _bands(axes: Axes, series: Series) -> None:
    """Blocks stand on bands, every other one of which is shaded."""
    _rows(axes, series)
    for band in series.bands[::2]:
        axes.axhspan(band.first - 0.5, band.last - 0.5, color=_BAND, linewidth=0)


def _rows(axes: Axes, series: Series) -> None:
    """One row a step, from the top; nothing else is drawn."""
    axes.set_ylim(max(len(series.steps), 3) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("none")
    for side in axes.spines.values():
        side.set_visible(False)


def _panel(axes: Axes, series: Series, number: int, figure: Figure) -> None:
    _rows(axes, series)
    values = [value or 0 for value in series.column(number)]
    most = max([*values, 1])
    axes.barh(range(len(values)), values, height=0.72, color=_COLOURS[number], linewidth=0)
    axes.set_xlim(0, most * 1.3)
    axes.axvline(0, color=_FAINT, linewidth=0.8)
    for row, value in enumerate(series.column(number)):
        text = "?" if value is None else compact(value, figure.unit) if value else ""
        at_peak = figure.peak and value == most
        axes.text(
            (value or 0) + most * 0.015, row, text, va="center", fontsize=7,
            color=_INK, weight="bold" if at_peak else "normal",
        )  # fmt: skip
    total, complete = series.total(number)
    about = "peak" if figure.peak else "total"
    known = "" if complete else "≥ "
    axes.set_title(
        f"{figure.title}\n{about} {known}{compact(total, figure.unit)}",
        fontsize=9.5, loc="left", color=_INK, linespacing=1.4,
    )  # fmt: skip


def _names(axes: Axes, series: Series) -> None:
    """Labels at the left, shapes at the right; names of blocks stand before their first row."""
    _rows(axes, series)
    axes.set_xlim(0, 1)
    in_band = {row for band in series.bands for row in range(band.first, band.last)}
    starts = {band.first: band.label for band in series.bands}
    axes.set_title("Layer", fontsize=9.5, loc="left", color=_INK)
    axes.set_title("Output", fontsize=9.5, loc="right", color=_INK)
    for row, step in enumerate(series.steps):
        before = _cut(starts.get(row, ""), 13)
        axes.text(0, row, before, va="center", fontsize=7.5, weight="bold", color=_INK)
        indent = 0.26 if row in in_band else 0
        label = _cut(step.label, 30 if row in in_band else 42)
        axes.text(indent, row, label, va="center", fontsize=7.5, color=_INK)
        axes.text(1, row, _cut(step.shape, 26), ha="right", va="center", fontsize=7.5, color=_FAINT)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
