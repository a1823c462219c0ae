"""Making text from a spec safe to print: a spec is untrusted input."""

from __future__ import annotations

import re

# Control characters (C0 and C1), and what changes the direction or the look of the text around it.
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def printable(text: str) -> str:
    """The text with every control character written out: ``\\x1b``."""
    return _UNSAFE.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
