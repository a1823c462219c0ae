"""Diagnostics as a person reads them: the place, the line, the numbers, a way out."""

from __future__ import annotations

from rich.text import Text

from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.render._escape import printable
from shapecalc.spec.source import Source

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold blue"}
#: Longer source lines are cut.
MAX_LINE = 120


def describe(found: Diagnostic, source: Source) -> Text:
    """One diagnostic with the line it is about."""
    text = Text()
    text.append(f"{printable(found.file)}:{found.line}:{found.column}: ", style="bold")
    text.append(f"{found.severity}[{found.code}]", style=STYLES[found.severity])
    text.append(f" {printable(found.text)}\n")
    text.append_text(_excerpt(found, source))
    if found.sizes:
        _line(text, "sizes", " → ".join(found.sizes))
    for related in found.related:
        if related.span.line != found.first_use:
            _line(text, "see", f"line {related.span.line}: {related.message}")
    if found.help:
        _line(text, "help", found.help)
    return text


def _line(text: Text, label: str, value: str) -> None:
    text.append("   = ", style="blue")
    text.append(f"{label}: ", style="bold")
    text.append(f"{printable(value)}\n")


def _excerpt(found: Diagnostic, source: Source) -> Text:
    """The line with the culprit underlined."""
    span = found.span
    line = source.line(found.line)
    if span is None or not line.strip():
        return Text()
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    offset = max(start - MAX_LINE // 2, 0) if len(line) > MAX_LINE else 0
    shown = printable(line[offset : offset + MAX_LINE].replace("\t", " "))
    before = printable(line[offset:start].replace("\t", " "))
    width = len(printable(line[start : min(end, offset + MAX_LINE)]))
    text = Text()
    text.append(f"{found.line:>5} │ ", style="blue")
    text.append(f"{shown}\n")
    text.append("      │ ", style="blue")
    text.append(" " * len(before) + "^" * max(width, 1) + "\n", style=STYLES[found.severity])
    return text


def summary(diagnostics: list[Diagnostic], models: int, hidden: int, notes_shown: bool) -> Text:
    """``2 errors, 1 warning in 3 models (1 fixable with --fix; 4 notes: --notes lists them)``."""
    counts = {
        severity: sum(found.severity is severity for found in diagnostics) for severity in Severity
    }
    parts = [
        _count(counts[severity], str(severity))
        for severity in (Severity.ERROR, Severity.WARNING)
        if counts[severity]
    ]
    text = Text()
    if counts[Severity.ERROR]:
        text.append(", ".join(parts), style="bold red")
    elif counts[Severity.WARNING]:
        text.append(", ".join(parts), style="bold yellow")
    else:
        text.append("no errors", style="bold green")
    text.append(f" in {_count(models, 'model')}" if models else " in a file without models")
    asides = []
    if fixable := sum(found.fix is not None for found in diagnostics):
        asides.append(f"{fixable:,} fixable with --fix")
    if counts[Severity.NOTE]:
        how = "" if notes_shown else ": --notes lists them"
        asides.append(f"{_count(counts[Severity.NOTE], 'note')}{how}")
    if asides:
        text.append(f" ({'; '.join(asides)})")
    if hidden:
        text.append(f" and {hidden:,} more")
    return text


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
