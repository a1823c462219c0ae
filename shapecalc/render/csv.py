"""Comma-separated values (RFC 4180): one row a layer, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.render._columns import Column, Span, columns
from shapecalc.render._escape import inert, printable
from shapecalc.render._rows import rank, sort_column

if TYPE_CHECKING:
    from shapecalc.graph import Node
    from shapecalc.render import Options
    from shapecalc.report import ModelReport, Report

#: Where a layer is: what every row begins with.
PLACE = ("file", "model", "path", "name", "type", "line", "column")
#: The columns that follow unless asked otherwise.
DEFAULT = ("input", "output", "params", "trainable", "macs", "exact")

Cell = str | int | float | None


def render(report: Report, options: Options) -> str:
    """The layers of all models; shapes as ``64x32x32``, several with spaces between."""
    stream = io.StringIO()
    # Quotes around all text: a line must not begin with what a spec says.
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    names = DEFAULT if options.columns is None else options.columns
    shown = [column for column in columns(names) if column.name not in PLACE]
    place = PLACE[:2] if options.summary_only else PLACE
    writer.writerow([*place, *(column.key or column.name for column in shown)])
    for model in report.models:
        writer.writerows(_rows(model, shown, options))
    return stream.getvalue()


def _rows(model: ModelReport, shown: list[Column], options: Options) -> Iterator[list[Cell]]:
    of_model: list[Cell] = [_text(model.file), _text(model.name)]
    if options.summary_only:
        yield [*of_model, *_cells(model, Span(0, len(model.layers)), shown)]
        return
    spans = [Span(number, number + 1) for number in range(len(model.layers))]
    by = sort_column(shown, options)
    if by is not None:
        spans.sort(key=lambda span: rank(by.cell(model, span, 1)), reverse=True)
    for span in spans[: options.top]:
        node = model.graph.nodes[span.first]
        yield [*of_model, *_place(node, model), *_cells(model, span, shown)]


def _place(node: Node, model: ModelReport) -> list[Cell]:
    span = model.spec.source.span(node.spec.extent) if node.spec else None
    return [
        _text(node.path),
        _text(node.name or ""),
        _text(node.type),
        span.line if span else 1,
        span.column if span else 1,
    ]


def _cells(model: ModelReport, span: Span, shown: list[Column]) -> list[Cell]:
    return [_plain(column.cell(model, span, 1).value) for column in shown]


def _plain(value: Cell) -> Cell:
    """An expression of named sizes is text."""
    return value if value is None or type(value) in (int, float, str) else str(value)


def _text(text: str) -> str:
    """Text that no spreadsheet takes for a formula, and no CI system for a command."""
    safe = inert(printable(text))
    return f"'{safe}" if safe.lstrip()[:1] in ("=", "+", "-", "@") else safe
