"""What a YAML loader's complaint means for whoever wrote the text.

The two loaders word their errors in their own ways; both are recognised by their parts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shapecalc.limits import MAX_DEPTH


class Complaint(NamedTuple):
    """A loader's error: what it was reading and from where, what it met and where (offsets)."""

    context: str
    problem: str
    start: int
    offset: int


class Meaning(NamedTuple):
    """The same in plain words: a message, the place of it, a way out."""

    message: str
    extent: tuple[int, int]
    help: str | None = None


# No bracket between the first one and the call: a line of nothing but brackets is read once.
_CALL = re.compile(r"[\[{][^\[\]{}]*:\s*[\w.]+\(")
_CLOSING = {"[": "]", "{": "}"}
TOO_DEEP = f"nested more than {MAX_DEPTH} deep"
QUOTE_CALL = 'quote an expression that has a comma: "max(a, b)"'


def explain(text: str, complaint: Complaint) -> Meaning:
    """What is wrong, and where it has to be mended."""
    for reading in _READINGS:
        meaning = reading(text, complaint)
        if meaning is not None:
            return meaning
    if "block" in complaint.context:
        return _indentation(text, complaint)
    said = " ".join(part for part in (complaint.context, complaint.problem) if part)
    return Meaning(said, _one(text, complaint.offset))


def _one(text: str, offset: int) -> tuple[int, int]:
    return offset, min(offset + 1, len(text))


def _line_start(text: str, offset: int) -> int:
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _line(text: str, offset: int) -> str:
    """The text of the line that an offset is in."""
    found = re.compile(r"[^\r\n]*").match(text, _line_start(text, offset))
    return found[0] if found else ""


def _depth(text: str, complaint: Complaint) -> Meaning | None:
    """Since 0.2.6 libyaml has a limit of its own, which it may meet before the events do ours: it
    reads ahead."""
    if "maximum nesting depth" not in complaint.problem:
        return None
    return Meaning(TOO_DEEP, _one(text, complaint.offset))


def _tab(text: str, complaint: Complaint) -> Meaning | None:
    line, start = _line(text, complaint.offset), _line_start(text, complaint.offset)
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        extent = (start + indent.index("\t"), start + len(indent))
        help = "indent with spaces: YAML does not allow tabs"
        return Meaning("a tab in the indentation", extent, help)
    if text[complaint.offset : complaint.offset + 1] == "\t":
        message, help = "a tab between the words", "write a space instead of the tab"
        return Meaning(message, _one(text, complaint.offset), help)
    return None


def _bracket(text: str, complaint: Complaint) -> Meaning | None:
    """A bracket that is not closed, or what stands in it without a comma."""
    bracket = text[complaint.start : complaint.start + 1]
    if "flow" not in complaint.context or bracket not in _CLOSING:
        return None
    closing = _CLOSING[bracket]
    between = text[complaint.start : complaint.offset]
    if _CALL.search(_line(text, complaint.offset)):
        message = f"a comma or `{closing}` is needed here"
        return Meaning(message, _one(text, complaint.offset), QUOTE_CALL)
    if "\n" in between or "\r" in between or complaint.offset >= len(text):
        message = f"the `{bracket}` is not closed"
        return Meaning(message, _one(text, complaint.start), f"write `{closing}` where it ends")
    message = f"a comma or `{closing}` is needed here"
    help = "put a comma between two entries, and quotes round a text with `: ` or brackets in it"
    return Meaning(message, _one(text, complaint.offset), help)


def _stray_bracket(text: str, complaint: Complaint) -> Meaning | None:
    met = text[complaint.offset : complaint.offset + 1]
    if "block" not in complaint.context or met not in _CLOSING.values():
        return None
    return Meaning(f"a `{met}` too many", _one(text, complaint.offset), "leave it out")


def _quote(text: str, complaint: Complaint) -> Meaning | None:
    if "quoted scalar" not in complaint.context or "end of stream" not in complaint.problem:
        return None
    extent, quote = _one(text, complaint.start), text[complaint.start : complaint.start + 1]
    return Meaning("the quote is not closed", extent, f"write {quote} where the text ends")


def _key(text: str, complaint: Complaint) -> Meaning | None:
    if "simple key" not in complaint.context:
        return None
    word = re.compile(r"[^\r\n]*").match(text, complaint.start)
    written = word[0].rstrip() if word else ""
    shown = written if len(written) <= 40 else written[:39] + "…"
    extent = (complaint.start, complaint.start + max(len(written), 1))
    help = f"write {shown}: and its value; an entry of a list begins with a dash and a space"
    return Meaning(f"a key without a colon: {shown}", extent, help)


def _second_colon(text: str, complaint: Complaint) -> Meaning | None:
    if "mapping values are not allowed" not in complaint.problem:
        return None
    line = _line(text, complaint.offset)
    extent = _one(text, complaint.offset)
    if line.count(":") > 1:
        help = 'put quotes round a text that has a colon: "a: b"'
        return Meaning("a second colon in one line", extent, help)
    help = "give the keys of one mapping the same indentation"
    return Meaning("the line is indented more than the key above it", extent, help)


def _start(text: str, complaint: Complaint) -> Meaning | None:
    if "cannot start any token" not in complaint.problem:
        return None
    met = text[complaint.offset : complaint.offset + 1]
    message = f"a value cannot begin with {met!r}"
    return Meaning(message, _one(text, complaint.offset), "put quotes round it")


def _comma(text: str, complaint: Complaint) -> Meaning | None:
    if "flow node" not in complaint.context:
        return None
    met = text[complaint.offset : complaint.offset + 1]
    message = f"nothing stands before `{met}`" if met else "the value is missing"
    return Meaning(message, _one(text, complaint.offset), "write a value, or leave the comma out")


def _indentation(text: str, complaint: Complaint) -> Meaning:
    line = _line(text, complaint.offset).strip()
    extent = _one(text, complaint.offset)
    if "collection" in complaint.context and not line.startswith("-"):
        help = "begin an entry of a list with a dash and a space, and line up its keys"
        return Meaning("this is no entry of the list above", extent, help)
    help = "give the keys of one mapping, and the dashes of one list, the same indentation"
    return Meaning("the line is indented unlike those above it", extent, help)


#: The first that recognises a complaint explains it.
_READINGS = (
    _depth, _tab, _bracket, _stray_bracket, _quote, _key, _second_colon, _start, _comma
)  # fmt: skip
