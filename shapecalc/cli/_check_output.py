"""Where the reports of ``shapecalc check`` go: standard output, or files (``-o``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import typer

from shapecalc.cli import _terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

STDOUT = Path("-")


class Target(NamedTuple):
    """A format and the file it goes to; ``None``: standard output."""

    format: str
    file: Path | None


def targets(
    formats: list[str], outputs: list[Path] | None, order: Iterable[str | None]
) -> list[Target]:
    """Where each format goes: an ``-o`` belongs to the ``--format`` before it, one before all of
    them to the first. What has none goes to standard output.

    ``order`` has the names of the command's parameters as they were written.
    """
    if len(outputs or ()) > len(formats):
        _refuse(f"{len(outputs or ())} files for {len(formats)} --format: give one to each.")
    files = _owned(outputs or [], order)
    if sum(files.get(number, STDOUT) == STDOUT for number in range(len(formats))) > 1:
        _refuse("Only one format can go to standard output: give the others a file.")
    named = [os.path.realpath(file) for file in files.values() if file != STDOUT]
    if len(set(named)) < len(named):
        _refuse("Two formats cannot go to one file.")
    found = [files.get(number, STDOUT) for number in range(len(formats))]
    return [
        Target(format, None if file == STDOUT else file)
        for format, file in zip(formats, found, strict=True)
    ]


def _owned(outputs: list[Path], order: Iterable[str | None]) -> dict[int, Path]:
    """The files by the number of the format that they belong to."""
    files: dict[int, Path] = {}
    given = iter(outputs)
    before = 0
    for name in order:
        if name == "formats":
            before += 1
        elif name == "outputs":
            file, owner = next(given), max(before - 1, 0)
            if owner in files:
                _refuse(f"{files[owner]} and {file} for one --format: write each after its own.")
            files[owner] = file
    return files


def spare(written: Iterable[Path], read: Iterable[str], option: str) -> None:
    """Wrong usage where a file that is to be written is one of the specs."""
    specs = {os.path.realpath(path) for path in read}
    for file in written:
        if os.path.realpath(file) in specs:
            message = f"{file} is one of the specs: it would be overwritten."
            raise typer.BadParameter(message, param_hint=f"'{option}'")


def _refuse(message: str) -> NoReturn:
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
