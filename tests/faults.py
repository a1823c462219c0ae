"""Faults to plant into specs: for each kind, where it applies, the edits, and what must be found.

The text is edited at the positions that :mod:`shapecalc.spec.source` gives, so that lines and
columns are checked for real. Which fields a layer has is written here anew, not asked of the
catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from shapecalc.spec.source import Extent, Mapping, Sequence, Source, parse

SPECS = Path(__file__).resolve().parents[1] / "specs"


@dataclass(frozen=True)
class Edit:
    """A stretch of the text and what takes its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Fault:
    """One mistake: how it is made, and the one finding that it must lead to.

    ``anchor`` (an offset of the sound text) and ``within`` (characters behind it, in the new text)
    say where.
    """

    kind: str
    path: str
    edits: tuple[Edit, ...]
    code: str
    anchor: int
    within: int = 0
    #: Whether it is only to be found while the sizes that reach it are known.
    needs_sizes: bool = False
    #: Whether it leaves something of the layer's output unknown.
    destroys: bool = False
    #: The path of the layer it is at, without the field.
    layer: str = ""

    @property
    def needs_values(self) -> bool:
        """Whether it is only to be found by computing with what is known."""
        return self.needs_sizes or self.code == "SC004"


@dataclass(frozen=True)
class Site:
    """A layer as it is written."""

    path: str
    value: Any
    extent: Extent
    #: Its list, and where it stands there.
    siblings: Sequence
    position: int
    blocks: Mapping
    model: str
    framework: str
    text: str = field(repr=False)

    @property
    def type(self) -> str:
        """Its type as written."""
        return str(self.value if isinstance(self.value, str) else self.value["type"])

    @property
    def keys(self) -> Mapping:
        """Its keys; none for a bare word."""
        return self.value if isinstance(self.value, Mapping) else Mapping()

    @property
    def type_extent(self) -> Extent:
        """Where its type stands."""
        return self.extent if isinstance(self.value, str) else self.keys.value_extents["type"]

    @property
    def flow(self) -> bool:
        """Whether it is written in braces."""
        return self.text[self.extent[0]] == "{"

    def insert(self, entry: str) -> tuple[Edit, int, int]:
        """The edit that adds ``key: value`` behind the type, and where the key comes to stand."""
        start, end = self.extent
        if isinstance(self.value, str):
            before = f"{{type: {self.value}, "
            return Edit(start, end, f"{before}{entry}}}"), start, len(before)
        at = self.type_extent[1]
        column = self.keys.key_extents["type"][0] - (self.text.rfind("\n", 0, at) + 1)
        before = ", " if self.flow else "\n" + " " * column
        return Edit(at, at, before + entry), at, len(before)

    def raw(self, key: str) -> str:
        """A value as it is written."""
        start, end = self.keys.value_extents[key]
        return self.text[start:end]

    def is_number(self, key: str) -> bool:
        """Whether a value is a number or an expression, not a list or a boolean."""
        return self.raw(key) not in ("true", "false", "same", "valid") and self.raw(key)[0] != "["

    def quoted(self, key: str) -> str:
        """A value as it can be written in braces."""
        raw = self.raw(key)
        return f'"{raw}"' if "," in raw and raw[0] not in "[\"'" else raw


@dataclass(frozen=True)
class Spec:
    """A sound spec and its layers."""

    name: str
    text: str
    models: tuple[Mapping, ...]
    sites: tuple[Site, ...]


@cache
def load(path: Path) -> Spec:
    """Read a spec."""
    text = path.read_text(encoding="utf-8")
    documents, problems = parse(Source(path.name, text))
    assert not problems
    models = tuple(document.value for document in documents)
    sites: list[Site] = []
    for number, model in enumerate(models):
        blocks = model.get("blocks", Mapping())
        prefix = f"{number}:"
        lists = [(block["layers"], f"blocks.{name}.layers") for name, block in blocks.items()]
        if "layers" in model:
            lists.append((model["layers"], "layers"))
        for layers, where in lists:
            first = Site(prefix + where, None, (0, 0), layers, 0, blocks, prefix, "pytorch", text)
            first = replace(first, framework=model.get("framework", "pytorch"))
            sites += _sites(layers, first)
    return Spec(path.stem, text, models, tuple(sites))


def _sites(layers: Sequence, around: Site) -> Iterator[Site]:
    for position, value in enumerate(layers):
        site = replace(
            around,
            path=f"{around.path}[{position}]",
            value=value,
            extent=layers.item_extents[position],
            siblings=layers,
            position=position,
        )
        yield site
        for key in ("layers", "body", "shortcut"):
            if key in site.keys:
                yield from _sites(value[key], replace(site, path=f"{site.path}.{key}"))
        for branch, items in enumerate(site.keys.get("branches", ())):
            yield from _sites(items, replace(site, path=f"{site.path}.branches[{branch}]"))


def apply(text: str, faults: list[Fault]) -> tuple[str, list[int]]:
    """The text with the faults in it, and the offset at which each is to be found."""
    edits = sorted((edit for fault in faults for edit in fault.edits), key=lambda e: e.start)
    pieces, last = [], 0
    for edit in edits:
        pieces += [text[last : edit.start], edit.text]
        last = edit.end
    offsets = []
    for fault in faults:
        shift = sum(len(e.text) - (e.end - e.start) for e in edits if e.start < fault.anchor)
        offsets.append(fault.anchor + shift + fault.within)
    return "".join([*pieces, text[last:]]), offsets


# --- what the layers of the specs are -------------------------------------------------------------

CONVS = {"conv2d", "conv_transpose2d"}
POOLS = {"max_pool2d", "avg_pool2d"}
NORMS = {"batch_norm2d"}
MERGES = {"add", "concat", "multiply"}
CONTAINERS = {"sequential", "residual", "parallel"}
LISTS = {"layers", "body", "shortcut", "branches"}
#: Keys whose values are neither numbers nor expressions.
NOT_NUMBERS = {
    "type", "name", "from", "like", "share", "expect", "ignore", "merge", "dtype", "act", *LISTS
}  # fmt: skip
#: The integers among the fields.
INTEGERS = {
    "out_channels", "kernel_size", "stride", "groups", "out_features", "output_size",
    "chunks", "dim",
}  # fmt: skip
REQUIRED = {
    "conv2d": ("out_channels", "kernel_size"),
    "conv_transpose2d": ("out_channels", "kernel_size"),
    "linear": ("out_features",),
    "max_pool2d": ("kernel_size",),
    "avg_pool2d": ("kernel_size",),
    "adaptive_avg_pool2d": ("output_size",),
    "chunk": ("chunks",),
    "channel_shuffle": ("groups",),
    "reshape": ("shape",),
    "sequential": ("layers",),
    "residual": ("body",),
    "parallel": ("branches",),
}
#: No layer has so many channels, features or cells: a prime.
ODD = 7919


def misspell(word: str) -> str:
    """A likely typo: two letters swapped, in the middle if possible, else the first doubled."""
    middle = len(word) // 2
    for at in (*range(middle, len(word) - 1), *range(middle)):
        if word[at] != word[at + 1] and word[at : at + 2].isalpha():
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[0] + word


# --- the kinds ------------------------------------------------------------------------------------

Kind = Callable[[Site], Iterator[Fault]]
KINDS: dict[str, Kind] = {}


def kind(function: Kind) -> Kind:
    """Add a kind of fault under its function's name."""
    KINDS[function.__name__] = function
    return function


def _added(site: Site, kind: str, key: str, value: str, code: str, **more: Any) -> Fault:
    """A key that the layer does not have, or another value for it where it does."""
    if key in site.keys:
        return _changed(site, kind, key, value, code, **more)
    edit, anchor, within = site.insert(f"{key}: {value}")
    return Fault(kind, f"{site.path}.{key}", (edit,), code, anchor, within, layer=site.path, **more)


def _changed(site: Site, kind: str, key: str, value: str, code: str, **more: Any) -> Fault:
    """Another value for a key; found at the key."""
    edit = Edit(*site.keys.value_extents[key], value)
    anchor = site.keys.key_extents[key][0]
    return Fault(kind, f"{site.path}.{key}", (edit,), code, anchor, layer=site.path, **more)


def _renamed(site: Site, kind: str, key: str, word: str) -> Fault:
    """Another word for a key."""
    start, end = site.keys.key_extents[key]
    edit = Edit(start, end, word)
    return Fault(kind, f"{site.path}.{key}", (edit,), "SC002", start, layer=site.path)


@kind
def wrong_declared_input(site: Site) -> Iterator[Fault]:
    """in_channels, in_features, num_features that the input does not have."""
    for types, key in (
        (CONVS, "in_channels"),
        ({"linear"}, "in_features"),
        (NORMS, "num_features"),
    ):
        if site.type in types:
            yield _added(site, "wrong_declared_input", key, str(ODD), "SC101", needs_sizes=True)


@kind
def kernel_too_large(site: Site) -> Iterator[Fault]:
    """A kernel that does not fit; a transposed convolution: padding that eats its output."""
    name = "kernel_too_large"
    if site.type == "conv_transpose2d":
        yield _added(site, name, "padding", "9999", "SC102", needs_sizes=True, destroys=True)
    elif site.type in CONVS | POOLS and site.keys.get("padding") != "same":
        yield _changed(site, name, "kernel_size", "9999", "SC102", needs_sizes=True, destroys=True)


@kind
def groups_do_not_divide(site: Site) -> Iterator[Fault]:
    """Groups that are no divisor."""
    if site.type in CONVS | {"channel_shuffle"}:
        yield _added(site, "groups_do_not_divide", "groups", str(ODD), "SC105", needs_sizes=True)


@kind
def stride_of_zero(site: Site) -> Iterator[Fault]:
    """A stride of 0."""
    if site.type in CONVS | POOLS:
        yield _added(site, "stride_of_zero", "stride", "0", "SC106", destroys=True)


@kind
def misspelt_key(site: Site) -> Iterator[Fault]:
    """A typo in each key."""
    for key in site.keys:
        yield _renamed(site, "misspelt_key", key, misspell(key))


@kind
def foreign_field(site: Site) -> Iterator[Fault]:
    """The word of another framework for a field."""
    words = {}
    if site.type in CONVS:
        words = {"out_channels": "filters", "stride": "strides", "bias": "use_bias"}
    elif site.type in POOLS:
        words = {"kernel_size": "pool_size", "stride": "strides"}
    elif site.type == "linear":
        words = {"out_features": "units"}
    elif site.type == "concat":
        words = {"dim": "axis"}
    for ours, theirs in words.items():
        if ours in site.keys:
            yield _renamed(site, "foreign_field", ours, theirs)


@kind
def misspelt_type(site: Site) -> Iterator[Fault]:
    """A typo in the type."""
    start, end = site.type_extent
    edit = Edit(start, end, misspell(site.type))
    path = f"{site.path}.type"
    yield Fault("misspelt_type", path, (edit,), "SC003", start, layer=site.path)


@kind
def no_such_type(site: Site) -> Iterator[Fault]:
    """A type that is none and like none."""
    start, end = site.type_extent
    edit = Edit(start, end, "qqqqqqqq")
    path = f"{site.path}.type"
    yield Fault("no_such_type", path, (edit,), "SC003", start, layer=site.path, destroys=True)


def _removed(site: Site, kind: str, key: str, **more: Any) -> Fault:
    """A key that is missing; found at the type."""
    names = list(site.keys)
    start = site.keys.entry_extent(names[names.index(key) - 1])[1]
    edit = Edit(start, site.keys.entry_extent(key)[1], "")
    anchor = site.type_extent[0]
    return Fault(kind, f"{site.path}.{key}", (edit,), "SC002", anchor, layer=site.path, **more)


@kind
def lost_from(site: Site) -> Iterator[Fault]:
    """A merge that does not say what it joins."""
    if site.type in MERGES:
        yield _removed(site, "lost_from", "from", destroys=True)


@kind
def missing_key(site: Site) -> Iterator[Fault]:
    """Each required key left out."""
    required = list(REQUIRED.get(site.type, ()))
    if site.type in POOLS and site.framework == "keras":
        required = []  # Keras has a default
    if site.type in site.blocks:
        params = site.blocks[site.type].get("params", {})
        required = [name for name, default in params.items() if default is None]
    for key in required:
        yield _removed(site, "missing_key", key, destroys=True)


def _references(site: Site) -> Iterator[tuple[str, Extent]]:
    for key in ("from", "like", "share"):
        value = site.keys.get(key)
        if isinstance(value, str):
            yield key, site.keys.value_extents[key]
        elif isinstance(value, Sequence):
            yield from ((key, extent) for extent in value.item_extents)


@kind
def no_such_layer(site: Site) -> Iterator[Fault]:
    """A reference to nothing: a word like none, and a typo of what was meant."""
    for key, (start, end) in _references(site):
        path = f"{site.path}.{key}"
        for word in ("qqqqqqqq", misspell(site.text[start:end])):
            edit = Edit(start, end, word)
            far = word == "qqqqqqqq"
            yield Fault(
                "no_such_layer", path, (edit,), "SC006", start, layer=site.path, destroys=far
            )


def _own_numbers(site: Site) -> Iterator[str]:
    """The keys that hold numbers or expressions, of the layer types themselves."""
    if site.type not in site.blocks:
        yield from (key for key in site.keys if key not in NOT_NUMBERS)


@kind
def wrong_kind_of_value(site: Site) -> Iterator[Fault]:
    """A word, a mapping, a fraction, a boolean where none fits."""
    name = "wrong_kind_of_value"
    for key in _own_numbers(site):
        yield _changed(site, name, key, "three", "SC004", destroys=True)
        if key not in ("repeat", "when", "trainable"):
            yield _changed(site, name, key, "{a: 1}", "SC002", destroys=True)
    for key in site.keys:
        if key in INTEGERS and site.type not in site.blocks:
            yield _changed(site, name, key, "2.5", "SC002", destroys=True)
            yield _changed(site, name, key, "true", "SC002", destroys=True)
    for key in LISTS & site.keys.keys():
        yield _changed(site, name, key, "3", "SC002", destroys=True)


@kind
def wrong_argument(site: Site) -> Iterator[Fault]:
    """A word that is no name as an argument of a block, which needs a number."""
    if site.type in site.blocks:
        params = site.blocks[site.type].get("params", {})
        for key in site.keys:
            if key in params:
                code = "SC003" if key == "act" else "SC004"  # in these specs a type
                yield _changed(site, "wrong_argument", key, "three", code, destroys=True)


@kind
def unknown_name(site: Site) -> Iterator[Fault]:
    """An unknown name in each number or expression."""
    for key in site.keys:
        if key not in NOT_NUMBERS and site.is_number(key):
            value = f"({site.raw(key)}) + qqqqqqqq"
            yield _changed(site, "unknown_name", key, value, "SC004", destroys=True)


@kind
def misspelt_name(site: Site) -> Iterator[Fault]:
    """A typo in each name that an expression reads."""
    words = {"if", "else", "and", "or", "not", "true", "false", "make_divisible", "max", "min"}
    for key in site.keys:
        if key in NOT_NUMBERS or not isinstance(site.keys[key], str):
            continue
        start = site.keys.value_extents[key][0]
        for match in re.finditer(r"[a-z_]\w*", site.raw(key)):
            if match[0] in words or len(match[0]) < 5:
                continue
            edit = Edit(start + match.start(), start + match.end(), misspell(match[0]))
            anchor = site.keys.key_extents[key][0]
            path = f"{site.path}.{key}"
            yield Fault("misspelt_name", path, (edit,), "SC004", anchor, layer=site.path)


@kind
def division_by_zero(site: Site) -> Iterator[Fault]:
    """A division by zero in each number."""
    for key in site.keys:
        if key not in (*NOT_NUMBERS, "when") and site.is_number(key):
            value = f"({site.raw(key)}) // 0"
            yield _changed(site, "division_by_zero", key, value, "SC004", destroys=True)


@kind
def ill_typed_repeat(site: Site) -> Iterator[Fault]:
    """A repeat that is no whole number."""
    for value, code in (("2.5", "SC002"), ("-1", "SC002"), ("true", "SC002"), ("three", "SC004")):
        yield _added(site, "ill_typed_repeat", "repeat", value, code, destroys=True)


@kind
def ill_typed_when(site: Site) -> Iterator[Fault]:
    """A ``when`` that is neither true nor false."""
    yield _added(site, "ill_typed_when", "when", "1 + 1", "SC004", destroys=True)


def _off_by_one(size: int | str) -> str:
    """Another size for an ``expect``; an odd one for ``_``, which matches anything."""
    return str(ODD if size == "_" else size + 1 if isinstance(size, int) else f"{size} + 1")


@kind
def wrong_expect(site: Site) -> Iterator[Fault]:
    """Each size of an ``expect`` off by one; an ``expect`` of odd sizes where there is none."""
    if "expect" not in site.keys:
        odd = ODD + 2 * (crc32(site.path.encode()) % 1000)  # no two layers agree by chance
        for value in (f"[{odd}]", f"[{odd}, {odd}, {odd}]"):
            yield _added(site, "wrong_expect", "expect", value, "SC108", needs_sizes=True)
        return
    path = f"{site.path}.expect"
    for shape, anchor in _shapes(site.keys["expect"], site.keys.key_extents["expect"][0]):
        for size, (start, end) in zip(shape, shape.item_extents, strict=True):
            edit = Edit(start, end, _off_by_one(size))
            yield Fault(
                "wrong_expect", path, (edit,), "SC108", anchor, layer=site.path, needs_sizes=True
            )


def _shapes(value: Sequence, key: int) -> list[tuple[Sequence, int]]:
    """The shapes of an ``expect``, one for each output, and where each is reported."""
    if all(isinstance(shape, Sequence) for shape in value):
        return [(shape, extent[0]) for shape, extent in zip(value, value.item_extents, strict=True)]
    return [(value, key)]


@kind
def duplicate_key(site: Site) -> Iterator[Fault]:
    """Each key given twice, with the same value and with another."""
    for key in site.keys:
        if key in LISTS:
            continue
        values = {site.raw(key)}
        if key in INTEGERS | {"padding"}:
            values.add("5")
        for value in sorted(values):
            end = site.keys.value_extents[key][1]
            column = site.extent[0] - (site.text.rfind("\n", 0, site.extent[0]) + 1)
            before = ", " if site.flow else "\n" + " " * column
            edit = Edit(end, end, f"{before}{key}: {value}")
            path = f"{site.path}.{key}"
            yield Fault("duplicate_key", path, (edit,), "SC005", end, len(before), layer=site.path)


@kind
def duplicate_name(site: Site) -> Iterator[Fault]:
    """The name of an earlier layer of the list; found at the later one."""
    earlier = [
        layer["name"]
        for layer in site.siblings[: site.position]
        if isinstance(layer, Mapping) and "name" in layer
    ]
    if earlier:
        yield _added(site, "duplicate_name", "name", earlier[-1], "SC005")


@kind
def nested_form(site: Site) -> Iterator[Fault]:
    """``- conv2d: {...}``."""
    if LISTS & site.keys.keys():
        return
    entries = ", ".join(f"{key}: {site.quoted(key)}" for key in site.keys if key != "type")
    start, end = site.extent
    text = f"{site.type}: {{{entries}}}"
    text, within = (f"{{{text}}}", 1) if site.flow else (text, 0)
    edit = Edit(start, end, text)
    yield Fault("nested_form", site.path, (edit,), "SC002", start, within, layer=site.path)


@kind
def no_type(site: Site) -> Iterator[Fault]:
    """A mapping without a type, found at its first key."""
    keys = list(site.keys)
    if len(keys) < 2:
        return
    start = site.keys.key_extents[keys[0]][0]
    edit = Edit(start, site.keys.key_extents[keys[1]][0], "")
    yield Fault("no_type", site.path, (edit,), "SC002", start, layer=site.path, destroys=True)


# --- faults of whole models -----------------------------------------------------------------------


def model_faults(spec: Spec) -> Iterator[Fault]:
    """Faults at the keys of models, blocks and inputs."""
    for number, model in enumerate(spec.models):
        prefix = f"{number}:"
        for key in model:
            yield _misspelt_model_key(model, key, prefix)
        yield from _unknown_model_keys(model, prefix)
        yield from _outputs(model, prefix, spec.text)
        yield from _model_expect(model, prefix)
        yield from _wrong_input(model, prefix)
        yield from _vars(model, prefix, spec.text)
        for name, block in model.get("blocks", {}).items():
            for key in block:
                yield _misspelt_model_key(block, key, f"{prefix}blocks.{name}.")


def _misspelt_model_key(keys: Mapping, key: str, prefix: str) -> Fault:
    start, end = keys.key_extents[key]
    edit = Edit(start, end, misspell(key))
    return Fault("misspelt_model_key", prefix + key, (edit,), "SC002", start)


def _unknown_model_keys(model: Mapping, prefix: str) -> Iterator[Fault]:
    """Keys of other tools, where a block-style mapping begins."""
    for entry, code in (("optimizer: adam", "SC002"), ("rounding: up", "SC002")):
        start = model.extent[0]
        if "layers" in model:
            edit = Edit(start, start, f"{entry}\n")
            yield Fault("unknown_model_key", prefix, (edit,), code, start)


def _outputs(model: Mapping, prefix: str, text: str) -> Iterator[Fault]:
    value = model.get("outputs")
    if value is None and "layers" in model:
        start = model.key_extents["layers"][0]
        edit = Edit(start, start, "outputs: [qqqqqqqq]\n")
        yield Fault("wrong_output", prefix + "outputs", (edit,), "SC006", start, len("outputs: ["))
    elif value is not None:
        extents = (
            value.item_extents if isinstance(value, Sequence) else value.value_extents.values()
        )
        for start, end in extents:
            for word in ("qqqqqqqq", misspell(text[start:end])):
                edit = Edit(start, end, word)
                yield Fault("wrong_output", prefix + "outputs", (edit,), "SC006", start)


def _model_expect(model: Mapping, prefix: str) -> Iterator[Fault]:
    value = model.get("expect")
    if value is None:
        return
    shapes = [(value, model.key_extents["expect"][0])]
    if isinstance(value, Mapping):
        shapes = [(value[name], value.key_extents[name][0]) for name in value]
    for shape, anchor in shapes:
        for size, (start, end) in zip(shape, shape.item_extents, strict=True):
            edit = Edit(start, end, _off_by_one(size))
            yield Fault(
                "wrong_model_expect", f"{prefix}expect", (edit,), "SC108", anchor, needs_sizes=True
            )


def _wrong_input(model: Mapping, prefix: str) -> Iterator[Fault]:
    value = model.get("input")
    anchor = model.key_extents["input"][0] if "input" in model else 0
    if isinstance(value, str):
        edit = Edit(*model.value_extents["input"], "qqqqqqqq")
        yield Fault("wrong_input", f"{prefix}input", (edit,), "SC006", anchor, destroys=True)
    elif isinstance(value, Sequence):
        start, end = model.value_extents["input"]
        edit = Edit(start, end, "{a: 1}")
        yield Fault("wrong_input", f"{prefix}input", (edit,), "SC002", start, 1, destroys=True)
        edit = Edit(*value.item_extents[-1], "0")
        yield Fault("wrong_input", f"{prefix}input", (edit,), "SC106", anchor, destroys=True)


def _vars(model: Mapping, prefix: str, text: str) -> Iterator[Fault]:
    for name, extent in getattr(model.get("vars"), "value_extents", {}).items():
        raw = text[extent[0] : extent[1]]
        anchor = model["vars"].key_extents[name][0]
        for value in (f"({raw}) // 0", f"({raw}) + qqqqqqqq"):
            edit = Edit(extent[0], extent[1], value)
            yield Fault(
                "wrong_var", f"{prefix}vars.{name}", (edit,), "SC004", anchor, destroys=True
            )


def faults_of(spec: Spec) -> list[Fault]:
    """Every fault that can be planted into a spec."""
    found = [fault for site in spec.sites for make in KINDS.values() for fault in make(site)]
    return [*found, *model_faults(spec)]


def overlap(one: Fault, other: Fault) -> bool:
    """Whether two faults cannot be planted into the same text."""
    return any(a.start <= b.end and b.start <= a.end for a in one.edits for b in other.edits)
