"""Changes of a spec's text that leave all the rest of it as it is, byte for byte.

Each gives ``None`` where the change cannot be made for certain: an anchor or an alias, a value
that is computed, a key that is there already.
"""

from __future__ import annotations

import re

from shapecalc.diagnostics import Edit, Fix
from shapecalc.limits import MAX_EXPRESSION
from shapecalc.spec.expressions import ExpressionError
from shapecalc.spec.model import LayerSpec
from shapecalc.spec.source import Extent, Mapping, Source

_PLAIN = re.compile(r"\w[\w.-]*")
_QUOTED = re.compile(r"""(?P<quote>["'])\w[\w.-]*(?P=quote)""")
_LITERAL = re.compile(r"(?i:true|false)|-?\d+")


def replace_word(source: Source, extent: Extent, new: str) -> Fix | None:
    """Another word for a key or a value that is a single word; its quotes stay."""
    start, end = extent
    written = source.raw(extent)
    if _QUOTED.fullmatch(written):
        start, end = start + 1, end - 1
    elif not _PLAIN.fullmatch(written):
        return None
    old = source.raw((start, end))
    return Fix(f"write {new} instead of {old}", (Edit(start, end, new),)) if old != new else None


def rename_key(source: Source, keys: Mapping, key: str, new: str) -> Fix | None:
    """Another name for a key of a mapping."""
    return replace_word(source, keys.key_extents[key], new) if new not in keys else None


def replace_name(source: Source, extent: Extent, old: str, new: str) -> Fix | None:
    """Another name in an expression, wherever it is read there."""
    if old == new:
        return None
    # Neither an anchor or alias of that name, nor the key that the expression is the value of.
    pattern = rf"""(?<![\w.&])(?<![\s:,\[]\*){re.escape(old)}(?!\w)(?!["']?\s*:)"""
    start, written = extent[0], source.raw(extent)
    edits = tuple(
        Edit(start + match.start(), start + match.end(), new)
        for match in re.finditer(pattern, written)
        if written[:1] not in ("&", "*")
    )
    return Fix(f"write {new} instead of {old}", edits) if edits else None


def of_expression(source: Source, extent: Extent, error: ExpressionError) -> Fix | None:
    """The correction of an expression whose error says which name was meant."""
    return replace_name(source, extent, *error.meant) if error.meant else None


def unquoted(source: Source, extent: Extent, beginning: str) -> Extent | None:
    """Where a call stands that YAML cut in two at a comma: ``max(width`` up to its bracket."""
    text = source.text
    start = text.find(beginning, extent[0])
    depth = 0
    for offset in range(start, min(start + MAX_EXPRESSION, len(text))) if start >= 0 else ():
        depth += {"(": 1, ")": -1}.get(text[offset], 0)
        if text[offset] in "\r\n\"'":
            return None
        if text[offset] == ")" and depth == 0:
            # What is calculated with the call: max(a, b) * 2
            rest = re.compile(r"[^,\]}\r\n\"'()]*").match(text, offset + 1)
            end = rest.end() if rest else offset + 1
            return start, start + len(text[start:end].rstrip())
    return None


def set_field(source: Source, layer: LayerSpec, field: str, text: str) -> Fix | None:
    """A field of a layer: its value replaced, or the field added behind the others."""
    keys = layer.keys
    if not keys:
        return None
    if field not in layer.written:
        edit = _insertion(source, keys, field, text)
    else:
        extent = keys.value_extents[layer.written[field]]
        edit = Edit(*extent, text) if _LITERAL.fullmatch(source.raw(extent)) else None
    return Fix(f"write {field}: {text}", (edit,), keys.extent) if edit else None


def _insertion(source: Source, keys: Mapping, field: str, value: str) -> Edit | None:
    """An entry behind the last one of a mapping (in block style: the last that fits a line)."""
    text = source.text
    if text[keys.extent[0]] == "{":
        last = next(reversed(keys.value_extents))
        at = keys.value_extents[last][1]
        return Edit(at, at, f", {_like(source.raw(keys.key_extents[last]), field)}: {value}")
    fitting = [key for key in keys if _on_one_line(source, keys.entry_extent(key))]
    if not fitting:
        return None
    extent = keys.key_extents[fitting[-1]]
    at = _line_end(text, extent[0])
    column = source.span(extent).column - 1
    entry = f"{_like(source.raw(extent), field)}: {value}"
    return Edit(at, at, f"{_line_break(text)}{' ' * column}{entry}")


def _like(neighbour: str, key: str) -> str:
    """A key in the quotes of the one before it: what is JSON stays JSON."""
    quote = _QUOTED.fullmatch(neighbour)
    return f"{quote['quote']}{key}{quote['quote']}" if quote else key


def _on_one_line(source: Source, entry: Extent) -> bool:
    """Whether nothing of an entry stands on a further line, the text of a block scalar neither."""
    written = source.raw(entry)
    return "\n" not in written and "\r" not in written


def _line_end(text: str, offset: int) -> int:
    found = re.compile(r"[\r\n]|$").search(text, offset)
    return found.start() if found else len(text)


def _line_break(text: str) -> str:
    """How the lines of a text end."""
    found = re.search(r"\r\n|[\r\n]", text)
    return found[0] if found else "\n"
