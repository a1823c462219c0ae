"""Files and findings as other tools name them: paths within the repository, fingerprints."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from shapecalc.diagnostics import Diagnostic
from shapecalc.report import Report
from shapecalc.spec.source import Source


def repository_path(file: str) -> str:
    """A file with forward slashes; relative where it lies below the working directory."""
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def findings(report: Report) -> Iterator[tuple[Source, Diagnostic, str]]:
    """Every finding with its file and a fingerprint of its own.

    The fingerprint knows neither lines nor positions in the stack, so that a finding keeps it when
    other parts of the file change; equal ones are numbered.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for file in report.files:
        for found in file.diagnostics:
            field = found.path.rpartition(".")[2].rstrip("]0123456789[")
            place = repository_path(found.file)
            key = (place, found.code, found.layer or "", field, found.message)
            yield file.source, found, _digest((*key, str(seen[key])))
            seen[key] += 1


def _digest(parts: tuple[str, ...]) -> str:
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
