"""GitLab's code-quality report: what a merge request shows beside its diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.render._escape import printable
from shapecalc.render._json import dumps
from shapecalc.render._places import findings, repository_path

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import Report

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}

SHOWS_LAYERS = "never"


def render(report: Report, _options: Options) -> str:
    """The report as one JSON list."""
    issues = [_issue(found, fingerprint) for _, found, fingerprint in findings(report)]
    return dumps(issues, indent=2)


def _issue(found: Diagnostic, fingerprint: str) -> dict[str, Any]:
    end = found.span.end_line if found.span else found.line
    return {
        "description": printable(f"{found.code}: {found.text}"),
        "check_name": found.rule,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[found.severity],
        "location": {
            "path": printable(repository_path(found.file)),
            "lines": {"begin": found.line, "end": end},
        },
    }
