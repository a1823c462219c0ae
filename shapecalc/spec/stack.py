"""Lists of layers, and the keys of each layer; :mod:`~shapecalc.spec.types` reads its type,
:mod:`~shapecalc.spec.binding` its own fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from shapecalc.layers import Catalogue, catalogue
from shapecalc.layers.base import Layer
from shapecalc.limits import MAX_FAULTS
from shapecalc.spec.binding import COMMON, Binder
from shapecalc.spec.expressions import describe
from shapecalc.spec.fields import fields_of
from shapecalc.spec.keys import LAYER, check_keys, unknown_key
from shapecalc.spec.known import Entry, Known
from shapecalc.spec.model import Assertion, Binding, BlockSpec, LayerSpec, ModelSpec, Reference
from shapecalc.spec.names import did_you_mean, surely_meant
from shapecalc.spec.problems import Problem
from shapecalc.spec.reader import RESERVED, is_comma_rest
from shapecalc.spec.source import Extent, Mapping, Sequence, Source
from shapecalc.spec.types import NO_TYPE
from shapecalc.spec.values import UNKNOWN_VALUE, Template


class StackBuilder(Binder):
    """Builds the lists of layers of one model."""

    def __init__(self, source: Source, model: ModelSpec, types: Catalogue, known: Known) -> None:
        super().__init__(source, model, types, known)
        #: Whether so much is wrong that no more is read.
        self.stopped = False

    def layers(
        self, values: Sequence, path: str, block: BlockSpec | None = None
    ) -> list[LayerSpec]:
        """A list of layers; an entry that cannot be read at all keeps its place as broken."""
        names: dict[str, Extent] = {}
        found = []
        for index, value in enumerate(values):
            where = f"{path}[{index}]"
            if len(self.problems) > MAX_FAULTS:
                extent = values.item_extents[index]
                self._stop(values.extent, extent)
                # Of what the list yields nothing is known.
                found.append(LayerSpec(NO_TYPE, extent, extent, Mapping(), broken=True))
                break
            layer = self._layer(value, values.item_extents[index], where, block)
            found.append(layer)
            if layer.name is None:
                continue
            if layer.name in names:
                layer.misnamed = True
                self._duplicate_name(layer, names[layer.name], where)
            else:
                names[layer.name] = layer.key_extent("name")
        return found

    def _stop(self, layers: Extent, rest: Extent) -> None:
        """Say that the rest is not read, at the beginning of its list."""
        if not self.stopped:
            line, _ = self.source.position(rest[0])
            message = (
                f"more than {MAX_FAULTS:,} things are wrong: the layers from line {line:,} on "
                "are not read"
            )
            self.report("SC007", message, (layers[0], layers[0] + 1), "mend these first")
        self.stopped = True

    def _duplicate_name(self, layer: LayerSpec, first: Extent, path: str) -> None:
        self.problems.append(
            Problem(
                "SC005",
                f"the name {layer.name!r} is given twice in this list",
                layer.key_extent("name"),
                "names are unique in their list: choose another",
                f"{path}.name",
                related=(("first given here", first),),
            )
        )

    def _layer(self, value: Any, extent: Extent, path: str, block: BlockSpec | None) -> LayerSpec:
        """One layer; those that say the same are read once, as a network has many of a kind."""
        wording = _wording(value)
        if wording is None:
            return self._read(value, extent, path, block)
        key = (self.catalogue.framework, wording)
        alike = self.known.read.get(key)
        if alike is not None and not self._names_any(alike.words, block):
            return self._another(alike.layer, value, extent, path)
        before = len(self.problems)
        layer = self._read(value, extent, path, block)
        if alike is None and layer.simple and len(self.problems) == before:
            words = frozenset(_words(value))
            if not self._names_any(words, block):
                self.known.read[key] = Entry(layer, words)
        return layer

    def _names_any(self, words: frozenset[str], block: BlockSpec | None) -> bool:
        """Whether a value, a parameter or a block is called by one of the words."""
        model = self.model
        names: list[Collection[str]] = [model.vars, model.blocks, model.dims]
        if block is not None:
            names += block.vars, block.params
        return any(word in known for known in names for word in words)

    def _another(self, alike: LayerSpec, value: Any, extent: Extent, path: str) -> LayerSpec:
        """A layer that says what one before it says, but for its name and what it reads."""
        plain = isinstance(value, str)
        layer = LayerSpec(
            alike.type,
            extent,
            extent if plain else value.value_extents["type"],
            Mapping() if plain else value,
            {} if plain else {key: key for key in value},
            ignore=alike.ignore,
            bindings=alike.bindings,
            simple=True,
        )
        if layer.keys.get("name") is not None:
            self._layer_name(layer, layer.keys["name"], path)
        if layer.keys.get("from") is not None:
            layer.sources = self._references(layer.keys, "from")
        return layer

    def _read(self, value: Any, extent: Extent, path: str, block: BlockSpec | None) -> LayerSpec:
        layer = self._typed(value, extent, path)
        if layer.type == NO_TYPE:
            layer.written = {key: key for key in layer.keys if key in COMMON}
            self._common_keys(layer, path)
            return layer
        layer.by_parameter = self._is_parameter(layer.type, block)
        if not layer.by_parameter and not self.is_type(layer.type):
            self._unknown_type(layer, path, block)
            layer.by_parameter = self._is_parameter(layer.type, block)
        is_type = not layer.by_parameter and self.is_type(layer.type)
        if is_type:
            self._own_keys(layer, path)
        else:
            layer.written = {key: key for key in layer.keys}
        self._common_keys(layer, path)
        if is_type:
            binding = self.bind(layer, layer.type, path, block)
            self.problems.extend(binding.problems)
            binding.problems.clear()
            layer.simple = _is_simple(layer, binding)
        return layer

    # --- keys -----------------------------------------------------------------------------------

    def _own_keys(self, layer: LayerSpec, path: str) -> None:
        """Which key means which field: an unknown one is reported and taken for the nearest."""
        block = self.model.blocks.get(layer.type)
        cls = None if block else self._class(layer.type)
        own: Collection[str] = block.params if block else fields_of(cls) if cls else ()
        if cls is not None and cls.container:
            own = [*own, "vars"]
        what = f"block `{block.name}`" if block else layer.label(cls.type_name if cls else None)
        for key in layer.keys:
            if key in COMMON or key in own:
                layer.written[key] = key
            elif not is_comma_rest(layer.keys, key):
                meant = self._unknown_key(layer, key, own, what, cls, path)
                layer.broken = True
                layer.stray = layer.stray or meant is None
                if meant and meant not in layer.keys:
                    layer.written.setdefault(meant, key)

    def _unknown_key(
        self,
        layer: LayerSpec,
        key: str,
        own: Collection[str],
        what: str,
        cls: type[Layer] | None,
        path: str,
    ) -> str | None:
        foreign = cls.foreign if cls else {}
        foreign = {theirs: ours for theirs, ours in foreign.items() if ours in own}
        other = catalogue("keras" if self.model.framework == "pytorch" else "pytorch")
        theirs = other.find(layer.type)
        elsewhere = theirs is not None and key in fields_of(theirs)
        known: Collection[str] = () if elsewhere else (*own, *COMMON)
        missing = _missing(cls, layer.keys) if cls else []
        if surely_meant(key, missing):
            # `repeast` is the `repeats` that is needed, not the key `repeat` of any layer.
            known = missing
        fault = unknown_key(key, known, what, foreign)
        help = fault.help
        meant = foreign.get(key) or did_you_mean(key, known)
        if meant is None and elsewhere:
            help = f"only `framework: {other.framework}` has it"
        elif meant is None:
            help = f"it has {', '.join(own)}" if own else "it has no fields of its own"
        extent = layer.keys.entry_extent(key)
        name = layer.keys.get("name")
        self.report(
            "SC002",
            fault.message,
            extent,
            help,
            f"{path}.{key}",
            name if isinstance(name, str) else None,
            self.fix_of(fault, layer.keys),
        )
        return meant

    def _common_keys(self, layer: LayerSpec, path: str) -> None:
        written = {key: layer.written[key] for key in COMMON if key in layer.written}
        keys = layer.keys
        written_as = dict(written)
        picked = {key: keys[word] for key, word in written.items()}
        picked.setdefault("type", NO_TYPE)
        for fault in check_keys(LAYER, picked, "a layer") if written else ():
            extent = keys.entry_extent(written.pop(fault.key))
            fix = self.fix_of(fault._replace(key=written_as[fault.key]), keys)
            self.report("SC002", fault.message, extent, fault.help, f"{path}.{fault.key}", fix=fix)
            layer.broken = True
            layer.misnamed = layer.misnamed or fault.key == "name"
            if fault.key in ("repeat", "when"):
                setattr(layer, fault.key, UNKNOWN_VALUE)
        value = {key: keys[word] for key, word in written.items() if keys[word] is not None}
        if "name" in value:
            self._layer_name(layer, value["name"], path)
        if "from" in value:
            layer.sources = self._references(keys, written["from"])
        if "share" in value:
            layer.share = Reference(value["share"], keys.value_extents[written["share"]])
        for key in [key for key in ("repeat", "when", "trainable") if key in value]:
            template = self._control(layer, key, value[key], path)
            setattr(layer, key, template or UNKNOWN_VALUE)
            layer.broken = layer.broken or template is None
        if "expect" in value:
            layer.expect = self._expect(keys, written["expect"], path)
        if "ignore" in value:
            codes = value["ignore"]
            layer.ignore = frozenset([codes] if isinstance(codes, str) else codes)

    def _control(self, layer: LayerSpec, key: str, written: Any, path: str) -> Template | None:
        """A ``repeat``, ``when`` or ``trainable``; the type of one that is no expression is
        checked here, in blocks that nothing uses as well."""
        about = f"{layer.label()}: {key}: "
        template = self.template(written, layer.key_extent(key), f"{path}.{key}", about=about)
        if template is None or not template.constant:
            return template
        value = template.evaluate({})
        if key == "repeat":
            good, wanted = type(value) is int and value >= 0, "a whole number"
        else:
            good, wanted = isinstance(value, bool), "true or false"
        if good:
            return template
        message = f"{layer.label()}: {key} must be {wanted}, not {describe(value)}"
        self.report("SC002", message, layer.key_extent(key), None, f"{path}.{key}", layer.name)
        return None

    def _layer_name(self, layer: LayerSpec, name: str, path: str) -> None:
        if name in RESERVED or "." in name or not name.strip():
            reason = "is reserved" if name in RESERVED else "must be a word without dots"
            extent = layer.key_extent("name")
            self.report("SC002", f"the name {name!r} {reason}", extent, None, f"{path}.name")
            layer.misnamed = True
        else:
            layer.name = name

    @staticmethod
    def _references(keys: Mapping, key: str) -> tuple[Reference, ...]:
        value = keys[key]
        if isinstance(value, str):
            return (Reference(value, keys.value_extents[key]),)
        return tuple(Reference(name, value.item_extents[i]) for i, name in enumerate(value))

    def _expect(self, keys: Mapping, key: str, path: str) -> tuple[Assertion, ...] | None:
        value, path = keys[key], f"{path}.expect"
        if isinstance(value, Sequence) and _are_shapes(value):
            extents = value.item_extents
            found = [
                self.assertion(shape, extents[i], f"{path}[{i}]") for i, shape in enumerate(value)
            ]
            # One that cannot be read keeps its place.
            return tuple(
                shape or Assertion(None, False, extents[i]) for i, shape in enumerate(found)
            )
        assertion = self.assertion(value, keys.entry_extent(key), path)
        return (assertion,) if assertion else None


def _missing(cls: type[Layer], keys: Collection[str]) -> list[str]:
    """The fields that a layer needs and does not have."""
    return [f.name for f in fields_of(cls).values() if f.required and f.name not in keys]


def _are_shapes(values: Sequence) -> bool:
    """Whether an ``expect`` lists shapes, one for each output, rather than the sizes of one."""
    return any(isinstance(one, Sequence) for one in values) and all(
        isinstance(one, Sequence) or one == "_" for one in values
    )


def _wording(value: Any) -> str | None:
    """What is written in a layer, but for its name and its sources; ``None`` where there is more
    in it than words and lists of them."""
    if type(value) is str:
        return value
    if not isinstance(value, Mapping):
        return None
    said = dict(value)
    if type(said.get("name")) is str:
        said["name"] = ...
    sources = said.get("from")
    if type(sources) is str or (isinstance(sources, Sequence) and _is_flat(sources)):
        said["from"] = "…" if type(sources) is str else [type(one) for one in sources]
    for part in said.values():
        if isinstance(part, (Mapping, Sequence)) and not _is_flat(part):
            return None
    return repr(said)


def _words(value: Any) -> Iterator[str]:
    """The words that are written in a layer, but for its name and its sources."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key not in ("name", "from"):
                yield from _words(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _words(part)


def _is_flat(value: Any) -> bool:
    return not any(isinstance(part, (Mapping, Sequence)) for part in value)


def _is_simple(layer: LayerSpec, binding: Binding) -> bool:
    return (
        binding.constant is not None
        and not binding.references
        and not binding.lists
        and binding.layer is not None
        and not binding.layer.container
        and binding.variants is None
        and not layer.broken
        and layer.repeat is None
        and layer.when is None
        and layer.trainable is None
        and layer.share is None
        and layer.expect is None
    )
