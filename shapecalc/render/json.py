"""The JSON contract: ``report.schema.json`` beside this file describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import Report


def render(report: Report, _options: Options) -> str:
    """The report as one JSON object."""
    return json.dumps(report.to_dict(), ensure_ascii=True, indent=2)
