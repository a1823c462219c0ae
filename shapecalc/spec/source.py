"""YAML text to plain values that remember where they were written.

Built from PyYAML's event stream: a loader that builds plain objects loses positions and duplicate
keys, and the C composer crashes the interpreter on deeply nested input. Scalars follow the YAML 1.2
core schema (``no``, ``on``, ``010`` and ``1:30`` are not booleans, octals or sexagesimals).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from sys import intern
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from shapecalc.diagnostics import Span
from shapecalc.limits import (
    MAX_ALIAS_NODES,
    MAX_DEPTH,
    MAX_DIAGNOSTICS,
    MAX_DIRECTIVES,
    MAX_NUMBER,
)
from shapecalc.spec.problems import Problem
from shapecalc.spec.syntax import TOO_DEEP, Complaint, explain

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: YAML's merge key.
MERGE = "<<"

TAG_DIRECTIVE = "%TAG"

#: Character offsets of a value: (start, end).
Extent = tuple[int, int]


class Mapping(dict[str, Any]):
    """A YAML mapping: a ``dict`` whose keys and values know their extents."""

    __slots__ = ("extent", "key_extents", "value_extents")

    def __init__(self) -> None:
        self.extent: Extent = (0, 0)
        self.key_extents: dict[str, Extent] = {}
        self.value_extents: dict[str, Extent] = {}

    def entry_extent(self, key: str) -> Extent:
        """From the start of the key to the end of its value."""
        return self.key_extents[key][0], self.value_extents[key][1]


class Sequence(list[Any]):
    """A YAML sequence: a ``list`` whose items know their extents."""

    __slots__ = ("extent", "item_extents")

    def __init__(self) -> None:
        self.extent: Extent = (0, 0)
        self.item_extents: list[Extent] = []


class Source:
    """The text of one file and the way from offsets to lines and columns."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        # libyaml does not count a byte-order mark, the pure-Python reader does.
        self.text = text.removeprefix("\ufeff")
        self._line_starts: list[int] | None = None

    @property
    def line_starts(self) -> list[int]:
        """The offset at which each line starts."""
        if self._line_starts is None:
            # The breaks of YAML 1.2 and of editors; to YAML 1.1 there are three more.
            breaks = re.finditer(r"\r\n|[\n\r]", self.text)
            self._line_starts = [0, *(match.end() for match in breaks)]
        return self._line_starts

    def span(self, extent: Extent) -> Span:
        """The lines and columns of an extent; trailing white space is left out."""
        start, end = extent
        end = start + len(self.text[start:end].rstrip())
        return Span(*self.position(start), *self.position(max(end, start)))

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset, from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its break."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def raw(self, extent: Extent) -> str:
        """The text as it was written."""
        return self.text[extent[0] : extent[1]]


class Document:
    """One YAML document: its value and where it stands."""

    __slots__ = ("extent", "value")

    def __init__(self, value: Any, extent: Extent) -> None:
        self.value = value
        self.extent = extent


class _StopError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16/32 with a byte-order mark. Raises ``UnicodeError``."""
    for mark, encoding in (
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding)
    return data.decode("utf-8-sig")


def parse(source: Source) -> tuple[list[Document], list[Problem]]:
    """The documents of a file up to the first syntax error, and what is wrong with them."""
    builder = _Builder(source)
    try:
        builder.bound_directives()
        builder.build(yaml.parse(source.text, Loader=Loader))
    except _StopError as stop:
        builder.problems.append(stop.problem)
    except yaml.YAMLError as error:
        builder.problems.append(_yaml_problem(source, error))
    except (ValueError, OverflowError) as error:
        builder.problems.append(_unreadable(source, error))
    return builder.documents, builder.problems


def scalars(source: Source) -> Iterator[Extent]:
    """Where the text of values stands, up to a syntax error: a ``#`` in there is no comment."""
    text = source.text
    try:
        for token in yaml.scan(text, Loader=Loader):
            if isinstance(token, yaml.ScalarToken):
                start, end = token.start_mark.index, token.end_mark.index
                if text[start] in "|>":
                    # The line with the indicator may end in a comment.
                    found = re.compile(r"\r\n|[\r\n]").search(text, start)
                    start = found.end() if found else end
                yield start, end
    except (yaml.YAMLError, ValueError, OverflowError):
        return


def _yaml_problem(source: Source, error: yaml.YAMLError) -> Problem:
    """A loader's error in the words of :mod:`shapecalc.spec.syntax`."""
    if isinstance(error, yaml.reader.ReaderError):
        character = error.character
        code = character if isinstance(character, int) else ord(str(character)[:1] or "\0")
        found = source.text.find(chr(code)) if code < 0x110000 else -1
        extent = (max(found, 0), min(max(found, 0) + 1, len(source.text)))
        return Problem(
            "SC001", f"not valid YAML: the character U+{code:04X} is not allowed", extent
        )
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem("SC001", f"not valid YAML: {error}", (0, 0))
    marks = [mark.index for mark in (error.context_mark, error.problem_mark) if mark] or [0]
    start, offset = (min(mark, len(source.text)) for mark in (marks[0], marks[-1]))
    complaint = Complaint(error.context or "", error.problem or "", start, offset)
    meaning = explain(source.text, complaint)
    if meaning.message == TOO_DEEP:
        return Problem("SC001", TOO_DEEP, meaning.extent)
    return Problem("SC001", f"not valid YAML: {meaning.message}", meaning.extent, meaning.help)


_SURROGATE = re.compile("[\ud800-\udfff]")


def _unreadable(source: Source, error: Exception) -> Problem:
    """What the loaders raise besides their own errors: a lone surrogate in the text, and (only the
    pure-Python one) an escape or a version beyond what can be."""
    found = _SURROGATE.search(source.text)
    if found is None:
        return Problem("SC001", f"not valid YAML: {error}", (0, 0))
    message = f"not valid YAML: the character U+{ord(found[0]):04X} is not allowed"
    return Problem("SC001", message, found.span())


_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBER_START = frozenset("+-.0123456789")


def resolve_scalar(text: str) -> Any:
    """A plain scalar in the YAML 1.2 core schema. Raises ``OverflowError`` past 2^53."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _INTEGER.fullmatch(text):
        if len(text) > 60:
            raise OverflowError
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        number = int(text, base)
        if abs(number) >= MAX_NUMBER:
            raise OverflowError
        return number
    if _FLOAT.fullmatch(text):
        value = float(text)
        if abs(value) >= MAX_NUMBER:
            raise OverflowError
        return value
    return text


def is_word(text: str) -> bool:
    """Whether a plain scalar is read as the text it is."""
    try:
        return isinstance(resolve_scalar(text), str)
    except OverflowError:
        return False


class _Builder:
    """Builds documents from events; ``stack`` holds the containers that are still open."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        #: Of each anchor: its value, how many nodes it has and how deep they nest.
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.stack: list[Mapping | Sequence] = []
        self.keys: list[tuple[str, Extent] | None] = []
        #: Of each open container: its anchor and the number of nodes before it.
        self.open_anchors: list[tuple[str | None, int]] = []
        #: Of each open container, and last of the document: how deep its values nest.
        self.heights = [0]
        self.nodes = 0
        self.expanded = 0
        self.root: Any = None
        #: Whether a value may hold what was not in the text.
        self.escapes = "\\" in source.text
        #: Plain scalars as they were resolved: most of them come again and again.
        self.resolved: dict[str, Any] = {}

    def build(self, events: Iterator[Any]) -> None:
        start = 0
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._open(event, Mapping() if kind is MappingStartEvent else Sequence())
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close(event)
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                self.anchors.clear()
                self.root = None
                self.heights[0] = 0
                start = event.start_mark.index
            elif kind is DocumentEndEvent:
                self.documents.append(Document(self.root, (start, event.end_mark.index)))

    def bound_directives(self) -> None:
        """Refuse very many directives, of which the loaders compare each with all before it."""
        if self.source.text.count(TAG_DIRECTIVE) > MAX_DIRECTIVES:
            start = self.source.text.find(TAG_DIRECTIVE)
            message = f"more than {MAX_DIRECTIVES:,} {TAG_DIRECTIVE} directives"
            extent = (start, start + len(TAG_DIRECTIVE))
            self._stop(message, extent, "leave them out: tags are not allowed")

    def _stop(self, message: str, extent: Extent, help: str | None = None) -> NoReturn:
        raise _StopError(Problem("SC001", message, extent, help=help))

    def _stop_at_tag(self, event: Any, extent: Extent) -> NoReturn:
        self._stop(f"the tag {event.tag!r} is not allowed", extent, "write the value plainly")

    def _resolved(self, text: str, extent: Extent) -> Any:
        if text not in self.resolved:
            try:
                self.resolved[text] = resolve_scalar(text)
            except OverflowError:
                self._stop(f"the number {text[:24]} is 2^53 or more", extent)
        return self.resolved[text]

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if event.tag is not None:
            self._stop_at_tag(event, (start, end))
        self.nodes += 1
        value: Any = event.value
        if self.escapes and not value.isascii() and _SURROGATE.search(value):
            self._stop("not valid YAML: an escape of half a character", (start, end))
        stack = self.stack
        if stack and self.keys[-1] is None and type(stack[-1]) is Mapping:
            if event.anchor is not None:
                self.anchors[event.anchor] = (value, 1, 0)
            if start == end:
                self._stop("a key is missing", (start, end))
            # The same few words again and again: one of each is kept.
            self.keys[-1] = (intern(value), (start, end))
            return
        if event.implicit[0]:
            value = self._resolved(value, (start, end))
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, 0)
        if start == end and self.keys and (key := self.keys[-1]) is not None:
            # The loaders do not agree on where a value stands that is not written.
            start = end = key[1][1]
        self._add(value, (start, end))

    def _open(self, event: Any, container: Mapping | Sequence) -> None:
        extent = (event.start_mark.index, event.end_mark.index)
        if event.tag is not None:
            self._stop_at_tag(event, extent)
        if len(self.stack) >= MAX_DEPTH:
            self._stop(TOO_DEEP, (extent[0], extent[0] + 1))
        if self.stack and type(self.stack[-1]) is Mapping and self.keys[-1] is None:
            self._stop("a key must be a plain word", (extent[0], extent[0] + 1))
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        self.nodes += 1
        container.extent = extent
        self.stack.append(container)
        self.keys.append(None)
        self.open_anchors.append((event.anchor, self.nodes - 1))
        self.heights.append(0)

    def _close(self, event: Any) -> None:
        container = self.stack.pop()
        self.keys.pop()
        anchor, before = self.open_anchors.pop()
        height = self.heights.pop() + 1
        if height > self.heights[-1]:
            self.heights[-1] = height
        container.extent = (container.extent[0], self._end_of(container, event))
        if anchor is not None:
            self.anchors[anchor] = (container, self.nodes - before, height)
        self._add(container, container.extent)

    def _end_of(self, container: Mapping | Sequence, event: Any) -> int:
        """Where a container ends: behind its bracket, or (in block style, where the event comes
        with the next token) behind its last value."""
        end: int = event.end_mark.index
        bracket = "}" if isinstance(container, Mapping) else "]"
        if end > event.start_mark.index and self.source.text[end - 1] == bracket:
            return end
        if isinstance(container, Mapping):
            last = next(reversed(container.value_extents.values()), container.extent)
        else:
            last = container.item_extents[-1] if container else container.extent
        return last[1]

    def _alias(self, event: Any) -> None:
        extent = (event.start_mark.index, event.end_mark.index)
        found = self.anchors.get(event.anchor)
        if found is None:
            open_now = any(anchor == event.anchor for anchor, _ in self.open_anchors)
            reason = "refers to itself" if open_now else "names no anchor before it"
            self._stop(f"the alias *{event.anchor} {reason}", extent)
        value, count, height = found
        self._count_alias(count, height, extent)
        if self.stack and type(self.stack[-1]) is Mapping and self.keys[-1] is None:
            if not isinstance(value, str):
                self._stop("a key must be a plain word", extent)
            self.keys[-1] = (value, extent)
            return
        self._add(value, extent)

    def _count_alias(self, count: int, height: int, extent: Extent) -> None:
        """Keep what aliases expand to within the limits: its nodes and its depth."""
        self.nodes += count
        if count > 1:
            self.expanded += count
        if self.expanded > MAX_ALIAS_NODES:
            self._stop(f"aliases expand to more than {MAX_ALIAS_NODES:,} nodes", extent)
        if len(self.stack) + height > MAX_DEPTH:
            self._stop(f"nested more than {MAX_DEPTH} deep by an alias", extent)
        self.heights[-1] = max(self.heights[-1], height)

    def _add(self, value: Any, extent: Extent) -> None:
        if not self.stack:
            self.root = value
            return
        parent = self.stack[-1]
        if type(parent) is Mapping:
            pending = self.keys[-1]
            assert pending is not None
            self.keys[-1] = None
            key, key_extent = pending
            if key == MERGE and self.source.raw(key_extent) == MERGE:
                self._merge_key(parent, value, key_extent, extent)
                return
            # A key that is written wins over one that was to be merged in.
            if key in parent and self.source.raw(parent.key_extents[key]) != MERGE:
                self._duplicate(parent, key, key_extent)
                return
            parent[key] = value
            parent.key_extents[key] = key_extent
            parent.value_extents[key] = extent
        elif type(parent) is Sequence:
            parent.append(value)
            parent.item_extents.append(extent)

    def _merge_key(self, parent: Mapping, value: Any, key: Extent, extent: Extent) -> None:
        """Report ``<<``, and go on with the keys that it was to bring in."""
        self._bound_problems(key)
        help = "write the keys out, or make a block with parameters of what is repeated"
        self.problems.append(Problem("SC002", "merge keys (`<<`) are not allowed", key, help=help))
        for merged in value if isinstance(value, Sequence) else (value,):
            for name in merged if isinstance(merged, Mapping) else ():
                if name not in parent:
                    parent[name] = merged[name]
                    parent.key_extents[name], parent.value_extents[name] = key, extent

    def _bound_problems(self, extent: Extent) -> None:
        if len(self.problems) >= MAX_DIAGNOSTICS:
            self._stop(f"more than {MAX_DIAGNOSTICS:,} keys are wrong", extent)

    def _duplicate(self, parent: Mapping, key: str, extent: Extent) -> None:
        self._bound_problems(extent)
        self.problems.append(
            Problem(
                "SC005",
                f"the key {key!r} is given twice",
                extent,
                help="keep one of the two",
                related=(("first given here", parent.key_extents[key]),),
            )
        )
