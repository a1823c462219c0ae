"""Annotations on a pull request: GitHub's workflow commands, one finding a line.

``::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message``; the escapes are those of
``@actions/core``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Severity, Span
from shapecalc.render._escape import inert, printable
from shapecalc.render._places import repository_path

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import Report

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}

SHOWS_LAYERS = "never"


def render(report: Report, _options: Options) -> str:
    """The report as workflow commands."""
    lines = [_command(found) for found in report.diagnostics]
    for model in report.models:
        if model.hidden_diagnostics:
            text = f"and {model.hidden_diagnostics:,} more in {model.name}"
            lines.append(_line("warning", {"file": repository_path(model.file)}, [text]))
    return "\n".join(lines)


def _command(found: Diagnostic) -> str:
    span = found.span or Span(1, 1, 1, 1)
    properties: dict[str, object] = {"file": repository_path(found.file), "line": span.line}
    if span.line == span.end_line:
        # GitHub refuses columns of what spans several lines.
        properties["col"] = span.column
        properties["endLine"] = span.end_line
        properties["endColumn"] = span.end_column
    else:
        properties["endLine"] = span.end_line
    properties["title"] = f"{found.code} {found.rule}"
    text = [found.text]
    if found.sizes:
        text.append(f"sizes: {' → '.join(found.sizes)}")
    if found.help:
        text.append(f"help: {found.help}")
    return _line(COMMANDS[found.severity], properties, text)


def _line(command: str, properties: dict[str, object], text: list[str]) -> str:
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    # Azure's `##vso[…]` is obeyed anywhere in a line.
    return "::" + inert(f"{command} {written}::{_data(chr(10).join(map(printable, text)))}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
