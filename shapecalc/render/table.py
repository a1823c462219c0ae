"""The table that a person reads: layers, shapes and parameters, then what was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from shapecalc.diagnostics import Severity
from shapecalc.layers.base import format_shape
from shapecalc.render._columns import format_total
from shapecalc.render._escape import printable
from shapecalc.render._findings import STYLES, describe, summary
from shapecalc.render._page import Page
from shapecalc.render._rows import Row, rows_of, shown_columns, walk_rows
from shapecalc.report import ModelReport, Report

if TYPE_CHECKING:
    from shapecalc.reasoning.dims import Domain
    from shapecalc.render import Options

#: The columns whose texts may go on in a second line, and how narrow they get.
_FOLDING = {"input": 14, "output": 14}
#: How narrow the layers' own column gets.
_LABEL_WIDTH = 20

MARKS = {"E": Severity.ERROR, "W": Severity.WARNING, "·": Severity.NOTE}

SHOWS_LAYERS = "unless quiet"


def render(report: Report, options: Options) -> str:
    """All models as tables, then the diagnostics, then one line that sums up."""
    page = Page(options)
    if not options.quiet:
        for model in report.models:
            _print_model(page, model, options)
    for file in report.files:
        for found in file.diagnostics:
            if found.severity is not Severity.NOTE or options.notes:
                page.print(describe(found, file.source))
    hidden = sum(model.hidden_diagnostics for model in report.models)
    if not report.files:
        return ""  # none could be read: that has been said
    page.print(summary(report.diagnostics, len(report.models), hidden, options.notes))
    return page.text


def _print_model(page: Page, model: ModelReport, options: Options) -> None:
    title = Text(printable(model.name), style="bold")
    inputs = [format_shape(node.outputs[0].shape) for node in model.graph.inputs.values()]
    title.append(f"  {', '.join(inputs)}", style="not bold")
    title.append(f"  {printable(model.file)}", style="dim not bold")
    page.print(title)
    if model.layers and not options.summary_only:
        _print_table(page, model, options)
    page.print(_totals(model))
    if model.graph.domain is not None:
        _print_domain(page, model.graph.domain, model)
    elif model.setting is not None:
        _print_costs(page, model)
    if model.skipped_expects:
        count = model.skipped_expects
        expects = f"numeric expect{'s' * (count > 1)}"
        page.print(Text(f"{count} {expects} skipped: sizes were overridden"))
    page.print(Text())


def _print_domain(page: Page, domain: Domain, model: ModelReport) -> None:
    from shapecalc.render._dims import domain_lines

    lines = list(domain_lines(domain, model))
    width = max(len(title) for title, _ in lines)
    before = ""
    for title, value in lines:
        text = Text(f"{title if title != before else '':<{width}}  ", style="dim")
        text.append(printable(value), style="not dim")
        page.print(text)
        before = title


def _print_costs(page: Page, model: ModelReport) -> None:
    from shapecalc.render._costs import cost_lines

    (title, _), *lines = cost_lines(model)
    page.print(Text(title, style="bold"))
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        text = Text(f"  {name:<{width}}  ", style="dim")
        text.append(printable(value), style="not dim")
        page.print(text)


def _print_table(page: Page, model: ModelReport, options: Options) -> None:
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
        page.print(Text("\n").join(lines))
    else:
        _print_folded(page, options, [column.name for column in shown], titles, right, rows)


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
    page: Page,
    options: Options,
    names: list[str],
    titles: list[str],
    right: list[bool],
    rows: list[list[Text]],
) -> None:
    """Rows that are too wide: shapes and layers go on in a second line."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

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
    page.print_table(table, max(options.width, needed + 2 * len(titles[:-1]) + 1))


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
