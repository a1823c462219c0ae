"""The pydantic schema: which keys there are and what types their values have.

The keys of models, blocks, inputs and layers are written here; the fields of each layer type are
derived from its class. Nothing else in the package knows pydantic.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NotRequired, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from shapecalc.layers.base import DTYPES, Layer
from shapecalc.spec.expressions import describe
from shapecalc.spec.names import did_you_mean, surely_meant

#: Text that need not be quoted: ``name: 2015`` is the text 2015.
Text = str | int | float | bool
#: A number, a word or an expression.
Expression = str | int | float | bool
SizeList = list[Expression]


class Keys(BaseModel):
    """The keys of a mapping: no others, and no values of other types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class InputKeys(Keys):
    """An input written as a mapping."""

    shape: SizeList = Field(description="the shape without the batch")
    dtype: str = Field("float32", description=f"one of {', '.join(DTYPES)}")


Input = SizeList | str | InputKeys


class BlockKeys(Keys):
    """A named, parametrised stack."""

    params: dict[str, Any] = Field({}, description="parameters and their defaults")
    vars: dict[str, Any] = Field({}, description="values computed once on entry")
    layers: list[Any] = Field(description="the stack")
    outputs: list[str] = Field([], description="inner names that may be read as name.inner")


#: A number, or one with a unit: ``5M``.
Amount = str | int | float


class BudgetKeys(Keys):
    """Upper limits of a model."""

    params: Amount = Field(0, description="parameters, each counted once")
    trainable_params: Amount = Field(0, description="parameters that are trained")
    macs: Amount = Field(0, description="multiply-accumulates for one sample")
    memory: Amount = Field(0, description="bytes of parameters and live activations, float32")
    layers: Amount = Field(0, description="leaf layers, blocks and repeats unrolled")
    depth: Amount = Field(0, description="leaf layers on the longest path")
    layer_params: Amount = Field(0, description="parameters of any one layer")
    layer_macs: Amount = Field(0, description="multiply-accumulates of any one layer")


class LintKeys(Keys):
    """Which rules apply to a model."""

    select: list[str] = Field([], description="codes or prefixes to report")
    ignore: list[str] = Field([], description="codes or prefixes not to report")
    severity: dict[str, Literal["error", "warning", "note"]] = Field(
        {}, description="another severity for a code"
    )


class SharedKeys(Keys):
    """A first document that serves all models of its file."""

    vars: dict[str, Any] = Field({}, description="named values")
    blocks: dict[str, Any] = Field({}, description="named stacks")


class ModelKeys(Keys):
    """A model: one YAML document."""

    name: Text | None = Field(None, description="what the model is called")
    description: Text | None = Field(None, description="free text")
    framework: Literal["pytorch", "keras"] = Field("pytorch", description="whose arithmetic")
    rounding: Literal["floor", "ceil"] = Field("floor", description="for sizes not integer")
    input: Any = Field(None, description="the shape without the batch, or an earlier model")
    inputs: dict[str, Any] = Field({}, description="several inputs by name")
    dims: list[str] = Field([], description="names of symbolic sizes")
    vars: dict[str, Any] = Field({}, description="named values")
    blocks: dict[str, Any] = Field({}, description="named stacks")
    layers: list[Any] = Field(description="the stack")
    outputs: list[str] | dict[str, str] = Field([], description="the layers that are outputs")
    expect: Any = Field(None, description="the output's shape, asserted")
    budget: Any = Field(None, description="upper limits")
    lint: Any = Field(None, description="rules for this model")


class ConfigKeys(Keys):
    """The configuration of a repository."""

    select: list[str] = Field([], description="codes or prefixes to report, and no others")
    extend_select: list[str] = Field([], alias="extend-select", description="codes to report too")
    ignore: list[str] = Field([], description="codes or prefixes not to report")
    severity: dict[str, Literal["error", "warning", "note"]] = Field(
        {}, description="another severity for a code"
    )
    per_file_ignores: dict[str, list[str]] = Field(
        {}, alias="per-file-ignores", description="pattern: codes not to report there"
    )
    exclude: list[str] = Field([], description="patterns of files that folders leave out")
    budget: dict[str, Any] = Field({}, description="upper limits for every model")
    inputs: dict[str, list[str]] = Field(
        {}, description="pattern: further input shapes that must hold"
    )
    strict: bool = Field(False, description="fail on warnings too")


class LayerKeys(Keys):
    """The keys that any layer may have."""

    type: str = Field(description="the layer type or a block")
    name: str | None = Field(None, description="for `from`, the table and diagnostics")
    from_: str | list[str] | None = Field(None, alias="from", description="what it reads")
    repeat: Expression | None = Field(None, description="as if written n times in a row")
    when: Expression | None = Field(None, description="where false, as if not written")
    share: str | None = Field(None, description="an earlier layer whose weights it uses")
    trainable: Expression = Field(True, description="false: its parameters are frozen")
    expect: Any = Field(None, description="its output shape, asserted")
    ignore: str | list[str] = Field([], description="codes not reported for this layer")


class Fault(typing.NamedTuple):
    """What is wrong with a key: unknown, missing, or of another type."""

    key: str
    kind: Literal["unknown", "missing", "type"]
    message: str
    help: str | None
    #: The key (of an unknown one) or the word (of a value) that was surely meant.
    meant: str | None = None


@cache
def known_keys(schema: type[Keys]) -> tuple[str, ...]:
    """The keys of a schema as they are written."""
    return tuple(field.alias or name for name, field in schema.model_fields.items())


def check_keys(schema: type[Keys], value: Mapping[str, Any], what: str) -> list[Fault]:
    """The keys of ``value`` that do not fit the schema, at most one fault a key."""
    try:
        schema.model_validate(value)
    except ValidationError as error:
        faults: dict[str, Fault] = {}
        for entry in error.errors(include_url=False, include_input=False):
            key = str(entry["loc"][0]) if entry["loc"] else ""
            faults.setdefault(key, _fault(schema, entry["loc"], entry["type"], value, what))
        return list(faults.values())
    return []


def _fault(
    schema: type[Keys],
    place: tuple[int | str, ...],
    kind: str,
    value: Mapping[str, Any],
    what: str,
) -> Fault:
    key = str(place[0]) if place else ""
    if kind == "missing":
        return Fault(key, "missing", f"{what} needs `{key}`", None)
    if kind == "extra_forbidden":
        return unknown_key(key, known_keys(schema), what)
    by_alias = {field.alias or name: field for name, field in schema.model_fields.items()}
    annotation, found = by_alias[key].annotation if key in by_alias else None, value.get(key)
    if len(place) > 1 and get_origin(annotation) is dict and isinstance(found, dict):
        # One of the values of a mapping: `severity.SC201`.
        key, annotation, found = f"{key}.{place[1]}", get_args(annotation)[1], found[place[1]]
    wanted = words(annotation) if annotation is not None else "something else"
    message = f"`{key}` must be {wanted}, not {describe(found)}"
    choices = [str(choice) for choice in _leaves(annotation) if isinstance(choice, str)]
    meant = surely_meant(found, choices) if isinstance(found, str) else None
    return Fault(str(place[0]), "type", message, meant and f"did you mean `{meant}`?", meant)


def unknown_key(
    key: str, known: typing.Iterable[str], what: str, foreign: Mapping[str, str] | None = None
) -> Fault:
    """The fault for a key that is not there, with the one that was meant."""
    ours = (foreign or {}).get(key)
    if ours:
        message = f"{what} has no `{key}`: here it is called `{ours}`"
        return Fault(key, "unknown", message, f"write {ours} instead of {key}", ours)
    nearest = did_you_mean(key, known)
    hint = f"did you mean `{nearest}`?" if nearest else f"it has {', '.join(known)}"
    meant = surely_meant(key, known)
    return Fault(key, "unknown", f"{what} has no key `{key}`", hint, meant)


@dataclasses.dataclass(frozen=True, slots=True)
class FieldInfo:
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
_adapters: dict[type[Layer], TypeAdapter[dict[str, Any]]] = {}


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
    leaves = set(_leaves(annotation))
    return FieldInfo(
        name=field.name,
        annotation=annotation,
        required=field.default is dataclasses.MISSING,
        default=None if field.default is dataclasses.MISSING else field.default,
        doc=field.metadata["doc"],
        reference=field.metadata["reference"],
        choices=frozenset(leaf for leaf in leaves if isinstance(leaf, str)),
        is_text=str in leaves,
        takes_float=float in leaves,
    )


def _leaves(annotation: Any) -> typing.Iterator[Any]:
    """The scalar types and literal values an annotation is made of."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) is not None:
        for part in get_args(annotation):
            yield from _leaves(part)
    else:
        yield annotation


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


def check_arguments(
    layer: type[Layer], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values as the layer takes them, and for each ill-typed field what is wrong with it."""
    try:
        return _adapter(layer).validate_python(dict(values)), {}
    except ValidationError as error:
        fields = fields_of(layer)
        wrong: dict[str, str] = {}
        for entry in error.errors(include_url=False, include_input=False):
            name = str(entry["loc"][0])
            if name in fields:
                wrong[name] = (
                    f"{name} must be {fields[name].words}, not {describe(values.get(name))}"
                )
        return {}, wrong


_WORDS: dict[Any, str] = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "a word",
    type(None): "null",
    dict: "a mapping",
    Any: "anything",
    Text: "text",
    Amount: "a number, with a unit or without (5M)",
}
_PLURALS = {int: "integers", float: "numbers", bool: "booleans", str: "words"}


def words(annotation: Any) -> str:
    """An annotation in words: ``an integer or a list of integers``."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        if set(Text.__args__) <= set(args):
            return "text"
        parts = dict.fromkeys(words(part) for part in args if part is not type(None))
        return " or ".join(parts)
    if origin is Literal:
        return ("one of " if len(args) > 1 else "") + ", ".join(map(str, args))
    if origin in (list, tuple):
        inner = _PLURALS.get(args[0]) if args else None
        if inner is None and args and get_origin(args[0]) in (Union, types.UnionType):
            singles = [_PLURALS[part] for part in get_args(args[0]) if part in _PLURALS]
            inner = " or ".join(singles) or None
        return f"a list of {inner}" if inner else "a list"
    is_mapping = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return "a mapping" if origin is dict or is_mapping else "something else"
