"""The table that a person reads: layers, shapes and parameters, then what was found."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shapecalc.diagnostics import Severity
from shapecalc.layers.base import format_shape
from shapecalc.render._columns import format_total
from shapecalc.render._escape import inert, printable
from shapecalc.render._findings import STYLES, describe, summary
from shapecalc.render._rows import Row, rows_of, shown_columns, walk_rows
from shapecalc.report import ModelReport, Report

if TYPE_CHECKING:
    from shapecalc.render import Options

#: The columns whose texts may go on in a second line, and how narrow they get.
_FOLDING = {"input": 14, "output": 14}
#: How narrow the layers' own column gets.
_LABEL_WIDTH = 20

MARKS = {"E": Severity.ERROR, "W": Severity.WARNING, "·": Severity.NOTE}

SHOWS_LAYERS = "unless quiet"


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
    if not report.files:
        return ""  # none could be read: that has been said
    line = summary(report.diagnostics, len(report.models), hidden, options.notes)
    console.print(line, soft_wrap=True)
    return inert(stream.getvalue())


def _print_model(console: Console, model: ModelReport, options: Options) -> None:
    title = Text(printable(model.name), style="bold")
    inputs = [format_shape(node.outputs[0].shape) for node in model.graph.inputs.values()]
    title.append(f"  {', '.join(inputs)}", style="not bold")
    title.append(f"  {printable(model.file)}", style="dim not bold")
    console.print(title, soft_wrap=True)
    if model.layers and not options.summary_only:
        _print_table(console, model, options)
    console.print(_totals(model), soft_wrap=True)
    if model.setting is not None:
        _print_costs(console, model)
    if model.skipped_expects:
        count = model.skipped_expects
        console.print(f"{count} numeric expect{'s' * (count > 1)} skipped: sizes were overridden")
    console.print()


def _print_costs(console: Console, model: ModelReport) -> None:
    from shapecalc.render._costs import cost_lines

    (title, _), *lines = cost_lines(model)
    console.print(Text(title, style="bold"), soft_wrap=True)
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        text = Text(f"  {name:<{width}}  ", style="dim")
        text.append(printable(value), style="not dim")
        console.print(text, soft_wrap=True)


def _print_table(console: Console, model: ModelReport, options: Options) -> None:
    shown = shown_columns(options)
    titles = ["Layer", *(column.title for column in shown), ""]
    right = [False, *(column.right for column in shown), False]
    styles = ["", *("cyan" if column.bar else "" for column in shown), ""]
    rows = []
    for guide, row in walk_rows(rows_of(model, shown, options)):
        texts = [
            Text(printable(column.show(cell)), style=style)
            for column, cell, style in zip(shown, row.cells, styles[1:], strict=False)
        ]
        rows.append([_label(guide, row), *texts, _mark(row.marks)])
    columns = zip([Text(title) for title in titles], *rows, strict=True)
    widths = [max(map(measured, column)) for column in columns]
    if sum(widths) + 3 * (len(widths) - 1) <= options.width:
        lines = _lines([[Text(title, "bold") for title in titles], *rows], widths, right)
        console.print(Text("\n").join(lines), soft_wrap=True)
    else:
        _print_folded(console, options, [column.name for column in shown], titles, right, rows)


def _lines(rows: list[list[Text]], widths: list[int], right: list[bool]) -> Iterator[Text]:
    """Rows that fit, as lines; rich's own table, which could fold them, takes ten times as long."""
    for number, row in enumerate(rows):
        line = Text()
        for position, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap, room = "   " if position else "", " " * (width - measured(cell))
            line.append(f"{gap}{room}" if right[position] else gap).append(cell)
            if not right[position]:
                line.append(room)
        yield line
        if not number:
            yield Text("─" * line.cell_len)


def _print_folded(
    console: Console,
    options: Options,
    names: list[str],
    titles: list[str],
    right: list[bool],
    rows: list[list[Text]],
) -> None:
    """Rows that are too wide: shapes and layers go on in a second line."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    least = {"": _LABEL_WIDTH, **_FOLDING}
    for name, title, to_the_right in zip(["", *names, "mark"], titles, right, strict=True):
        table.add_column(
            title,
            justify="right" if to_the_right else "left",
            no_wrap=name not in least,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*row)
    # Figures are never cut: where the columns asked for do not fit, the lines are longer.
    needed = _LABEL_WIDTH
    for position, name in enumerate(names, 1):
        width = max(measured(row[position]) for row in [[Text(one) for one in titles], *rows])
        needed += min(width, _FOLDING.get(name, width))
    console.width = max(options.width, needed + 2 * len(titles[:-1]) + 1)
    console.print(table)
    console.width = options.width


def measured(text: Text) -> int:
    """How many cells of a terminal a text takes."""
    return len(text.plain) if text.plain.isascii() else text.cell_len


def _label(guide: str, row: Row) -> Text:
    text = Text(guide, style="dim")
    text.append(printable(row.type), style="not dim")
    if row.name:
        text.append(f" {printable(row.name)}", style="not dim cyan")
    if row.times > 1:
        text.append(f" ×{row.times}", style="not dim bold")
    if row.folded:
        text.append(" …", style="dim")
    if row.place:
        text.append(f"  {printable(row.place)}", style="dim")
    return text


def _mark(letter: str) -> Text:
    return Text(letter, style=STYLES[MARKS[letter]]) if letter else Text()


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
