"""The keys of models, blocks, inputs, layers and of a configuration, and what their values are.

They are plain tables: what is plainly right is found so without the pydantic schema made from them
(:mod:`shapecalc.spec.schema`), which judges all else and takes longer to load than a spec to check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, get_args, get_origin

from shapecalc.layers.base import DTYPES
from shapecalc.limits import MAX_DIMS
from shapecalc.spec.annotations import MISFIT, Amount, fit, leaves, words
from shapecalc.spec.expressions import describe
from shapecalc.spec.names import did_you_mean, surely_meant

#: Text that need not be quoted: ``name: 2015`` is the text 2015.
Text = str | int | float | bool
#: A number, a word or an expression.
Expression = str | int | float | bool
SizeList = list[Expression]
Severity = Literal["error", "warning", "note"]


class Key(NamedTuple):
    """A key: what its value is, what it means, and what holds where it is not written."""

    annotation: Any
    doc: str
    default: Any = ...

    @property
    def required(self) -> bool:
        """Whether it must be written."""
        return self.default is ...


class Keys:
    """The keys a mapping may have: no others, and no values of other types."""

    def __init__(self, name: str, doc: str, keys: dict[str, Key]) -> None:
        self.name = name
        self.doc = doc
        self.keys = keys

    def are_plain(self, value: Mapping[str, Any]) -> bool:
        """Whether a mapping is plainly right: nothing unknown, missing or of another type."""
        keys = self.keys
        for name, key in keys.items():
            if name in value:
                if fit(key.annotation, value[name]) is MISFIT:
                    return False
            elif key.default is ...:
                return False
        return all(name in keys for name in value)


INPUT = Keys(
    "InputKeys",
    "An input written as a mapping.",
    {
        "shape": Key(SizeList, "the shape without the batch"),
        "dtype": Key(str, f"one of {', '.join(DTYPES)}", "float32"),
    },
)
BLOCK = Keys(
    "BlockKeys",
    "A named, parametrised stack.",
    {
        "params": Key(dict[str, Any], "parameters and their defaults", {}),
        "vars": Key(dict[str, Any], "values computed once on entry", {}),
        "layers": Key(list[Any], "the stack"),
        "outputs": Key(list[str], "inner names that may be read as name.inner", []),
    },
)
BUDGET = Keys(
    "BudgetKeys",
    "Upper limits of a model.",
    {
        "params": Key(Amount, "parameters, each counted once", 0),
        "trainable_params": Key(Amount, "parameters that are trained", 0),
        "macs": Key(Amount, "multiply-accumulates for one sample", 0),
        "element_ops": Key(Amount, "element operations for one sample", 0),
        "memory": Key(Amount, "bytes of parameters and live activations, float32", 0),
        "training_memory": Key(Amount, "bytes of one sample in training with Adam, float32", 0),
        "layers": Key(Amount, "leaf layers, blocks and repeats unrolled", 0),
        "depth": Key(Amount, "leaf layers on the longest path", 0),
        "layer_params": Key(Amount, "parameters of any one layer", 0),
        "layer_macs": Key(Amount, "multiply-accumulates of any one layer", 0),
        "dense_share": Key(Amount, "the part of the parameters in one dense layer (SC313)", 0),
    },
)
LINT = Keys(
    "LintKeys",
    "Which rules apply to a model.",
    {
        "select": Key(list[str], "codes or prefixes to report", []),
        "ignore": Key(list[str], "codes or prefixes not to report", []),
        "severity": Key(dict[str, Severity], "another severity for a code", {}),
    },
)
SHARED = Keys(
    "SharedKeys",
    "A first document that serves all models of its file.",
    {
        "vars": Key(dict[str, Any], "named values", {}),
        "blocks": Key(dict[str, Any], "named stacks", {}),
    },
)
MODEL = Keys(
    "ModelKeys",
    "A model: one YAML document.",
    {
        "name": Key(Text | None, "what the model is called", None),
        "description": Key(Text | None, "free text", None),
        "framework": Key(Literal["pytorch", "keras"], "whose arithmetic", "pytorch"),
        "rounding": Key(Literal["floor", "ceil"], "for sizes not integer", "floor"),
        "input": Key(Any, "the shape without the batch, or an earlier model", None),
        "inputs": Key(dict[str, Any], "several inputs by name", {}),
        "dims": Key(list[str], "names of symbolic sizes", []),
        "vars": Key(dict[str, Any], "named values", {}),
        "blocks": Key(dict[str, Any], "named stacks", {}),
        "layers": Key(list[Any], "the stack"),
        "outputs": Key(list[str] | dict[str, str], "the layers that are outputs", []),
        "expect": Key(Any, "the output's shape, asserted", None),
        "budget": Key(Any, "upper limits", None),
        "lint": Key(Any, "rules for this model", None),
    },
)
CONFIG = Keys(
    "ConfigKeys",
    "The configuration of a repository.",
    {
        "select": Key(list[str], "codes or prefixes to report, and no others", []),
        "extend-select": Key(list[str], "codes to report too", []),
        "ignore": Key(list[str], "codes or prefixes not to report", []),
        "severity": Key(dict[str, Severity], "another severity for a code", {}),
        "per-file-ignores": Key(dict[str, list[str]], "pattern: codes not to report there", {}),
        "exclude": Key(list[str], "patterns of files that folders leave out", []),
        "budget": Key(dict[str, Any], "upper limits for every model", {}),
        "inputs": Key(dict[str, list[str]], "pattern: further input shapes that must hold", {}),
        "strict": Key(bool, "fail on warnings too", False),
    },
)
LAYER = Keys(
    "LayerKeys",
    "The keys that any layer may have.",
    {
        "type": Key(str, "the layer type or a block"),
        "name": Key(str | None, "for `from`, the table and diagnostics", None),
        "from": Key(str | list[str] | None, "what it reads", None),
        "repeat": Key(Expression | None, "as if written n times in a row", None),
        "when": Key(Expression | None, "where false, as if not written", None),
        "share": Key(str | None, "an earlier layer whose weights it uses", None),
        "trainable": Key(Expression, "false: its parameters are frozen", True),
        "expect": Key(Any, "its output shape, asserted", None),
        "ignore": Key(str | list[str], "codes not reported for this layer", []),
    },
)


class Fault(NamedTuple):
    """What is wrong with a key: unknown, missing, or of another type."""

    key: str
    kind: Literal["unknown", "missing", "type"]
    message: str
    help: str | None
    #: The key (of an unknown one) or the word (of a value) that was surely meant.
    meant: str | None = None
    #: The entry of the value that it is about, where the value is a mapping.
    entry: str | None = None


def check_keys(keys: Keys, value: Mapping[str, Any], what: str) -> list[Fault]:
    """The keys of ``value`` that do not fit, at most one fault a key."""
    if keys.are_plain(value):
        return []
    from shapecalc.spec import schema

    faults: dict[str, Fault] = {}
    for place, kind in schema.key_errors(keys, value):
        faults.setdefault(str(place[0]), _fault(keys, place, kind, value, what))
    return list(faults.values())


def _fault(
    keys: Keys,
    place: tuple[int | str, ...],
    kind: str,
    value: Mapping[str, Any],
    what: str,
) -> Fault:
    key = str(place[0]) if place else ""
    if kind == "missing":
        return Fault(key, "missing", f"{what} needs `{key}`", None)
    if kind == "extra_forbidden":
        return unknown_key(key, keys.keys, what)
    annotation, found = keys.keys[key].annotation if key in keys.keys else None, value.get(key)
    entry = None
    if len(place) > 1 and get_origin(annotation) is dict and isinstance(found, dict):
        # One of the values of a mapping: `severity.SC201`.
        entry = str(place[1])
        key, annotation, found = f"{key}.{entry}", get_args(annotation)[1], found[entry]
    wanted = words(annotation) if annotation is not None else "something else"
    message = f"`{key}` must be {wanted}, not {describe(found)}"
    choices = [str(choice) for choice in leaves(annotation) if isinstance(choice, str)]
    meant = surely_meant(found, choices) if isinstance(found, str) else None
    help = f"did you mean `{meant}`?" if meant else _as_list(annotation, found)
    return Fault(str(place[0]), "type", message, help, meant, entry)


def _as_list(annotation: Any, found: Any) -> str | None:
    """How to write a word or the keys of a mapping where a list of words is wanted."""
    if annotation != list[str] or not isinstance(found, str | Mapping):
        return None
    names = [found] if isinstance(found, str) else [*found]
    if not names or len(names) > MAX_DIMS or not all(name.isidentifier() for name in names):
        return None
    # With quotes it is right in YAML and in TOML.
    return "write a list: [{}]".format(", ".join(f'"{name}"' for name in names))


def unknown_key(
    key: str, known: Iterable[str], what: str, foreign: Mapping[str, str] | None = None
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
