"""``shapecalc rules``: all rules at a glance."""

from __future__ import annotations

from shapecalc.cli import _options, _terminal, _text

PANEL = "Reference"
ORDER = 310


def command(output_format: _options.FormatOption = "text") -> int:
    """List the rules: code, name, severity, whether it is on, and what it reports.

    \b
      shapecalc rules
      shapecalc rules --format json
      shapecalc explain SC302                more on one of them
    """
    from shapecalc import rules

    found = rules.all_rules()
    if output_format == "json":
        import json

        listed = [
            {
                "code": rule.code,
                "name": rule.name,
                "severity": str(rule.severity),
                "default": rule.default,
                "summary": rule.summary,
                "documentation": rule.documentation.strip(),
                "fails": rule.fails.strip("\n"),
                "passes": rule.passes.strip("\n"),
            }
            for rule in found
        ]
        _terminal.print_out(json.dumps({"version": 1, "rules": listed}, indent=2))
        return 0
    rows = [
        (rule.code, rule.name, str(rule.severity), "on" if rule.default else "off", rule.summary)
        for rule in found
    ]
    _terminal.print_out(_text.table(rows))
    return 0
