"""What the checker says of a text."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from shapecalc.checker import Settings, check_source
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.spec.source import Source


def findings(text: str, file: str = "spec.yaml", **settings: Any) -> list[Diagnostic]:
    """All that is found in a spec."""
    source = Source(file, dedent(text).lstrip("\n"))
    return list(check_source(source, Settings(**settings)).diagnostics)


def codes(text: str, **settings: Any) -> list[str]:
    """The codes of what is found, in order."""
    return [found.code for found in findings(text, **settings)]


def errors(text: str, **settings: Any) -> list[Diagnostic]:
    """The errors that are found in a spec, without the warnings."""
    return [one for one in findings(text, **settings) if one.severity is Severity.ERROR]


def error_places(text: str, **settings: Any) -> list[tuple[str, int]]:
    """The codes and lines of the errors."""
    return [(found.code, found.line) for found in errors(text, **settings)]


def places(text: str, **settings: Any) -> list[tuple[str, int]]:
    """The codes and lines of what is found."""
    return [(found.code, found.line) for found in findings(text, **settings)]
