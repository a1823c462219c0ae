r"""LaTeX tables for a paper; they need ``\usepackage{booktabs}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Severity
from shapecalc.layers.base import format_shape
from shapecalc.render._escape import inert, printable
from shapecalc.render._rows import Row, rows_of, walk_rows
from shapecalc.report import ModelReport, Total

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
    "×": r"$\times$", "→": r"$\to$", "…": r"\ldots{}", "≥": r"$\geq$",
}  # fmt: skip
_ESCAPES = str.maketrans(_SPECIAL)
_FIGURE = str.maketrans({"×": r"$\times$", "→": r"$\to$", "≥": r"$\geq$", ",": "{,}"})


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
    yield r"  \begin{tabular}{lrr}"
    yield r"    \toprule"
    yield r"    Layer & Output & Parameters \\"
    yield r"    \midrule"
    for guide, row in walk_rows(rows_of(model, options)):
        yield f"    {_row(guide, row)}"
    yield r"    \midrule"
    outputs = "; ".join(format_shape(shape) for shape in model.outputs.values())
    total = _total(model.total("params"))
    yield rf"    Total & {outputs.translate(_FIGURE)} & {total} \\"
    yield r"    \bottomrule"
    yield r"  \end{tabular}"
    yield r"\end{table}"


def _row(guide: str, row: Row) -> str:
    level = len(guide) // 2
    label = rf"\hspace{{{level}em}}" if level else ""
    label += _text(row.type) + (f" {_text(row.name)}" if row.name else "")
    label += rf" $\times$ {row.times}" if row.times > 1 else ""
    label += r" \ldots{}" if row.folded else ""
    params = _total(row.params) if row.params else ""
    return rf"{label} & {row.shape.translate(_FIGURE)} & {params} \\"


def _total(total: Total) -> str:
    number = f"{total.value:,}".replace(",", "{,}")
    if total.complete:
        return number
    return rf"$\geq$ {number}" if total.value else "?"


def _text(text: str) -> str:
    return printable(text).translate(_ESCAPES)
