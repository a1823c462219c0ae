"""Comments that silence findings: ``# shapecalc: ignore[SC201]`` at the end of a line, and
``# shapecalc: ignore-file`` on a line of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shapecalc.diagnostics import Diagnostic
from shapecalc.selection import UnknownCodeError, read_code
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Source

_COMMENT = re.compile(
    r"(?:^|(?<=\s))#\s*shapecalc:\s*(?P<what>ignore-file|ignore)\s*(?:\[(?P<codes>[^\]\n]*)\])?",
    re.MULTILINE,
)


@dataclass(slots=True)
class Suppression:
    """One comment; ``used`` collects the codes that it silenced."""

    line: int
    extent: tuple[int, int]
    #: Prefixes of codes; ``SC`` where the comment names none.
    codes: tuple[str, ...]
    whole_file: bool
    used: set[str] = field(default_factory=set)

    def hides(self, code: str) -> bool:
        """Whether it silences a code; remembers that it did."""
        if code in ("SC001", "SC900"):
            return False
        matching = {prefix for prefix in self.codes if code.startswith(prefix)}
        self.used |= matching
        return bool(matching)


class Suppressions:
    """The comments of one file."""

    def __init__(self, source: Source) -> None:
        self.found: list[Suppression] = []
        self.problems: list[Problem] = []
        if "shapecalc:" in source.text:
            for match in _COMMENT.finditer(source.text):
                self._read(source, match)
        self._by_line = {one.line: one for one in self.found if not one.whole_file}
        self._whole_file = [one for one in self.found if one.whole_file]

    def _read(self, source: Source, match: re.Match[str]) -> None:
        extent = match.span()
        words = ["ALL"] if match["codes"] is None else match["codes"].split(",")
        codes = []
        for word in words:
            try:
                codes.append(read_code(word))
            except UnknownCodeError as error:
                self.problems.append(Problem("SC002", str(error), extent, error.help))
        line = source.span(extent).line
        whole_file = match["what"] == "ignore-file"
        self.found.append(Suppression(line, extent, tuple(codes), whole_file))

    def hide(self, diagnostic: Diagnostic, layer_line: int | None = None) -> bool:
        """Whether a comment silences a finding: one on its line, on the first line of its layer,
        or for the whole file."""
        lines = {diagnostic.line, layer_line}
        candidates = [self._by_line[line] for line in lines if line in self._by_line]
        return any(one.hides(diagnostic.code) for one in (*candidates, *self._whole_file))
