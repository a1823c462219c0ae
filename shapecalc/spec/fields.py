"""The fields of a layer type as the language sees them, read from its class."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from shapecalc.layers.base import Layer
from shapecalc.spec.annotations import MISFIT, fit, leaves, words
from shapecalc.spec.expressions import describe


class FieldInfo(NamedTuple):
    """A field of a layer type as the language sees it."""

    name: str
    annotation: Any
    required: bool
    default: Any
    doc: str
    reference: bool
    choices: frozenset[str]
    is_text: bool
    takes_float: bool

    @property
    def words(self) -> str:
        """What its value must be."""
        return words(self.annotation)


_fields: dict[type[Layer], dict[str, FieldInfo]] = {}
_annotations: dict[tuple[str, str], Any] = {}


def fields_of(layer: type[Layer]) -> dict[str, FieldInfo]:
    """The fields of a layer type by name."""
    if layer not in _fields:
        _fields[layer] = _read_fields(layer)
    return _fields[layer]


def _read_fields(layer: type[Layer]) -> dict[str, FieldInfo]:
    layer.prepare()
    fields = {field.name: field for field in dataclasses.fields(layer)}  # type: ignore[arg-type]
    return {name: _field_info(field, _annotation(layer, name)) for name, field in fields.items()}


def _annotation(layer: type[Layer], name: str) -> Any:
    """The annotation of one field; ``get_type_hints`` would evaluate those of all bases."""
    owner = next(cls for cls in layer.__mro__ if name in inspect.get_annotations(cls))
    written = inspect.get_annotations(owner)[name]
    key = (owner.__module__, written)
    if key not in _annotations:
        _annotations[key] = eval(written, vars(sys.modules[owner.__module__]))
    return _annotations[key]


def _field_info(field: dataclasses.Field[Any], annotation: Any) -> FieldInfo:
    parts = set(leaves(annotation))
    return FieldInfo(
        name=field.name,
        annotation=annotation,
        required=field.default is dataclasses.MISSING,
        default=None if field.default is dataclasses.MISSING else field.default,
        doc=field.metadata["doc"],
        reference=field.metadata["reference"],
        choices=frozenset(leaf for leaf in parts if isinstance(leaf, str)),
        is_text=str in parts,
        takes_float=float in parts,
    )


def check_arguments(
    layer: type[Layer], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values as the layer takes them, and for each ill-typed field what is wrong with it."""
    fields = fields_of(layer)
    found = {
        name: fit(fields[name].annotation, value) if name in fields else MISFIT
        for name, value in values.items()
    }
    if MISFIT not in found.values():
        return found, {}
    from shapecalc.spec import schema

    taken, errors = schema.arguments(layer, values)
    wrong = {
        name: f"{name} must be {fields[name].words}, not {describe(values.get(name))}"
        for name in errors
        if name in fields
    }
    return taken, wrong
