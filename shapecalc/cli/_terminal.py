"""Writing to the two streams: colour where it is wanted, and characters that they can show."""

import codecs
import io
import os
import sys
from contextvars import ContextVar
from typing import Literal, TextIO

ColorMode = Literal["auto", "always", "never"]

#: What ``--color`` says.
color_mode: ContextVar[ColorMode] = ContextVar("color_mode", default="auto")

#: A long text is encoded in pieces of so many characters, rather than held twice.
PIECE = 1_000_000

_STYLES = {"bold": "1", "dim": "2", "red": "31", "yellow": "33"}

#: What tells that standard output is the log of a CI system, which obeys commands in there.
_CI = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")

#: What to write where the stream's encoding lacks a character (a Windows console, LANG=C).
_ASCII = {
    "→": "->", "×": "x", "·": "*", "…": "...", "›": ">", "█": "#", "─": "-", "│": "|", "├": "+",
    "└": "+", "▏": ".", "▎": ".", "▍": ":", "▌": ":", "▋": ":", "▊": "#", "▉": "#",
    "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")",
}  # fmt: skip


def wants_color(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: ``--color``, then NO_COLOR, then the terminal."""
    mode = color_mode.get()
    if mode != "auto":
        return mode == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def style(text: str, *styles: str, stream: TextIO | None = None) -> str:
    """The text in these styles, where the stream (standard output by default) wants colour."""
    if not wants_color(stream or sys.stdout):
        return text
    return f"\x1b[{';'.join(_STYLES[name] for name in styles)}m{text}\x1b[0m"


def print_out(text: str) -> None:
    """Write a line to standard output: a result, however long."""
    for start in range(0, len(text), PIECE):
        sys.stdout.write(text[start : start + PIECE])
    sys.stdout.write("\n")


def print_error(text: str, code: str | None = None) -> None:
    """Write ``error: text`` (with a code, ``error[SC102]: text``) to standard error, one line."""
    label = f"error[{code}]" if code else "error"
    sys.stdout.flush()  # the two streams keep their order where they end in one place
    safe = "\n".join(map(escaped, text.split("\n")))
    sys.stderr.write(f"{style(label, 'bold', 'red', stream=sys.stderr)}: {safe}\n")


def print_note(text: str) -> None:
    """Write a line to standard error that is no result and no error."""
    sys.stdout.flush()
    sys.stderr.write(f"{escaped(text)}\n")


def escaped(text: str) -> str:
    """The text with every control character written out, and no command to a CI system in it."""
    from shapecalc.render._escape import inert, printable

    return inert(printable(text))


def printable_lines(text: str) -> str:
    """Lines as a terminal, or the log of a CI system, may show them; unchanged where a program
    reads them. In a log tabs and CRLF stay: a patch may be made of it where nothing is hostile."""
    if sys.stdout.isatty():
        lines = (escaped(line.rstrip("\r").replace("\t", "    ")) for line in text.split("\n"))
    elif any(os.environ.get(name) for name in _CI):
        lines = (_escaped_in_log(line) for line in text.split("\n"))
    else:
        return text
    return "\n".join(lines)


def _escaped_in_log(line: str) -> str:
    body = line.rstrip("\r")
    return "\t".join(map(escaped, body.split("\t"))) + line[len(body) :]


def width() -> int:
    """How many columns wide tables may be: the terminal's, or COLUMNS, or 80."""
    if sys.stdout.isatty():
        return min(os.get_terminal_size(sys.stdout.fileno()).columns, 120)
    return int(os.environ.get("COLUMNS", "0")) or 80


def prepare_streams() -> None:
    """Let no character that a stream cannot show be the end of the run."""
    codecs.register_error("shapecalc", _nearest_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="shapecalc")


def _nearest_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_ASCII.get(character, "?") for character in text), error.end
