"""A baseline: the findings that a repository starts with, which are not reported again.

A finding is known by its file, its code and its message, not by its line, so that it stays known
when something is written above it. Findings that are alike are counted.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from shapecalc.diagnostics import Diagnostic
from shapecalc.report import FileReport
from shapecalc.rules import NEVER_SILENT

VERSION = 1
#: The name of a file may be no UTF-8: what Python makes of it is written as it is.
SURROGATES = "surrogatepass"


class BaselineError(Exception):
    """A baseline that cannot be read."""


class Fingerprint(NamedTuple):
    """What a finding is known by."""

    file: str
    code: str
    message: str


@dataclass(slots=True)
class Baseline:
    """Findings that are known, and how many of each; files are relative to ``folder``."""

    folder: Path
    counts: Counter[Fingerprint]

    def fingerprint(self, found: Diagnostic) -> Fingerprint:
        """What a finding is known by in this baseline."""
        return Fingerprint(self._name(found.file), found.code, found.message)

    def without_known(self, reports: Iterable[FileReport]) -> tuple[list[FileReport], int, int]:
        """The reports without what is known; how much that was; and how many entries of the
        baseline nothing was found for, of files that were checked or are gone."""
        left = self.counts.copy()
        checked = set()
        kept = []
        hidden = 0
        for report in reports:
            checked.add(self._name(report.source.file))
            before = len(report.diagnostics)
            kept.append(self._filtered(report, left))
            hidden += before - len(kept[-1].diagnostics)
        stale = sum(
            count
            for one, count in left.items()
            if one.file in checked or not os.path.exists(self.folder / one.file)
        )
        return kept, hidden, stale

    def _name(self, file: str) -> str:
        return file if file.startswith("<") else Path(os.path.relpath(file, self.folder)).as_posix()

    def _filtered(self, report: FileReport, left: Counter[Fingerprint]) -> FileReport:
        for model in report.models:
            model.diagnostics = self._unknown(model.diagnostics, left)
        return replace(report, own_diagnostics=self._unknown(report.own_diagnostics, left))

    def _unknown(
        self, diagnostics: tuple[Diagnostic, ...], left: Counter[Fingerprint]
    ) -> tuple[Diagnostic, ...]:
        kept = []
        for found in diagnostics:
            known = self.fingerprint(found)
            if left[known] > 0:
                left[known] -= 1
            else:
                kept.append(found)
        return tuple(kept)


def read_baseline(path: Path) -> Baseline:
    """A baseline from its file. Raises :class:`BaselineError`."""
    try:
        data: Any = json.loads(path.read_bytes().decode("utf-8", SURROGATES))
        if data["version"] != VERSION:
            raise BaselineError(f"{path}: a baseline of version {data['version']!r}, not {VERSION}")
        counts: Counter[Fingerprint] = Counter()
        for entry in data["findings"]:
            known = Fingerprint(str(entry["file"]), str(entry["code"]), str(entry["message"]))
            counts[known] += int(entry["count"])
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise BaselineError(f"{path}: not a baseline of shapecalc") from None
    return Baseline(_folder(path), counts)


def baseline_of(reports: Iterable[FileReport], path: Path) -> tuple[str, int]:
    """The text of a baseline of all that was found, and how many findings it holds."""
    baseline = Baseline(_folder(path), Counter())
    for report in reports:
        for found in report.diagnostics:
            if found.code not in NEVER_SILENT:
                baseline.counts[baseline.fingerprint(found)] += 1
    findings = [
        {**known._asdict(), "count": count} for known, count in sorted(baseline.counts.items())
    ]
    text = json.dumps({"version": VERSION, "findings": findings}, indent=2, ensure_ascii=False)
    return text + "\n", sum(baseline.counts.values())


def _folder(path: Path) -> Path:
    return Path(os.path.abspath(path)).parent
