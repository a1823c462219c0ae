"""Applying fixes: the file stays as it is, byte for byte, but for what they change."""

from __future__ import annotations

import codecs
import errno
import os
import tempfile
from bisect import bisect, insort
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from shapecalc.checker import Settings, UnreadableError, check_source
from shapecalc.diagnostics import Diagnostic, Edit, Fix, Severity
from shapecalc.report import FileReport
from shapecalc.selection import Selection
from shapecalc.spec.source import Source, decode

#: A fix may let another one be found: a text is looked at again, but not more often than this, ...
MAX_ROUNDS = 100
#: ... and until so much was read in all: characters, and layers, which take as long as so many.
MAX_WORK = 2_000_000
WORK_PER_LAYER = 100
#: So many fixes are tried one by one where all of them at once make things worse.
MAX_SINGLE = 50

#: After which of these there is less to be found than there is.
_BLINDING = frozenset({"SC001", "SC005", "SC007", "SC900"})

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)


class Fixed(NamedTuple):
    """A text with what could be fixed in it, what is still to be said of it, and what was."""

    source: Source
    report: FileReport
    fixes: list[Diagnostic]


def fix_source(source: Source, settings: Settings) -> Fixed:
    """Apply the fixes of all that is reported, until nothing more can be done."""
    fixer = _Fixer(source, settings)
    for _ in range(MAX_ROUNDS):
        if fixer.work >= MAX_WORK or not fixer.improve():
            break
    return Fixed(fixer.source, fixer.report, fixer.fixes)


class _Judgement(NamedTuple):
    """How bad a text is: its errors, what keeps more of it from being seen, and its models."""

    errors: int
    blinding: int
    models: int

    @classmethod
    def of(cls, report: FileReport) -> _Judgement:
        """What a report says of its text."""
        found = report.diagnostics
        hidden = sum(model.hidden_diagnostics for model in report.models)
        errors = hidden + sum(one.severity is Severity.ERROR for one in found)
        return cls(errors, sum(one.code in _BLINDING for one in found), len(report.models))

    def is_worse_than(self, before: _Judgement) -> bool:
        """Whether there are more errors, or perhaps fewer only because less of it was seen."""
        return (
            self.errors > before.errors
            or self.blinding > before.blinding
            or self.models < before.models
        )


class _Fixer:
    """The text of one file while it is being fixed."""

    def __init__(self, source: Source, settings: Settings) -> None:
        self.source = source
        self.settings = settings
        # What is not selected may become worse as well.
        self.judge = replace(settings, selection=Selection(), command_line=Selection())
        self.report = check_source(source, settings)
        self.judged = self._as_judged(source, self.report)
        self.fixes: list[Diagnostic] = []
        #: How much was read again.
        self.work = 0

    def improve(self) -> bool:
        """One round: all fixes at once, else one by one. Whether something was applied."""
        found = [one for one in self.report.diagnostics if one.fix]
        if not found or self._apply(found):
            return bool(found)
        # From the last on, so that the places of those before stay what they are.
        singly = sorted(found, key=_first_place, reverse=True)[:MAX_SINGLE]
        applied = [self._apply([one]) for one in singly if len(found) > 1 and self.work < MAX_WORK]
        return any(applied)

    def _apply(self, found: list[Diagnostic]) -> bool:
        """Apply fixes unless that makes things worse; whether it was done."""
        text, applied = edited(self.source.text, found)
        if not applied:
            return False
        source = Source(self.source.file, text)
        report = check_source(source, self.settings)
        layers = sum(len(model.graph.nodes) for model in report.models)
        self.work += len(text) + WORK_PER_LAYER * layers
        judged = self._as_judged(source, report)
        if judged.is_worse_than(self.judged):
            return False
        self.source, self.report, self.judged = source, report, judged
        self.fixes += applied
        return True

    def _as_judged(self, source: Source, report: FileReport) -> _Judgement:
        """What is wrong with a text, of all there is, where that is not all that is reported."""
        if self.judge != self.settings:
            report = check_source(source, self.judge)
        return _Judgement.of(report)


def _first_place(found: Diagnostic) -> int:
    return min(edit.start for edit in found.fix.edits) if found.fix else 0


def edited(text: str, found: Iterable[Diagnostic]) -> tuple[str, list[Diagnostic]]:
    """A text with the fixes of findings applied, and those that were: of fixes that touch the
    same place only the first, but the same fix of two findings mends both."""
    edits: list[Edit] = []  # in order
    fixes: set[Fix] = set()
    applied = []
    for one in sorted((one for one in found if one.fix), key=_first_place):
        assert one.fix is not None
        if one.fix not in fixes:
            if any(_touches(edit, edits) for edit in one.fix.edits):
                continue
            fixes.add(one.fix)
            for edit in one.fix.edits:
                insort(edits, edit)
        applied.append(one)
    parts, start = [], 0
    for edit in edits:
        parts += [text[start : edit.start], edit.text]
        start = edit.end
    return "".join([*parts, text[start:]]), applied


def _touches(edit: Edit, others: list[Edit]) -> bool:
    """Whether one of others, which lie in order, touches an edit."""
    place = bisect(others, edit)
    before, behind = others[max(place - 1, 0) : place], others[place : place + 1]
    return any(edit.start <= one.end and one.start <= edit.end for one in (*before, *behind))


def diff(before: Source, after: Source) -> str:
    """The change as a unified diff."""
    lines = unified_diff(
        before.text.splitlines(keepends=True),
        after.text.splitlines(keepends=True),
        before.file,
        after.file,
    )
    return "".join(
        line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"
        for line in lines
    )


def encode(text: str, original: bytes) -> bytes:
    """A text in the encoding of the bytes that it was read from, with their byte-order mark."""
    for mark, encoding in _MARKS:
        if original.startswith(mark):
            return mark + text.encode(encoding)
    return text.encode("utf-8")


def write(path: Path, before: Source, after: Source) -> None:
    """Put a changed text in the place of a file, at once and with the file's mode.

    Raises :class:`UnreadableError` where the file is not what it was, or cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        original = target.read_bytes()
        text = decode(original).removeprefix("\ufeff")
        if text != before.text or encode(text, original) != original:
            raise UnreadableError(f"{path}: the file has changed meanwhile: nothing was fixed")
        if not os.access(target, os.W_OK):
            # To put another file in its place would need no more than a folder that is writable.
            raise PermissionError(errno.EACCES, "the file is read-only: nothing was fixed")
        write_atomically(target, encode(after.text, original))
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror or error}") from None


def write_atomically(target: Path, data: bytes) -> None:
    """Write a file so that it is never seen half written; its mode is kept. Raises ``OSError``."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode & 0o7777)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
