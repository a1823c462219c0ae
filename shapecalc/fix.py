"""Applying fixes: the file stays as it is, byte for byte, but for what they change."""

from __future__ import annotations

import codecs
import errno
import os
import tempfile
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

#: A fix may let another one be found; a large file is looked at so many times again at most, a
#: smaller one more often.
MAX_ROUNDS = 5
#: So much is read again in all: characters, and layers, which take as long as so many of them.
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
    rounds = work = 0
    while (rounds < MAX_ROUNDS or work < MAX_WORK) and fixer.improve():
        rounds += 1
        layers = sum(len(model.graph.nodes) for model in fixer.report.models)
        work += len(fixer.source.text) + WORK_PER_LAYER * layers
    return Fixed(fixer.source, fixer.report, fixer.fixes)


class _Fixer:
    """The text of one file while it is being fixed."""

    def __init__(self, source: Source, settings: Settings) -> None:
        self.source = source
        self.settings = settings
        # What is not selected may become worse as well.
        self.judge = replace(settings, selection=Selection(), command_line=Selection())
        self.report = check_source(source, settings)
        self.judged: FileReport | None = None
        self.fixes: list[Diagnostic] = []

    def improve(self) -> bool:
        """One round: all fixes at once, else one by one. Whether something was applied."""
        found = [one for one in self.report.diagnostics if one.fix]
        if not found or self._apply(found):
            return bool(found)
        # From the last on, so that the places of those before stay what they are.
        singly = sorted(found, key=_first_place, reverse=True)[:MAX_SINGLE]
        applied = [self._apply([one]) for one in singly if len(found) > 1]
        return any(applied)

    def _apply(self, found: list[Diagnostic]) -> bool:
        """Apply fixes unless that makes things worse; whether it was done."""
        text, applied = edited(self.source.text, found)
        if not applied:
            return False
        source = Source(self.source.file, text)
        before = self.judged or check_source(self.source, self.judge)
        after = check_source(source, self.judge)
        if _badness(after) > _badness(before) or _is_blinder(before, after):
            self.judged = before
            return False
        self.source, self.judged = source, after
        self.report = check_source(source, self.settings)
        self.fixes += applied
        return True


def _badness(report: FileReport) -> int:
    """The number of errors."""
    hidden = sum(model.hidden_diagnostics for model in report.models)
    return hidden + sum(one.severity is Severity.ERROR for one in report.diagnostics)


def _is_blinder(before: FileReport, after: FileReport) -> bool:
    """Whether a report may have fewer errors only because less of the file was seen."""
    counts = [sum(d.code in _BLINDING for d in report.diagnostics) for report in (before, after)]
    return counts[1] > counts[0] or len(after.models) < len(before.models)


def _first_place(found: Diagnostic) -> int:
    return min(edit.start for edit in found.fix.edits) if found.fix else 0


def edited(text: str, found: Iterable[Diagnostic]) -> tuple[str, list[Diagnostic]]:
    """A text with the fixes of findings applied, and those that were: of fixes that touch the
    same place only the first, but the same fix of two findings mends both."""
    edits: list[Edit] = []
    fixes: set[Fix] = set()
    applied = []
    for one in sorted((one for one in found if one.fix), key=_first_place):
        assert one.fix is not None
        if one.fix not in fixes:
            if any(_touch(edit, other) for edit in one.fix.edits for other in edits):
                continue
            fixes.add(one.fix)
            edits += one.fix.edits
        applied.append(one)
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text, applied


def _touch(one: Edit, other: Edit) -> bool:
    return one.start <= other.end and other.start <= one.end


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
