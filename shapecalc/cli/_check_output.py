"""Where the reports of ``shapecalc check`` go: standard output, or files (``-o``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from shapecalc.cli import _terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

STDOUT = Path("-")


class Target(NamedTuple):
    """A format and the file it goes to; ``None``: standard output."""

    format: str
    file: Path | None


def targets(formats: list[str], outputs: list[Path] | None) -> list[Target]:
    """The n-th ``-o`` belongs to the n-th ``--format``; what has none goes to standard output."""
    given = list(outputs or [])
    if len(given) > len(formats):
        _refuse(f"{len(given)} files for {len(formats)} --format: give one to each.")
    given += [STDOUT] * (len(formats) - len(given))
    files = [None if file == STDOUT else file for file in given]
    if files.count(None) > 1:
        _refuse("Only one format can go to standard output: give the others a file.")
    named = [os.path.realpath(file) for file in files if file]
    if len(set(named)) < len(named):
        _refuse("Two formats cannot go to one file.")
    return [Target(*pair) for pair in zip(formats, files, strict=True)]


def _refuse(message: str) -> None:
    raise typer.BadParameter(message, param_hint="'--output'")


def write(texts: Iterable[tuple[Target, str]]) -> bool:
    """Write each text to its target; whether all could be written."""
    written = True
    for target, text in texts:
        # What ends with an empty line needs it: see render/markdown.py.
        body = text.rstrip("\n") + "\n" * text.endswith("\n\n")
        if target.file is None:
            if body:
                _terminal.print_out(body)
            continue
        try:
            _write_file(target.file, f"{body}\n" if body else "")
        except OSError as error:
            reason = error.strerror or str(error)
            _terminal.print_error(f"{target.file}: {reason}")
            written = False
    return written


def _write_file(file: Path, text: str) -> None:
    from shapecalc.fix import write_atomically

    data = text.encode("utf-8", "backslashreplace")
    if file.exists() and not file.is_file():
        # A pipe or a device (/dev/stderr) is written to, not replaced; a folder is an error.
        file.write_bytes(data)
    else:
        write_atomically(Path(os.path.realpath(file)), data)
