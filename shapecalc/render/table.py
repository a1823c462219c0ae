"""The table that a person reads: layers, shapes and parameters, then what was found."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shapecalc.diagnostics import Severity
from shapecalc.layers.base import format_shape
from shapecalc.render._escape import inert, printable
from shapecalc.render._findings import STYLES, describe, summary
from shapecalc.render._rows import Row, rows_of, walk_rows
from shapecalc.report import ModelReport, Report, Total

if TYPE_CHECKING:
    from shapecalc.render import Options

MARKS = {"E": Severity.ERROR, "W": Severity.WARNING, "·": Severity.NOTE}


def render(report: Report, options: Options) -> str:
    """All models as tables, then the diagnostics, then one line that sums up."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        force_terminal=options.color,
        color_system="standard" if options.color else None,
        width=options.width,
        highlight=False,
        markup=False,
        emoji=False,
    )
    if not options.quiet:
        for model in report.models:
            _print_model(console, model, options)
    for file in report.files:
        for found in file.diagnostics:
            if found.severity is not Severity.NOTE or options.notes:
                console.print(describe(found, file.source), soft_wrap=True)
    hidden = sum(model.hidden_diagnostics for model in report.models)
    line = summary(report.diagnostics, len(report.models), hidden, options.notes)
    console.print(line, soft_wrap=True)
    return inert(stream.getvalue())


def _print_model(console: Console, model: ModelReport, options: Options) -> None:
    title = Text(printable(model.name), style="bold")
    inputs = [format_shape(node.outputs[0].shape) for node in model.graph.inputs.values()]
    title.append(f"  {', '.join(inputs)}", style="not bold")
    title.append(f"  {printable(model.file)}", style="dim not bold")
    console.print(title, soft_wrap=True)
    if model.layers:
        console.print(_table(model, options))
    console.print(_totals(model), soft_wrap=True)
    if model.skipped_expects:
        count = model.skipped_expects
        console.print(f"{count} numeric expect{'s' * (count > 1)} skipped: sizes were overridden")
    console.print()


def _table(model: ModelReport, options: Options) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column("Layer", overflow="fold", no_wrap=False)
    table.add_column("Output", justify="right", overflow="fold")
    table.add_column("Params", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for guide, row in walk_rows(rows_of(model, options)):
        params = format_total(row.params) if row.params else ""
        table.add_row(_label(guide, row), row.shape, params, _mark(row.marks))
    return table


def _label(guide: str, row: Row) -> Text:
    text = Text(guide, style="dim")
    text.append(printable(row.type), style="not dim")
    if row.name:
        text.append(f" {printable(row.name)}", style="not dim cyan")
    if row.times > 1:
        text.append(f" ×{row.times}", style="not dim bold")
    if row.folded:
        text.append(" …", style="dim")
    return text


def _mark(letter: str) -> Text:
    return Text(letter, style=STYLES[MARKS[letter]]) if letter else Text()


def format_total(total: Total) -> str:
    """``1,234``; ``≥ 1,234`` where a part of it is not known, ``?`` where all of it is."""
    if total.complete:
        return f"{total.value:,}"
    return f"≥ {total.value:,}" if total.value else "?"


def _totals(model: ModelReport) -> Text:
    params, trainable = model.total("params"), model.total("trainable_params")
    text = Text("params ", style="dim")
    text.append(format_total(params), style="not dim bold")
    if trainable.value != params.value:
        text.append(f"  trainable {format_total(trainable)}", style="not dim")
    text.append(f"  MACs {format_total(model.total('macs'))}", style="not dim")
    for name, shape in model.outputs.items():
        text.append("  output ", style="dim")
        if len(model.outputs) > 1:
            text.append(f"{printable(name)} ", style="not dim cyan")
        text.append(format_shape(shape), style="not dim")
    return text
