"""Examples in Markdown: the fenced blocks of a document, and its console sessions run for real.

``python -m tests.documents`` writes the outputs of all console sessions anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import shapecalc
from tests import specs_table

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
GUIDE = ROOT / "specs" / "README.md"

#: For running the very package that is being tested, in a pipe of 80 columns.
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(shapecalc.__file__).parents[1]),
    "PYTHONUTF8": "1",
    "NO_COLOR": "1",
    "COLUMNS": "80",
}

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: what follows its language, its text, and the line it begins at."""

    info: str
    text: str
    line: int


def blocks(document: Path, language: str) -> list[Block]:
    """The fenced blocks of a document in one language."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(match[2].strip(), match[3], text.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(text)
        if match[1] == language
    ]


def commands(session: str) -> list[str]:
    """The commands of a console session."""
    return [line[2:] for line in session.splitlines() if line.startswith("$ ")]


def replay(session: str, folder: Path) -> str:
    """A console session with what its commands print now. ``echo $?`` is the last exit code."""
    lines: list[str] = []
    code = 0
    for command in commands(session):
        lines.append(f"$ {command}")
        if command == "echo $?":
            lines.append(str(code))
            continue
        program, *arguments = shlex.split(command)
        assert program == "shapecalc", command
        done = subprocess.run(
            [sys.executable, "-m", "shapecalc", *arguments],
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        code = done.returncode
        lines += [line.rstrip() for line in done.stdout.rstrip().splitlines()]
    return "\n".join(lines) + "\n"


@contextmanager
def guide_folder() -> Iterator[Path]:
    """A folder as the guide's examples know it: the specs that it names, and the gallery."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "broken").symlink_to(GUIDE.parent / "broken", target_is_directory=True)
        for block in blocks(GUIDE, "yaml"):
            if block.info.endswith(".yaml"):
                (folder / block.info).write_text(block.text, encoding="utf-8")
        yield folder


def _refreshed(document: Path, folder: Path) -> str:
    def anew(match: re.Match[str]) -> str:
        session = replay(match[3], folder) if match[1] == "console" else match[3]
        return f"```{match[1]}{match[2]}\n{session}```"

    return _FENCE.sub(anew, document.read_text(encoding="utf-8"))


if __name__ == "__main__":
    with guide_folder() as examples:
        guide = specs_table.refresh(_refreshed(GUIDE, examples))
        GUIDE.write_text(guide, encoding="utf-8")
    README.write_text(_refreshed(README, ROOT), encoding="utf-8")
