r"""LaTeX tables for a paper; they need ``\usepackage{booktabs}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Severity
from shapecalc.layers.base import format_shape
from shapecalc.render._columns import Column, Span
from shapecalc.render._escape import inert, printable
from shapecalc.render._rows import Row, rows_of, shown_columns, walk_rows
from shapecalc.report import ModelReport

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import Report

#: What means something to TeX, and what its ligatures would change.
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "^": r"\textasciicircum{}", "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "{''}",
    "`": r"\textasciigrave{}", "[": "{[}", "]": "{]}", "*": "{*}", "-": "{-}", "'": "{'}",
    "?": "{?}", "!": "{!}", ",": "{,}",
    "×": r"$\times$", "→": r"$\to$", "…": r"\ldots{}", "≥": r"$\geq$", "›": r"$>$",
}  # fmt: skip
_ESCAPES = str.maketrans(_SPECIAL)
#: Titles that a paper writes out.
_TITLES = {"params": "Parameters"}


def render(report: Report, options: Options) -> str:
    """A table a model; errors and warnings are comments above."""
    lines = [r"% Needs \usepackage{booktabs}."]
    for found in report.diagnostics:
        if found.severity is not Severity.NOTE:
            place = f"{found.file}:{found.line}:{found.column}"
            lines.append(printable(f"% {place}: {found.severity}[{found.code}] {found.text}"))
    for model in report.models:
        lines += _table(model, options)
    return inert("\n".join(lines) + "\n")


def _table(model: ModelReport, options: Options) -> Iterator[str]:
    yield r"\begin{table}"
    yield r"  \centering"
    yield rf"  \caption{{{_text(model.name)}}}"
    shown = shown_columns(options)
    yield rf"  \begin{{tabular}}{{l{''.join('r' if column.right else 'l' for column in shown)}}}"
    yield r"    \toprule"
    titles = [_TITLES.get(column.name, column.title) for column in shown]
    yield rf"    {' & '.join(['Layer', *map(_text, titles)])} \\"
    yield r"    \midrule"
    for guide, row in () if options.summary_only else walk_rows(rows_of(model, shown, options)):
        yield f"    {_row(guide, row)}"
    if not options.summary_only:
        yield r"    \midrule"
    yield rf"    {' & '.join(['Total', *_totals(model, shown)])} \\"
    yield r"    \bottomrule"
    yield r"  \end{tabular}"
    yield r"\end{table}"


def _totals(model: ModelReport, shown: list[Column]) -> Iterator[str]:
    whole = Span(0, len(model.layers))
    for column in shown:
        if column.name == "output":
            yield _text("; ".join(format_shape(shape) for shape in model.outputs.values()))
        else:
            yield _text(column.cell(model, whole, 1).text) if column.summed else ""


def _row(guide: str, row: Row) -> str:
    level = len(guide) // 2
    label = rf"\hspace{{{level}em}}" if level else ""
    label += _text(row.type) + (f" {_text(row.name)}" if row.name else "")
    label += rf" $\times$ {row.times}" if row.times > 1 else ""
    label += r" \ldots{}" if row.folded else ""
    label += f" ({_text(row.place)})" if row.place else ""
    return rf"{' & '.join([label, *(_text(cell.text) for cell in row.cells)])} \\"


def _text(text: str) -> str:
    return printable(text).translate(_ESCAPES)
