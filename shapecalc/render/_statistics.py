"""How often each rule was broken."""

from __future__ import annotations

import json
from collections import Counter

from shapecalc.report import Report


def statistics(report: Report, format: str) -> str:
    """The rules that were broken, most often first, as text or as JSON."""
    found = report.diagnostics
    counts = Counter((one.code, one.rule, str(one.severity)) for one in found)
    fixable = Counter(one.code for one in found if one.fix)
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if format == "json":
        rows = [
            {"code": code, "rule": rule, "severity": severity, "count": count,
             "fixable": fixable[code]}
            for (code, rule, severity), count in order
        ]  # fmt: skip
        return json.dumps(rows, indent=2) + "\n"
    width = max((len(f"{count:,}") for count in counts.values()), default=1)
    lines = [
        f"{count:>{width},}  {code}  {severity:<7}  {rule}"
        + (f"  ({fixable[code]:,} fixable with --fix)" if fixable[code] else "")
        for (code, rule, severity), count in order
    ]
    return "\n".join([*lines, f"{len(found):>{width},}  in all"]) + "\n"
