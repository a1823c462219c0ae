"""The pydantic schema, made from the tables of keys and from the layer classes.

It judges what is not plainly right, and describes the keys for the JSON Schema. Nothing else in the
package knows pydantic, and a spec without mistakes is checked without loading it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NotRequired

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from typing_extensions import TypedDict

from shapecalc.layers.base import Layer
from shapecalc.spec.fields import fields_of
from shapecalc.spec.keys import Keys


@cache
def model_of(keys: Keys) -> type[BaseModel]:
    """The pydantic model of a table of keys."""
    make: Any = create_model
    model: type[BaseModel] = make(
        keys.name,
        __config__=ConfigDict(extra="forbid", strict=True, frozen=True),
        __doc__=keys.doc,
        **{
            # A key such as `from` is no name of Python's.
            f"key_{number}": (
                key.annotation,
                Field(key.default, alias=name, title=name, description=key.doc),
            )
            for number, (name, key) in enumerate(keys.keys.items())
        },
    )
    return model


def key_errors(keys: Keys, value: Mapping[str, Any]) -> list[tuple[tuple[int | str, ...], str]]:
    """Where a mapping does not fit its table, and pydantic's name for what is wrong there."""
    try:
        model_of(keys).model_validate(value)
    except ValidationError as error:
        entries = error.errors(include_url=False, include_input=False)
        return [(entry["loc"] or ("",), entry["type"]) for entry in entries]
    return []


_adapters: dict[type[Layer], TypeAdapter[dict[str, Any]]] = {}


def _adapter(layer: type[Layer]) -> TypeAdapter[dict[str, Any]]:
    if layer not in _adapters:
        _adapters[layer] = _make_adapter(layer)
    return _adapters[layer]


def _make_adapter(layer: type[Layer]) -> TypeAdapter[dict[str, Any]]:
    # What is missing is reported where the keys are read; a container's lists are not here.
    keys = {name: NotRequired[info.annotation] for name, info in fields_of(layer).items()}
    make: Any = TypedDict
    fields = make("Fields", keys)
    fields.__pydantic_config__ = ConfigDict(strict=True, extra="forbid")
    return TypeAdapter(fields)


def arguments(
    layer: type[Layer], values: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values as the layer takes them, and the names of those that are of another type."""
    try:
        return _adapter(layer).validate_python(dict(values)), ()
    except ValidationError as error:
        entries = error.errors(include_url=False, include_input=False)
        return {}, tuple(dict.fromkeys(str(entry["loc"][0]) for entry in entries))
