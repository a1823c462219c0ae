"""GitHub-flavoured Markdown for a comment on a pull request: findings, then folded tables.

What a spec says is written in character references, so that it is neither markup nor a mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.layers.base import format_shape
from shapecalc.render._columns import Column, format_total
from shapecalc.render._escape import printable
from shapecalc.render._places import repository_path
from shapecalc.render._rows import Row, rows_of, shown_columns, walk_rows
from shapecalc.report import ModelReport

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import Report

ICONS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}
#: A comment on GitHub holds 65,536 characters; what does not fit is counted.
MAX_LENGTH = 60_000
MAX_FINDINGS = 100

#: What is markup, a mention, an emoji or a formula within a line (no text stands at its start).
_MARKUP = re.compile(r"[#$&*:<>@\[\\\]^_`{|}~]")

SHOWS_LAYERS = "unless quiet"


def render(report: Report, options: Options) -> str:
    """The report as Markdown."""
    shown = [
        found
        for found in report.diagnostics
        if options.notes or found.severity is not Severity.NOTE
    ]
    hidden = sum(model.hidden_diagnostics for model in report.models)
    shown.sort(key=lambda found: found.severity is not Severity.ERROR)
    parts = [f"### shapecalc: {_headline(report, hidden)}\n"]
    parts += _fitting([_finding(found) for found in shown], MAX_FINDINGS, MAX_LENGTH // 2)
    if not options.quiet:
        tables = (_model(model, options) for model in report.models)
        room = MAX_LENGTH - sum(map(len, parts))
        # An empty line ends the last table also where something is appended to the file.
        parts += ["", *_fitting(tables, len(report.models), room, "tables"), ""]
    return "\n".join(parts) + "\n"


def _headline(report: Report, hidden: int) -> str:
    counts = [
        _count(sum(1 for _ in report.of_severity(severity)), severity.value)
        for severity in Severity
        if any(report.of_severity(severity))
    ]
    if hidden:
        counts.append(f"{hidden:,} more")
    icon = "❌" if not report.ok else "✅"
    return f"{icon} {', '.join(counts) or 'nothing found'} in {_count(len(report.models), 'model')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _fitting(
    parts: Iterator[str] | list[str], most: int, room: int, noun: str = ""
) -> Iterator[str]:
    """As many of the parts as fit, and how many do not."""
    left_out = 0
    for number, part in enumerate(parts):
        room -= len(part) + 1
        if left_out or room < 0 or number >= most:
            left_out += 1
        else:
            yield part
    if left_out:
        yield f"\n… and {left_out:,} more {noun}".rstrip()


def _finding(found: Diagnostic) -> str:
    place = code(f"{repository_path(found.file)}:{found.line}:{found.column}")
    text = f"- {ICONS[found.severity]} {place} **{found.code}** {_text(found.text)}"
    if found.sizes:
        text += f"<br>sizes: {_text(' → '.join(found.sizes))}"
    if found.help:
        text += f"<br>help: {_text(found.help)}"
    return text


def _model(model: ModelReport, options: Options) -> str:
    outputs = ", ".join(format_shape(shape) for shape in model.outputs.values())
    lines = [
        "<details>",
        f"<summary>{code(model.name)}: params {format_total(model.total('params'))}, "
        f"MACs {format_total(model.total('macs'))}, output {outputs}, {code(model.file)}</summary>",
        "",
        *([] if options.summary_only else _table(model, options)),
        "</details>",
    ]
    return "\n".join(lines)


def _table(model: ModelReport, options: Options) -> Iterator[str]:
    shown = shown_columns(options)
    yield "| Layer |" + "".join(f" {column.title} |" for column in shown) + " |"
    yield "| :-- |" + "".join(" --: |" if column.right else " :-- |" for column in shown) + " :-: |"
    for guide, row in walk_rows(rows_of(model, shown, options)):
        yield _row(guide, row, shown)
    yield ""


def _row(guide: str, row: Row, shown: list[Column]) -> str:
    label = f"{row.type} {row.name}" if row.name else row.type
    times = f" ×{row.times}" if row.times > 1 else ""
    more = " …" if row.folded else ""
    place = f" in {code(row.place)}" if row.place else ""
    tree = guide.replace(" ", "&nbsp;")
    cells = [
        _references(printable(column.show(cell).strip()))
        for column, cell in zip(shown, row.cells, strict=True)
    ]
    mark = row.marks if row.marks in ("E", "W") else ""
    return f"| {tree}{code(label)}{times}{more}{place} | {' | '.join([*cells, mark])} |"


def _text(text: str) -> str:
    """Running text: what stands between backticks becomes code, the rest mentions nobody."""
    pieces = printable(text).split("`")
    if len(pieces) % 2 == 0:
        return _plain(text)
    return "".join(
        code(piece) if number % 2 else _plain(piece) for number, piece in enumerate(pieces)
    )


def _plain(text: str) -> str:
    # GitHub looks for @mentions and #123 in the finished page: a zero-width space parts them.
    return re.sub("(&#(?:64|35);)", r"\1&#8203;", _references(printable(text)))


def code(text: str) -> str:
    """Text of a spec as code, wherever it stands."""
    return f"<code>{_references(printable(text))}</code>" if text else ""


def _references(text: str) -> str:
    """Markup as character references, which are never read as such."""
    plain = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", text)
    # An address without its scheme becomes a link too.
    return re.sub("w(?=ww)", "&#119;", plain, flags=re.IGNORECASE)
