"""What the linter says about published networks, as the tables of ``specs/zoo/README.md``.

``python -m tests.zoo`` writes them anew. Why a finding is true is written by hand, in the last
column: it stays where the finding stays; a new one comes without.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from shapecalc.checker import check_source
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.report import FileReport
from shapecalc.spec.source import Source

SPECS = Path(__file__).resolve().parents[1] / "specs"
PAGE = SPECS / "zoo" / "README.md"
NETWORKS = [*sorted(SPECS.glob("*.yaml")), *sorted((SPECS / "zoo").glob("*.yaml"))]

_TABLES = "## Findings\n"
#: What silences a finding in these specs, as they write it.
_SILENCE = re.compile(r"(?:, | +|^)(?:lint: \{.*\}|ignore: (?:\[.*?\]|SC\d+))", re.MULTILINE)


class Key(NamedTuple):
    """A finding wherever it stands: the spec, the code and the message."""

    spec: str
    code: str
    message: str


@cache
def report(path: Path) -> FileReport:
    """A spec with all that the linter says by default: what it silences itself included."""
    text = _SILENCE.sub("", path.read_text(encoding="utf-8"))
    return check_source(Source(path.relative_to(SPECS).as_posix(), text))


def findings() -> dict[Key, list[int]]:
    """All errors and warnings, with the lines that have them."""
    found: dict[Key, list[int]] = {}
    for one in diagnostics():
        if one.severity is not Severity.NOTE:
            found.setdefault(Key(one.file, one.code, one.message), []).append(one.line)
    return found


def notes() -> dict[str, Counter[str]]:
    """How many notes of each kind there are: by code, and what happens to the remainder."""
    found: dict[str, Counter[str]] = {}
    for one in diagnostics():
        if one.severity is Severity.NOTE:
            kind = re.sub(r"\d+ cells?", "some cells", one.message.rpartition("; ")[2])
            found.setdefault(one.code, Counter())[kind] += 1
    return found


def diagnostics() -> Iterator[Diagnostic]:
    """All that is found, network by network."""
    return (one for path in NETWORKS for one in report(path).diagnostics)


def reasons() -> dict[Key, str]:
    """Why each finding of the page is true."""
    rows = (_cells(line) for line in PAGE.read_text(encoding="utf-8").splitlines())
    return {
        Key(cells[0], cells[2], cells[3]): cells[4]
        for cells in rows
        if len(cells) == 5 and cells[2].startswith("SC")
    }


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []


def page() -> str:
    """The page with its tables as they should be."""
    written = PAGE.read_text(encoding="utf-8")
    why = reasons()
    rows = [
        (key.spec, ", ".join(map(str, sorted(lines))), key.code, key.message, why.get(key, ""))
        for key, lines in findings().items()
    ]
    tables = [_table(("spec", "line", "code", "finding", "why it is true"), rows)]
    for code, kinds in sorted(notes().items()):
        table = _table(("what they say", "how often"), kinds.items())
        tables += [f"### {code}, the notes\n", table]
    return written[: written.index(_TABLES) + len(_TABLES)] + "\n" + "\n".join(tables)


def _table(heads: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
