"""Comments that silence findings: ``# shapecalc: ignore[SC201]`` at the end of a line, and
``# shapecalc: ignore-file`` on a line of its own. What follows the bracket is free text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from shapecalc.selection import UnknownCodeError, read_code
from shapecalc.spec.names import surely_meant
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Extent, Source, scalars

_COMMENT = re.compile(
    r"(?:^|(?<=\s))#[ \t]*shapecalc:[ \t]*(?P<word>\w[\w-]*)[ \t]*(?P<rest>[^\r\n#]*)", re.MULTILINE
)
_WORDS = ("ignore", "ignore-file")
_CODE = re.compile(r"(?i)SC\d")
_CODES = re.compile(r"\[(?P<codes>[^\]\r\n]*)\]")
HOW = "write # shapecalc: ignore[SC201]"


class Code(NamedTuple):
    """A code, or a prefix of codes, and where it is written."""

    prefix: str
    extent: Extent


@dataclass(slots=True)
class Suppression:
    """One comment, or the ``ignore`` of one layer; ``used`` collects what of it was needed."""

    line: int
    extent: Extent
    codes: tuple[Code, ...]
    whole_file: bool = False
    used: set[Code] = field(default_factory=set)

    def hides(self, code: str) -> bool:
        """Whether it silences a code; remembers that it did."""
        matching = {one for one in self.codes if code.startswith(one.prefix)}
        self.used |= matching
        return bool(matching)

    @property
    def unused(self) -> Iterator[Code]:
        """The codes that silenced nothing."""
        return (code for code in self.codes if code not in self.used)


class Suppressions:
    """The comments of one file."""

    def __init__(self, source: Source) -> None:
        self.found: list[Suppression] = []
        self.problems: list[Problem] = []
        if "shapecalc:" in source.text:
            self._read(source)
        self._by_line: dict[int, list[Suppression]] = {}
        for one in self.found:
            if not one.whole_file:
                self._by_line.setdefault(one.line, []).append(one)
        self._whole_file = [one for one in self.found if one.whole_file]
        #: Whether a line (0: the file) silences a code: very many findings may ask.
        self._hiding: dict[tuple[int, str], bool] = {}

    def _read(self, source: Source) -> None:
        matches = list(_COMMENT.finditer(source.text))
        texts = sorted(scalars(source)) if matches else []
        for match in matches:
            # The texts do not overlap: only the last one that starts before it may hold it.
            before = bisect_right(texts, match.start(), key=itemgetter(0))
            if not before or texts[before - 1][1] <= match.start():
                self._read_one(source, match)

    def _read_one(self, source: Source, match: re.Match[str]) -> None:
        extent = (match.start(), match.start("rest") + len(match["rest"].rstrip()))
        word, rest = match["word"], match["rest"]
        if word not in _WORDS:
            # Anything else may be prose: only a slip of the pen is told.
            if surely_meant(word, _WORDS):
                self._wrong(f"there is no `{word}`", match.span("word"))
            return
        codes = [Code("SC", match.span("word"))]
        if rest.startswith("["):
            found = _CODES.match(source.text, *match.span("rest"))
            if found is None:
                self._wrong("the bracket is not closed", extent)
                return
            codes = list(self._codes(found))
        elif _CODE.match(rest):
            self._wrong("codes stand in brackets", extent)
            return
        line = source.span(extent).line
        whole_file = word == "ignore-file"
        self.found.append(Suppression(line, extent, tuple(codes), whole_file))

    def _wrong(self, message: str, extent: Extent) -> None:
        self.problems.append(Problem("SC002", f"a comment for shapecalc: {message}", extent, HOW))

    def _codes(self, match: re.Match[str]) -> Iterator[Code]:
        at = match.start("codes")
        for word in match["codes"].split(","):
            extent = (at, at + len(word)) if word.strip() else match.span()
            at += len(word) + 1
            try:
                yield Code(read_code(word), extent)
            except UnknownCodeError as error:
                self.problems.append(Problem("SC002", str(error), extent, error.help))

    def hide(self, code: str, lines: Iterable[int]) -> bool:
        """Whether a comment silences a finding of a code: one on these lines, or for the file."""
        if not self.found:
            return False
        hiding = [self._hides(code, line) for line in {*lines, 0}]
        return any(hiding)

    def _hides(self, code: str, line: int) -> bool:
        known = self._hiding.get((line, code))
        if known is None:
            comments = self._by_line.get(line, ()) if line else self._whole_file
            hiding = [one for one in comments if one.hides(code)]
            known = self._hiding[line, code] = bool(hiding)
        return known
