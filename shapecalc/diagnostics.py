"""What the checker has to say: a code, a severity, a place, the numbers and a way out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Severity(StrEnum):
    """How bad a finding is; only errors (with ``--strict`` warnings too) fail a run."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Span(NamedTuple):
    """A stretch of a source file; lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Edit(NamedTuple):
    """Text to write instead of a stretch of a file: character offsets, the end exclusive."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """A change of the file that mends a finding for certain."""

    #: What it does: ``write kernel_size instead of kernal_size``.
    description: str
    edits: tuple[Edit, ...]
    #: Where the layer is written that it changes, if every use of that layer must agree.
    layer: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fix in the form of the JSON contract."""
        edits = [edit._asdict() for edit in self.edits]
        return {"description": self.description, "edits": edits}


class Related(NamedTuple):
    """Another place that has to do with a finding (the first use of a duplicate name)."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. ``path`` follows the run (``layers[4]#1.body[0].kernel_size``); ``span`` says
    where it is written; ``sizes`` is the chain of shapes that led there."""

    code: str
    rule: str
    severity: Severity
    message: str
    help: str | None = None
    path: str = ""
    layer: str | None = None
    file: str = ""
    span: Span | None = None
    related: tuple[Related, ...] = ()
    sizes: tuple[str, ...] = ()
    uses: int = 1
    first_use: int | None = field(default=None)
    fix: Fix | None = None

    @property
    def line(self) -> int:
        """The line it is reported at; 1 where it belongs to the file as a whole."""
        return self.span.line if self.span else 1

    @property
    def column(self) -> int:
        """The column it is reported at."""
        return self.span.column if self.span else 1

    @property
    def text(self) -> str:
        """The message with what is said about repeated uses."""
        if self.uses == 1:
            return self.message
        first = f", first at line {self.first_use}" if self.first_use else ""
        return f"{self.message} (in {self.uses} uses{first})"

    def to_dict(self) -> dict[str, Any]:
        """The diagnostic in the form of the JSON contract."""
        span = self.span or Span(1, 1, 1, 1)
        return {
            "code": self.code,
            "rule": self.rule,
            "severity": str(self.severity),
            "message": self.text,
            "help": self.help,
            "path": self.path,
            "layer": self.layer,
            "file": self.file,
            "line": span.line,
            "column": span.column,
            "end_line": span.end_line,
            "end_column": span.end_column,
            "related": [
                {"message": r.message, "file": self.file, **r.span._asdict()} for r in self.related
            ],
            "fix": self.fix and self.fix.to_dict(),
        }


def describe_bug(error: Exception) -> str:
    """What to say, in one line, about an exception that should not have come this far."""
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return (
        f"this is a bug in shapecalc ({what}); please report it with the traceback that "
        "SHAPECALC_DEBUG=1 shows"
    )
