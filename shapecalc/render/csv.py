"""Comma-separated values (RFC 4180): one row a layer, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from shapecalc.layers.base import Shape, format_shape
from shapecalc.render._escape import inert, printable

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import LayerReport, ModelReport, Report

COLUMNS = (
    "file", "model", "path", "name", "type", "line", "column", "input_shapes", "output_shapes",
    "params", "trainable_params", "macs", "exact",
)  # fmt: skip

Cell = str | int | None


def render(report: Report, _options: Options) -> str:
    """The layers of all models; shapes as ``64x32x32``, several with spaces between."""
    stream = io.StringIO()
    # Quotes around all text: a line must not begin with what a spec says.
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(COLUMNS)
    for model in report.models:
        writer.writerows(_rows(model))
    return stream.getvalue()


def _rows(model: ModelReport) -> Iterator[list[Cell]]:
    for layer in model.layers:
        yield [_text(model.file), _text(model.name), *_cells(layer, model)]


def _cells(layer: LayerReport, model: ModelReport) -> list[Cell]:
    node = layer.node
    span = model.spec.source.span(node.spec.extent) if node.spec else None
    return [
        _text(node.path),
        _text(node.name or ""),
        _text(node.type),
        span.line if span else 1,
        span.column if span else 1,
        _shapes(port.tensor.shape for port in node.inputs),
        _shapes(tensor.shape for tensor in node.outputs),
        layer.params,
        layer.trainable_params,
        layer.macs,
        str(node.exact).lower(),
    ]


def _shapes(shapes: Iterable[Shape | None]) -> str:
    return " ".join(format_shape(shape).replace("×", "x") for shape in shapes)


def _text(text: str) -> str:
    """Text that no spreadsheet takes for a formula, and no CI system for a command."""
    safe = inert(printable(text))
    return f"'{safe}" if safe.lstrip()[:1] in ("=", "+", "-", "@") else safe
