"""The JSON contract: ``report.schema.json`` beside this file describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.render._json import lines

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import Report


def render(report: Report, _options: Options) -> str:
    """The report as one JSON object; a layer or a diagnostic is one line."""
    return lines(report.to_dict(iter), depth=4)
