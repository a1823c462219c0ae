"""The gallery of wrong specs, and what the checker says about each of them.

``python -m tests.gallery`` writes the expected outputs anew.
"""

from __future__ import annotations

from pathlib import Path

from shapecalc import render
from shapecalc.checker import check_source
from shapecalc.report import Report
from shapecalc.spec.source import Source, decode

FOLDER = Path(__file__).resolve().parents[1] / "specs" / "broken"


def specs() -> list[Path]:
    """The wrong specs, in order."""
    return sorted(FOLDER.glob("*.yaml"))


def report(spec: Path) -> Report:
    """The report of a spec that knows itself by its bare name, wherever it lies."""
    return Report((check_source(Source(spec.name, decode(spec.read_bytes()))),))


def output(spec: Path) -> str:
    """What ``shapecalc check --quiet --notes`` prints in the gallery's folder."""
    return render.render(report(spec), "table", render.Options(quiet=True, notes=True))


def refresh() -> None:
    """Write the expected output of every spec, and remove those of specs that are gone."""
    for stale in FOLDER.glob("*.txt"):
        stale.unlink()
    for spec in specs():
        spec.with_suffix(".txt").write_text(output(spec), encoding="utf-8")


if __name__ == "__main__":
    refresh()
