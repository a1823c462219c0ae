"""JSON lines: one finding a line, then one line a model with its totals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.render._json import dumps

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import Report


def render(report: Report, _options: Options) -> str:
    """The report as lines of JSON; ``kind`` says what a line is."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    for file in report.files:
        for found in file.own_diagnostics:
            yield dumps({"kind": "diagnostic", "model": None, **found.to_dict()})
        for model in file.models:
            for found in model.diagnostics:
                yield dumps({"kind": "diagnostic", "model": model.name, **found.to_dict()})
    for model in report.models:
        counts = {"hidden_diagnostics": model.hidden_diagnostics}
        counts["skipped_expects"] = model.skipped_expects
        yield dumps({"kind": "model", **model.heading(), **counts})
