"""The pages of ``shapecalc explain``, each made from what it is about."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from shapecalc.cli import _terminal, _text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.base import Framework, Layer
    from shapecalc.rules.base import Rule
    from shapecalc.spec.fields import FieldInfo


def rule_page(rule: Rule) -> str:
    """A rule: what it does and why, with an example that fails and one that passes."""
    state = str(rule.severity) if rule.default else f"{rule.severity}, off by default"
    title = _terminal.style(f"{rule.code} {rule.name}", "bold")
    parts = [f"{title} ({state})"]
    parts += [_text.wrap(paragraph) for paragraph in rule.documentation.strip().split("\n\n")]
    for word, example in (("fails", rule.fails), ("passes", rule.passes)):
        if rule.fails:
            parts.append(f"This {word}:\n\n{_text.indented(example)}")
    return "\n\n".join(parts)


def layer_page(layer: type[Layer], framework: Framework) -> str:
    """A layer type: its fields, its equation, and what its example comes to."""
    layer.prepare()
    title = _terminal.style(layer.type_name, "bold")
    about = (inspect.getdoc(layer) or "").replace("``", "`").split("\n\n")
    parts = [f"{title} (framework: {framework})", *map(_text.wrap, about)]
    parts += map(_text.wrap, _ports(layer))
    parts += _fields(layer)
    if layer.equation:
        parts.append(f"Equation:\n{_text.wrap(layer.equation, '    ')}")
    spec = example_spec(layer, framework)
    parts.append(f"Example:\n{_text.indented(spec)}")
    parts.append(f"It comes to:\n{_result(layer, spec)}")
    if layer.reference:
        parts.append(f"In the frameworks:\n{_text.wrap(layer.reference, '    ')}")
    also = _also_written(layer, framework)
    if also:
        parts.append(_text.wrap(f"Also written {', '.join(also)}."))
    return "\n\n".join(parts)


def _ports(layer: type[Layer]) -> Iterator[str]:
    """What it reads, where that is not one input."""
    least, most = layer.arity
    if most == 0:
        yield "It reads nothing: it is a source, and leaves what `prev` means as it was."
    elif most is None:
        yield f"It reads {max(least, 2)} inputs or more, named by `from: [a, b]`."
    elif most > 1:
        count = f"{least}" if least == most else f"{least} to {most}"
        yield f"It reads {count} inputs, named by `from: [a, b]`."


def _fields(layer: type[Layer]) -> Iterator[str]:
    """The fields, those that must be written first; and the keys that all layers have."""
    from shapecalc.spec.fields import fields_of
    from shapecalc.spec.keys import LAYER

    fields = sorted(fields_of(layer).values(), key=lambda field: not field.required)
    if fields:
        lines = [
            f"{_text.wrap(f'{field.name}: {_kind(layer, field)}', '    ', '        ')}\n"
            f"{_text.wrap(field.doc, '        ')}"
            for field in fields
        ]
        yield "\n".join(["Fields:", *lines])
    common = ", ".join(key for key in LAYER.keys if key != "type")
    yield _text.wrap(f"{'And' if fields else 'Only'} what any layer may have: {common}.")


def _kind(layer: type[Layer], field: FieldInfo) -> str:
    """What a field takes, and what it is where it is not written."""
    kind = field.words
    if field.name in layer.lists:
        kind = "a list of lists of layers" if layer.lists[field.name] else "a list of layers"
    elif field.reference:
        kind = "the name of a layer"
    if field.required:
        return f"{kind}; required"
    return kind if field.default in (None, ()) else f"{kind}; default {as_yaml(field.default)}"


def as_yaml(value: Any) -> str:
    """A default as it would be written in a spec."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(as_yaml, value))}]"
    return "null" if value is None else str(value)


def example_spec(layer: type[Layer], framework: Framework) -> str:
    """The example of a layer type as a whole spec."""
    text, shape = layer.example
    sizes = f"[{', '.join(map(str, shape))}]"
    dtype = layer.example_dtype
    given = sizes if dtype == "float32" else f"{{shape: {sizes}, dtype: {dtype}}}"
    head = "" if framework == "pytorch" else f"framework: {framework}\n"
    return f"{head}input: {given}\nlayers:\n  - {text}\n"


def _result(layer: type[Layer], spec: str) -> str:
    """What the example comes to: shapes, weights and totals."""
    from shapecalc.checker import check_source
    from shapecalc.layers.base import format_shape
    from shapecalc.spec.source import Source

    (model,) = check_source(Source("example.yaml", spec)).models
    yielded = [
        format_shape(tensor.shape) for one in model.layers[-1:] for tensor in one.node.outputs
    ]
    received = format_shape(layer.example[1])
    lines = [_text.wrap(f"{received} → {', '.join(yielded) or received}", "    ")]
    if len(yielded) > 1:
        bare = "means none of them" if layer.multiple else "is output 0"
        told = f"read as `name.0` to `name.{len(yielded) - 1}`; the bare name {bare}"
        lines.append(_text.wrap(told, "    "))
    weights = [
        (name, format_shape(shape), f"{_product(shape):,}")
        for one in model.layers
        for name, shape in one.weights.items()
    ]
    if weights:
        lines.append(_text.table(weights, "    "))
    totals = {"parameters": model.total("params"), "MACs": model.total("macs")}
    counted = [f"{one.value:,} {what}" for what, one in totals.items() if one.value]
    if counted:
        lines.append(f"    {', '.join(counted)}")
    return "\n".join(lines)


def _product(shape: tuple[int | None, ...]) -> int:
    from math import prod

    return prod(size or 0 for size in shape)


def _also_written(layer: type[Layer], framework: Framework) -> list[str]:
    """The other names that mean this type."""
    from shapecalc.layers import catalogue

    names = list(layer.aliases)
    stem = layer.type_name[:-2]
    if layer.type_name[-2:] in ("1d", "2d", "3d") and catalogue(framework).find_ranks(stem):
        names.append(f"{stem} (the rank is that of the input)")
    return names
