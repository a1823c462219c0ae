"""``shapecalc layers``: the catalogue at a glance."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

from shapecalc.cli import _options, _terminal, _text

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer

PANEL = "Reference"
ORDER = 320


def command(
    framework: _options.FrameworkOption = "pytorch",
    output_format: _options.FormatOption = "text",
) -> int:
    """List the layer types, family by family.

    \b
      shapecalc layers
      shapecalc layers --framework keras --format json
      shapecalc explain conv2d               more on one of them
    """
    from shapecalc.layers import catalogue

    families: dict[str, list[type[Layer]]] = {}
    for layer in catalogue(framework).types.values():
        families.setdefault(layer.__module__.rpartition(".")[2], []).append(layer)
    ordered = {
        name: sorted(families[name], key=lambda layer: layer.type_name) for name in sorted(families)
    }
    if output_format == "json":
        import json

        listed = [_as_data(layer, name) for name, layers in ordered.items() for layer in layers]
        data = {"version": 1, "framework": framework, "layers": listed}
        _terminal.print_out(json.dumps(data, indent=2))
    else:
        _terminal.print_out("\n\n".join(_section(name, ordered[name]) for name in ordered))
    return 0


def _section(name: str, layers: list[type[Layer]]) -> str:
    # Types of one framework may have a module of their own; the shared one says what all are.
    home = min((layer.__module__ for layer in layers), key=len)
    about = _text.first_paragraph(sys.modules[home].__doc__)
    for framework in ("PyTorch", "Keras"):
        about = about.replace(f", as {framework} has them", "")
    title = _terminal.style(name.replace("_", " "), "bold")
    rows = [(layer.type_name, summary(layer)) for layer in layers]
    return f"{title}\n{_text.wrap(about)}\n{_text.table(rows, '  ')}"


def summary(layer: type[Layer]) -> str:
    """What a layer type says of itself, in short."""
    return _text.first_paragraph(inspect.getdoc(layer))


def _as_data(layer: type[Layer], family: str) -> dict[str, Any]:
    from shapecalc.spec.fields import fields_of

    return {
        "type": layer.type_name,
        "family": family,
        "summary": summary(layer),
        "aliases": list(layer.aliases),
        "reference": layer.reference,
        "equation": layer.equation,
        "fields": [
            {
                "name": field.name,
                "type": field.words,
                "required": field.required,
                "default": field.default,
                "doc": field.doc,
            }
            for field in fields_of(layer).values()
        ],
        "example": {"layer": layer.example[0], "input": list(layer.example[1])},
    }
