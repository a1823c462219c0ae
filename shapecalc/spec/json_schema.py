"""The JSON Schema of the spec language, for editors: derived from the keys and the catalogue."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal, Union, get_args, get_origin

from shapecalc.layers import catalogue
from shapecalc.layers.base import Framework, Layer
from shapecalc.spec.fields import fields_of
from shapecalc.spec.keys import BLOCK, LAYER, LINT, MODEL, Keys
from shapecalc.spec.schema import model_of

Json = dict[str, Any]

#: A value that may be computed.
EXPRESSION: Json = {"type": "string", "description": "an expression"}
_SCALARS: dict[Any, Json] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    str: {"type": "string"},
    type(None): {"type": "null"},
}
LAYERS: Json = {"type": "array", "items": {"$ref": "#/$defs/layer"}}


def spec_schema() -> Json:
    """A JSON Schema (2020-12) that every spec without mistakes fits.

    It does not know what a parameter holds: one that is called like a layer type and holds another
    (``relu: leaky_relu``) may only be used with the fields of the former.
    """
    defs: Json = {}
    model = _keys(MODEL, defs)
    model["properties"] |= {
        "layers": LAYERS,
        "blocks": {"type": "object", "additionalProperties": _block(defs)},
        "lint": _keys(LINT, defs),
    }
    # A first document may hold nothing but what the others share.
    model["anyOf"] = [
        {"required": ["layers"]},
        {"propertyNames": {"enum": ["vars", "blocks"]}},
    ]
    del model["required"]
    defs["layer"] = _layer(defs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "shapecalc spec",
        **model,
        "$defs": defs,
    }


def _keys(keys: Keys, defs: Json) -> Json:
    found = model_of(keys).model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    defs |= found.pop("$defs", {})
    return found


def _block(defs: Json) -> Json:
    block = _keys(BLOCK, defs)
    block["properties"]["layers"] = LAYERS
    return block


def _layer(defs: Json) -> Json:
    """A type name, or a mapping whose fields are those of its type."""
    common = _keys(LAYER, defs)["properties"]
    known: dict[str, Json] = {}
    for framework in typing.get_args(Framework):
        for name, variants in _types(framework).items():
            _add(known.setdefault(name, {"properties": {}, "required": None}), variants)
    for name, fields in known.items():
        defs[f"layer.{name}"] = {
            "properties": {**common, "type": {"const": name}, **fields["properties"]},
            "required": sorted(fields["required"] or ()),
            "additionalProperties": False,
        }
    return {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"type": "string", "examples": sorted(known)}},
                "allOf": [
                    {
                        "if": {"properties": {"type": {"const": name}}},
                        "then": {"$ref": f"#/$defs/layer.{name}"},
                    }
                    for name in known
                ],
            },
        ]
    }


def _types(framework: Framework) -> dict[str, list[type[Layer]]]:
    """Each type name, with and without its rank, and the classes it may mean."""
    known = catalogue(framework)
    found = {name: [cls] for name, cls in known.types.items()}
    for name in known.names():
        variants = known.find_ranks(name)
        if name not in found and variants:
            found[name] = list(variants.values())
    return found


def _add(entry: Json, variants: list[type[Layer]]) -> None:
    """The fields of a class; one that only one framework needs is not required."""
    for layer in variants:
        fields = fields_of(layer)
        for name, info in fields.items():
            nested = layer.lists.get(name)
            value = _value(info.annotation) if nested is None else LAYERS
            if nested:
                value = {"type": "array", "items": LAYERS}
            known = entry["properties"].setdefault(name, {"description": info.doc, "anyOf": []})
            known["anyOf"] += [one for one in (value,) if one not in known["anyOf"]]
        if layer.container:
            entry["properties"]["vars"] = {"type": "object"}
        required = {name for name, info in fields.items() if info.required}
        before = entry["required"]
        entry["required"] = required if before is None else before & required


def _value(annotation: Any) -> Json:
    """A field's value: of its type, or an expression that comes to it."""
    options: list[Json] = []
    for option in [_written(annotation), EXPRESSION]:
        if option not in options:
            options.append(option)
    return {"anyOf": options}


def _written(annotation: Any) -> Json:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_written(part) for part in args]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple:
        items = [_written(part) for part in args if part is not Ellipsis]
        return {"type": "array", "items": {"anyOf": [*items, EXPRESSION]}}
    return _SCALARS.get(annotation, {})
