"""JSON as every format writes it: nothing but ASCII, and nothing that a CI system obeys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from json.encoder import encode_basestring_ascii
from typing import Any

#: So many parts of entries are remembered: what is written again comes soon after.
REMEMBERED = 1_000

#: How numbers and words are written: a hundred thousand layers have millions of them.
_SIMPLE: dict[type, Callable[[Any], str]] = {
    int: int.__repr__,
    str: encode_basestring_ascii,
    bool: ("false", "true").__getitem__,
    type(None): lambda _: "null",
    float: json.dumps,
}


def dumps(value: Any, indent: int | None = None) -> str:
    """The value as JSON.

    ``##[error]`` anywhere in its output is a command to a CI system; JSON has another way to write
    the same string.
    """
    return _obeyed_by_none(json.dumps(value, ensure_ascii=True, indent=indent))


def lines(value: Any, depth: int) -> str:
    """The value as JSON, an entry a line down to a depth; an entry below it is one line.

    That is what people can read of a long list, and the encoder written in C knows no indentation.
    An iterator is written as a list, entry by entry.
    """
    writer = _Lines()
    writer.write(value, depth, "\n")
    return _obeyed_by_none("".join(writer.pieces))


class _Lines:
    """Writes a value; what stands in many places of it (one object) is written out once."""

    def __init__(self) -> None:
        #: The text so far.
        self.pieces: list[str] = []
        #: By its id a part of an entry, which is kept so that the id is its own, and its text.
        self._known: dict[int, tuple[Any, str]] = {}
        #: By the keys of an entry, its text but for the values.
        self._forms: dict[tuple[str, ...], str] = {}

    def write(self, value: Any, depth: int, newline: str) -> None:
        """The value, an entry a line down to a depth."""
        if depth == 0 or not isinstance(value, (dict, list, Iterator)):
            self.pieces.append(self._line(value))
            return
        inner, put = newline + "  ", self.pieces.append
        named = isinstance(value, dict)
        opening, closing = "{}" if named else "[]"
        between = opening
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            put(f"{between}{inner}{json.dumps(key)}: " if named else f"{between}{inner}")
            self.write(one, depth - 1, inner)
            between = ","
        put(f"{newline}{closing}" if between == "," else f"{opening}{closing}")

    def _line(self, value: Any) -> str:
        if not isinstance(value, dict):
            return json.dumps(value)
        keys = tuple(value)
        if keys not in self._forms:
            inner = ", ".join(f"{json.dumps(key).replace('%', '%%')}: %s" for key in keys)
            self._forms[keys] = f"{{{inner}}}"
        known, texts = self._known, []
        for one in value.values():
            write = _SIMPLE.get(type(one))
            if write is not None:
                texts.append(write(one))
                continue
            if id(one) not in known:
                if len(known) >= REMEMBERED:
                    known.clear()
                known[id(one)] = (one, json.dumps(one))
            texts.append(known[id(one)][1])
        return self._forms[keys] % tuple(texts)


def _obeyed_by_none(text: str) -> str:
    return text.replace("##", "#\\u0023")
