"""SARIF 2.1.0 (OASIS), which code scanning reads: rules, results, fingerprints, fixes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shapecalc import rules
from shapecalc.diagnostics import Diagnostic, Edit, Severity, Span
from shapecalc.render._escape import printable
from shapecalc.render._json import dumps
from shapecalc.render._places import findings, repository_path
from shapecalc.rules.base import Rule
from shapecalc.spec.source import Source

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import Report

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
#: The name under which the fingerprint is stored; another number when its recipe changes.
FINGERPRINT = "shapecalc/v1"

SHOWS_LAYERS = "never"


def render(report: Report, _options: Options) -> str:
    """The report as one run."""
    from shapecalc import __version__

    found = list(findings(report))
    codes = sorted({diagnostic.code for _, diagnostic, _ in found})
    driver = {
        "name": "shapecalc",
        "semanticVersion": __version__,
        "rules": [_rule(rules.rule(code)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(*one, codes.index(one[1].code)) for one in found],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    documentation = rule.documentation.strip()
    help = (
        f"{documentation}\n\nFails:\n\n{_fenced(rule.fails)}\n\nPasses:\n\n{_fenced(rule.passes)}"
    )
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": _message(rule.summary)},
        "fullDescription": {"text": _message(" ".join(documentation.split()))},
        "help": {"text": _paragraphs(help), "markdown": _paragraphs(help)},
        "defaultConfiguration": {"level": LEVELS[rule.severity], "enabled": rule.default},
        "properties": {"tags": ["neural-network", rule.name]},
    }


def _fenced(spec: str) -> str:
    return f"```yaml\n{spec.strip()}\n```"


def _result(source: Source, found: Diagnostic, fingerprint: str, index: int) -> dict[str, Any]:
    span = found.span or Span(1, 1, 1, 1)
    text = found.text + (f"; sizes: {' → '.join(found.sizes)}" if found.sizes else "")
    text += f"; help: {found.help}" if found.help else ""
    location: dict[str, Any] = {"physicalLocation": _physical(found.file, span)}
    if found.path:
        name = found.path if found.layer is None else found.layer
        logical = {"name": printable(name), "fullyQualifiedName": printable(found.path)}
        location["logicalLocations"] = [logical]
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": LEVELS[found.severity],
        "message": {"text": _message(text)},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if found.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _physical(found.file, related.span),
                "message": {"text": _message(related.message)},
            }
            for number, related in enumerate(found.related)
        ]
    if found.fix is not None:
        result["fixes"] = [_fix(source, found)]
    return result


def _physical(file: str, span: Span) -> dict[str, Any]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"artifactLocation": {"uri": _uri(file)}, "region": region}


def _uri(file: str) -> str:
    path = repository_path(file)
    # Quoted whole: a colon in the first part of a relative path would be read as a scheme.
    written = quote(path, errors="surrogatepass")
    return f"file://{written}" if path.startswith("/") else written


def _fix(source: Source, found: Diagnostic) -> dict[str, Any]:
    assert found.fix is not None
    replacements = [_replacement(source, edit) for edit in found.fix.edits]
    change = {"artifactLocation": {"uri": _uri(found.file)}, "replacements": replacements}
    return {
        "description": {"text": _message(found.fix.description)},
        "artifactChanges": [change],
    }


def _replacement(source: Source, edit: Edit) -> dict[str, Any]:
    # Each end for itself: the span of a stretch leaves white space at its end out.
    start, end = (source.span((offset, offset)) for offset in (edit.start, edit.end))
    region = {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }
    return {"deletedRegion": region, "insertedContent": {"text": edit.text}}


def _message(text: str) -> str:
    """A message string: braces would be placeholders, ``[a](b)`` a link (SARIF 3.11.5, 3.11.6)."""
    doubled = printable(text).replace("{", "{{").replace("}", "}}")
    if "](" not in doubled:
        return doubled
    return re.sub(r"[\\\[\]]", r"\\\g<0>", doubled)


def _paragraphs(text: str) -> str:
    return "\n".join(map(_message, text.splitlines()))
