"""Plain text for a terminal: wrapped paragraphs, and tables whose last column wraps."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Sequence

#: Longer lines are hard to read, and the narrowest column must hold a word.
WIDEST, NARROWEST = 100, 40


def width() -> int:
    """How wide text may be: as wide as the terminal, 80 where there is none."""
    return max(min(shutil.get_terminal_size((80, 24)).columns, WIDEST), NARROWEST)


def wrap(text: str, indent: str = "", hanging: str | None = None) -> str:
    """A paragraph, however it was broken before; ``hanging`` indents all lines but the first."""
    return textwrap.fill(
        " ".join(text.split()),
        width(),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def first_paragraph(documentation: str | None) -> str:
    """The first paragraph of a docstring on one line, without its markup."""
    return " ".join((documentation or "").strip().split("\n\n")[0].split()).replace("``", "")


def indented(text: str, indent: str = "    ") -> str:
    """Lines as they are, further in."""
    return textwrap.indent(text.strip("\n"), indent)


def table(rows: Iterable[Sequence[str]], indent: str = "") -> str:
    """Rows of equally many cells, in columns; the last one wraps within its column."""
    rows = list(rows)
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        start = indent + "".join(
            f"{cell:<{size}}  " for cell, size in zip(row[:-1], widths, strict=True)
        )
        room = max(width() - len(start), NARROWEST // 2)
        first, *rest = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
        lines.append((start + first).rstrip())
        lines += [" " * len(start) + line for line in rest]
    return "\n".join(lines)
