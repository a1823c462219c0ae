"""Where the rows of ``shapecalc sweep`` go: a table, or a file that a later run goes on with."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TextIO

import typer

from shapecalc.cli import _terminal
from shapecalc.render._escape import inert, printable
from shapecalc.variants import COLUMNS, Variant

FORMATS = ("table", "csv", "jsonl")
#: Those of the table for people.
SHOWN = ("params", "macs", "memory", "layers", "output")


def plain(value: Any) -> Any:
    """A cell in which no text can be taken for anything but text."""
    return inert(printable(value)) if isinstance(value, str) else value


def row_of(variant: Variant) -> dict[str, Any]:
    """A variant as a flat row."""
    return {name: plain(value) for name, value in variant.to_dict().items()}


def header(names: Sequence[str], output_format: str) -> str:
    """The first line of a file; JSON lines have none."""
    return _csv([columns(names)]) if output_format == "csv" else ""


def columns(names: Iterable[str]) -> list[str]:
    """The names of a row's cells: the ``vars``, then the figures that none of them hides."""
    return list(dict.fromkeys((*names, *COLUMNS)))


def line_of(variant: Variant, output_format: str) -> str:
    """A variant as a line."""
    row = row_of(variant)
    return _csv([list(row.values())]) if output_format == "csv" else json.dumps(row) + "\n"


def _csv(rows: list[list[Any]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def write(
    variants: Iterator[Variant],
    names: list[str],
    output_format: str,
    file: Path | None,
    *,
    append: bool,
) -> None:
    """Write rows as they come; a table when all of them have come. Raises ``OSError``."""
    if output_format == "table":
        text = table(list(variants))
        if file is not None:
            file.write_text(f"{text}\n", encoding="utf-8")
        elif text:
            _terminal.print_out(text)
        return
    with _opened(file, append) as stream:
        if not append or stream.tell() == 0:
            stream.write(header(names, output_format))
        for variant in variants:
            stream.write(line_of(variant, output_format))
            stream.flush()


def _opened(file: Path | None, append: bool) -> AbstractContextManager[TextIO]:
    """The stream of the rows; a file in UTF-8, and with lines that end alike, everywhere."""
    if file is None:
        return nullcontext(sys.stdout)
    return file.open("a" if append else "w", encoding="utf-8", newline="")


class Resumed(NamedTuple):
    """Where a file ends that a run goes on with: the next combination, and the file's length."""

    start: int
    length: int


def resume(file: Path, variables: Mapping[str, Sequence[Any]], output_format: str) -> Resumed:
    """How far a file got. The rows of its last combination, which may not be whole, are redone.

    Wrong usage for a file that is not of this sweep.
    """
    if not file.exists():
        return Resumed(0, 0)
    try:
        data = file.read_bytes()
        lines = data.decode("utf-8").splitlines(keepends=True)
    except (OSError, UnicodeError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="'--output'") from None
    first = header(list(variables), output_format)
    if first and (not lines or lines.pop(0) != first):
        if not data:
            return Resumed(0, 0)
        _not_ours(file)
    if lines and not lines[-1].endswith("\n"):
        lines.pop()
    try:
        last = _number(lines[-1], variables, output_format) if lines else 0
        while lines and _number(lines[-1], variables, output_format) == last:
            lines.pop()
    except (ValueError, KeyError, IndexError, TypeError):
        _not_ours(file)
    return Resumed(last, len((first + "".join(lines)).encode()))


def _not_ours(file: Path) -> NoReturn:
    message = f"{file} holds no rows of this sweep: give another file, or --overwrite."
    raise typer.BadParameter(message, param_hint="'--resume'")


def _number(line: str, variables: Mapping[str, Sequence[Any]], output_format: str) -> int:
    """The place of a row's combination among all of them."""
    if output_format == "csv":
        cells = next(csv.reader([line]))
        row = dict(zip(columns(variables), cells, strict=True))
    else:
        row = json.loads(line)
        if list(row) != columns(variables):
            raise ValueError(line)
    number = 0
    for name, values in variables.items():
        number = number * len(values) + [_cell(value) for value in values].index(str(row[name]))
    return number


def _cell(value: Any) -> str:
    value = value if isinstance(value, (int, float, str)) or value is None else str(list(value))
    return str(plain(value))


def table(variants: list[Variant]) -> str:
    """Rows in columns, numbers to the right; where a variant's first error is at its end."""
    if not variants:
        return ""
    several = len({variant.model for variant in variants}) > 1
    values = variants[0].values
    shown = [name for name in SHOWN if name not in values]
    names = [*values, *(("model",) if several else ()), *shown, ""]
    rows = [[_shown(name, variant) for name in names] for variant in variants]
    numeric = [all(_is_number(row[i]) for row in rows) for i in range(len(names))]
    widths = [max(len(row[i]) for row in [names, *rows]) for i in range(len(names) - 1)] + [0]
    lines = [
        "  ".join(
            f"{cell:>{width}}" if right else f"{cell:<{width}}"
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in [names, *rows]
    ]
    return "\n".join([_terminal.style(lines[0], "bold"), *lines[1:]])


def _shown(name: str, variant: Variant) -> str:
    from shapecalc.budget import format_amount

    if not name:
        return variant.error.partition(":")[0]
    value = variant.values[name] if name in variant.values else getattr(variant, name)
    if value is None:
        return "?"
    if name == "memory":
        return format_amount(name, value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else _terminal.escaped(str(value))


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").removeprefix("-").isdigit() or cell[-2:] in (
        "iB", "es", "?",
    )  # fmt: skip
