"""One input, all the way: read, checked, rendered, fixed, asked for its sizes."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree as ET
from zlib import crc32

from shapecalc import render, run
from shapecalc.checker import Settings
from shapecalc.cli import main, sizes
from shapecalc.diagnostics import Diagnostic
from shapecalc.fix import edited, fix_source
from shapecalc.report import FileReport, Report
from shapecalc.spec.source import Source, parse
from tests.render.hostile import is_tame

#: Limits for small inputs, so that many may be tried: those of design.md have tests of their own.
SMALL = {
    "shapecalc.walk.runner.MAX_LAYERS": 2_000,
    "shapecalc.reasoning.dims.MAX_NAMED_LAYERS": 300,
    "shapecalc.walk.state.MAX_WORK": 100_000,
    "shapecalc.walk.MAX_STEPS": 4_000,
    "shapecalc.spec.names.MAX_COMPARISONS": 20_000,
    "shapecalc.reasoning.line.MAX_SIZE": 64,
    "shapecalc.reasoning.line.MAX_PERIOD": 16,
}
FORMATS = render.formats()
#: Graphs of more layers are not asked for their sizes.
MOST_FOR_SIZES = 40

_COMMAND = re.compile(r"::(error|warning|notice) [^:\n]*::[^\n]*")
_TAGS = {"testsuites", "testsuite", "testcase", "failure", "error", "system-out"}


#: A second alarm, where the first one rang in what Python calls without listening (a weak
#: reference's callback).
_AGAIN = 0.5


class HangError(BaseException):
    """An input took longer than it may: no ``except Exception`` is to catch it."""


@contextmanager
def small_limits() -> Iterator[None]:
    """Lower the limits, so that no input takes long."""
    patches = [patch(name, value) for name, value in SMALL.items()]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise :class:`HangError` in what takes longer: seconds of the processor, so that what else
    the machine does counts for nothing."""

    def ring(*_: object) -> None:
        raise HangError(f"longer than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def attempt(data: bytes, folder: Path, *, whole: bool = False) -> int:
    """Check a file of these bytes, and hold what comes of it to the promises.

    Returns the exit code; raises whatever breaks a promise. Which of the formats is rendered and
    what else is done depends on the bytes, unless the ``whole`` path is wanted.
    """
    file = folder / "spec.yaml"
    file.write_bytes(data)
    chance = crc32(data)
    outcome = run.do(run.Job(str(file), Settings()))
    if outcome.report is None:
        assert outcome.error
        assert is_tame(outcome.error)
        return 2
    code = int(outcome.fails)
    found = outcome.report.diagnostics
    assert not any(one.code == "SC900" for one in found), [one.message for one in found]
    for format in FORMATS if whole else [FORMATS[chance % len(FORMATS)]]:
        check_rendered(outcome.report, format)
    if any(one.fix for one in found) and (whole or chance % 4 == 0):
        check_fixed(outcome.report)
    if whole or chance % 8 == 0:
        check_sizes(file, outcome.report)
    if whole or chance % 512 == 0:
        assert command_line(file, FORMATS[chance // 512 % len(FORMATS)]) == code
    return code


def check_rendered(file: FileReport, format: str) -> None:
    """A report that is well formed, whole, and tells no terminal or CI system what to do."""
    report = Report((file,))
    text = render.render(report, format, render.Options(notes=True))
    assert is_tame(re.sub("^::", "", text, flags=re.MULTILINE) if format == "github" else text)
    check = _FORMATS.get(format)
    if check is not None:
        check(text, report)


def _github(text: str, report: Report) -> None:
    lines = text.splitlines()
    assert all(_COMMAND.fullmatch(line) for line in lines)
    hidden = sum(bool(model.hidden_diagnostics) for model in report.models)
    assert len(lines) == len(report.diagnostics) + hidden


def _json(text: str, report: Report) -> None:
    loaded = json.loads(text)
    assert [len(model["layers"]) for model in loaded["models"]] == [
        len(model.layers) for model in report.models
    ]


def _gitlab(text: str, report: Report) -> None:
    prints = [issue["fingerprint"] for issue in json.loads(text)]
    assert len(prints) == len(report.diagnostics)
    assert len(set(prints)) == len(prints)


def _sarif(text: str, report: Report) -> None:
    (run,) = json.loads(text)["runs"]
    assert len(run["results"]) == len(report.diagnostics)


def _jsonl(text: str, report: Report) -> None:
    for line in text.splitlines():
        json.loads(line)


def _csv(text: str, report: Report) -> None:
    rows = list(csv.reader(io.StringIO(text), strict=True))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 1 + sum(len(model.layers) for model in report.models)


def _junit(text: str, report: Report) -> None:
    root = ET.fromstring(text.encode())
    assert {element.tag for element in root.iter()} <= _TAGS
    own = sum(bool(file.own_diagnostics) or not file.models for file in report.files)
    assert len(list(root.iter("testcase"))) == len(report.models) + own


def _latex(text: str, report: Report) -> None:
    code = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert code.count("\\begin{tabular}") == code.count("\\end{tabular}") == len(report.models)


_FORMATS: dict[str, Any] = {
    "github": _github,
    "json": _json,
    "gitlab": _gitlab,
    "sarif": _sarif,
    "jsonl": _jsonl,
    "csv": _csv,
    "junit": _junit,
    "latex": _latex,
}


def check_fixed(file: FileReport) -> None:
    """A fix changes what it says and no more, can be read, and leaves nothing to fix again."""
    source, settings = file.source, Settings()
    for fix in (one.fix for one in file.diagnostics if one.fix):
        assert any(source.raw((edit.start, edit.end)) != edit.text for edit in fix.edits)
    once, _ = edited(source.text, file.diagnostics)
    assert _outside(source.text, file.diagnostics) <= Counter(once.splitlines())
    fixed = fix_source(source, settings)
    assert _unreadable(fixed.source) <= _unreadable(source)
    again = fix_source(fixed.source, settings)
    assert again.source.text == fixed.source.text


def _outside(text: str, found: tuple[Diagnostic, ...]) -> Counter[str]:
    """The lines that no fix touches."""
    edits = [edit for one in found if one.fix for edit in one.fix.edits]
    lines: Counter[str] = Counter()
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        if not any(edit.start <= end and start <= edit.end for edit in edits):
            lines[line.splitlines()[0]] += 1
        start = end
    return lines


def _unreadable(source: Source) -> int:
    return len(parse(source)[1])


def check_sizes(file: Path, report: FileReport) -> None:
    """``sizes`` comes to an end with an exit code."""
    if any(len(model.graph.nodes) > MOST_FOR_SIZES for model in report.models):
        return
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        assert sizes.command(str(file), near=8) in (0, 1)
    assert is_tame(out.getvalue())


def command_line(file: Path, format: str) -> int:
    """The exit code of the whole program, which says nothing of a bug."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(["check", str(file), "--format", format])
        except SystemExit as stop:
            code = stop.code
    assert "this is a bug" not in err.getvalue(), err.getvalue()
    assert isinstance(code, int)
    return code
