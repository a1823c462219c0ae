"""Making text from a spec safe to print: a spec is untrusted input."""

from __future__ import annotations

import re

# Control characters (C0 and C1), what changes the direction or the look of the text around it, and
# what is no character at all: surrogates (no encoding has them) and what XML forbids.
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
# What CI systems read as commands in the output of any program: `::error` at the start of a line
# (GitHub), `##[error]` and `##vso[...]` anywhere (GitHub's older form, Azure, TeamCity).
_COMMAND = re.compile(r"^([^\S\n]*:):|##(?=\w*\[)", re.MULTILINE)


def printable(text: str) -> str:
    """The text with every control character written out: ``\\x1b``."""
    return _UNSAFE.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def inert(text: str) -> str:
    """Whole lines of output, in which no CI system finds a command: ``: :error``."""
    return _COMMAND.sub(lambda match: f"{match[1]} :" if match[1] else "# #", text)
