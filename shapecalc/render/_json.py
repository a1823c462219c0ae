"""JSON as every format writes it: nothing but ASCII, and nothing that a CI system obeys."""

from __future__ import annotations

import json
from typing import Any


def dumps(value: Any, indent: int | None = None) -> str:
    """The value as JSON.

    ``##[error]`` anywhere in its output is a command to a CI system; JSON has another way to write
    the same string.
    """
    return _obeyed_by_none(json.dumps(value, ensure_ascii=True, indent=indent))


def lines(value: Any, depth: int) -> str:
    """The value as JSON, an entry a line down to a depth; an entry below it is one line.

    That is what people can read of a long list, and the encoder written in C knows no indentation.
    """
    return _obeyed_by_none(_lines(value, depth, "\n"))


def _lines(value: Any, depth: int, newline: str) -> str:
    if depth == 0 or not value or not isinstance(value, (dict, list)):
        return json.dumps(value)
    inner = newline + "  "
    if isinstance(value, list):
        return f"[{inner}{f',{inner}'.join([_lines(v, depth - 1, inner) for v in value])}{newline}]"
    entries = [f"{json.dumps(key)}: {_lines(v, depth - 1, inner)}" for key, v in value.items()]
    return f"{{{inner}{f',{inner}'.join(entries)}{newline}}}"


def _obeyed_by_none(text: str) -> str:
    return text.replace("##", "#\\u0023")
