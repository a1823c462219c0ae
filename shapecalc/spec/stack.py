"""Lists of layers: the keys of each layer, and its own fields read for its type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from shapecalc.diagnostics import Fix
from shapecalc.layers import Catalogue, catalogue
from shapecalc.layers.absent import absent
from shapecalc.layers.base import Layer
from shapecalc.limits import MAX_FAULTS
from shapecalc.spec import edits
from shapecalc.spec.expressions import RECEIVED, ExpressionError, describe
from shapecalc.spec.fields import FieldInfo, check_arguments, fields_of
from shapecalc.spec.keys import LAYER, check_keys, unknown_key
from shapecalc.spec.known import Entry, Known
from shapecalc.spec.model import Assertion, Binding, BlockSpec, LayerSpec, ModelSpec, Reference
from shapecalc.spec.names import did_you_mean, surely_meant
from shapecalc.spec.problems import Problem
from shapecalc.spec.reader import RESERVED, Checked, Reader, is_comma_rest
from shapecalc.spec.source import Extent, Mapping, Sequence, Source
from shapecalc.spec.values import UNKNOWN_VALUE, Template, compile_value, constant

COMMON = LAYER.keys

#: Stands for the type of a layer that has none, which has been reported.
NO_TYPE = "?"
#: Other words for the key `type`.
TYPE_WORDS = ("layer", "kind", "op", "class", "class_name", "module")
WRITE_TYPE = "write a type name, or a mapping with `type`"


class StackBuilder(Reader):
    """Builds the lists of layers of one model."""

    def __init__(self, source: Source, model: ModelSpec, types: Catalogue, known: Known) -> None:
        super().__init__(source, model.problems)
        self.model = model
        self.catalogue = types
        self.known = known
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

    # --- types ----------------------------------------------------------------------------------

    def _is_parameter(self, word: str, block: BlockSpec | None) -> bool:
        """Whether a type is named by a parameter or a value: one that is called like a layer type
        goes first, unless it is known to be no word (``dropout: 0.1``)."""
        known = (block.vars, block.params, self.model.vars) if block else (self.model.vars,)
        found = next((values for values in known if word in values), None)
        if found is None:
            return False
        value = found[word]
        return not (self.is_type(word) and value and value.constant)

    def is_type(self, name: str) -> bool:
        """Whether a word names a layer type, a type without its rank, or a block."""
        return (
            name in self.model.blocks
            or self.catalogue.find(name) is not None
            or self.catalogue.find_ranks(name) is not None
        )

    def _class(self, name: str) -> type[Layer]:
        found = self.catalogue.find(name)
        return found or next(iter((self.catalogue.find_ranks(name) or {}).values()))

    def _unknown_type(self, layer: LayerSpec, path: str, block: BlockSpec | None) -> None:
        words = (*self.model.vars, *(block.params if block else ()))
        known = [*self.catalogue.names(), *self.model.blocks, *words]
        nearest = did_you_mean(layer.type, known)
        help = f"did you mean `{nearest}`?" if nearest else "`shapecalc layers` lists all types"
        meant = surely_meant(layer.type, known)
        elsewhere = self._why_absent(layer.type)
        if elsewhere:
            help, nearest, meant = elsewhere, None, None
        self.report(
            "SC003",
            f"unknown layer type {layer.type!r}",
            layer.type_extent,
            help,
            f"{path}.type",
            layer.name,
            edits.replace_word(self.source, layer.type_extent, meant) if meant else None,
        )
        layer.broken = True
        layer.type = nearest or self._container_of(layer.keys) or layer.type

    def _container_of(self, keys: Mapping) -> str | None:
        """The container that a mapping with such lists of layers must be."""
        if not keys:
            return None
        known = (cls for cls in self.catalogue.types.values() if cls.container)
        return next((cls.type_name for cls in known if next(iter(cls.lists)) in keys), None)

    def _why_absent(self, word: str) -> str | None:
        """The way out for a type that only the other framework has, or that no spec can have."""
        other = catalogue("keras" if self.model.framework == "pytorch" else "pytorch")
        theirs = other.find(word)
        if theirs or other.find_ranks(word):
            here = "torch." if self.model.framework == "pytorch" else "keras."
            names = theirs.reference.split(", ") if theirs else []
            same = next((name for name in names if name.startswith(here)), None)
            hint = f"; the same is {same}" if same else ""
            return f"only `framework: {other.framework}` has it{hint}"
        return absent(self.model.framework, word) or absent(other.framework, word)

    def _typed(self, value: Any, extent: Extent, path: str) -> LayerSpec:
        """A layer with its type and keys, as they were meant where that is plain."""
        if isinstance(value, str):
            return LayerSpec(value, extent, extent, Mapping())
        if isinstance(value, Mapping):
            if isinstance(value.get("type"), str):
                return LayerSpec(value["type"], extent, value.value_extents["type"], value)
            if "type" not in value:
                return self._without_type(value, extent, path)
            message = f"`type` must be a word, not {describe(value['type'])}"
            self.report("SC002", message, value.entry_extent("type"), WRITE_TYPE, path)
            return LayerSpec(NO_TYPE, extent, extent, value, broken=True)
        message = f"a layer is a type name or a mapping with `type`, this is {describe(value)}"
        self.report("SC002", message, extent, WRITE_TYPE, path)
        return LayerSpec(NO_TYPE, extent, extent, Mapping(), broken=True)

    def _without_type(self, value: Mapping, extent: Extent, path: str) -> LayerSpec:
        """``conv2d: {...}``, ``tpye: conv2d``, or no word for the type at all."""
        first = next(iter(value), None)
        if first is not None and self.is_type(first) and self._nests(value[first]):
            return self._nested_form(value, first, extent, path)
        found = next((key for key in value if self._stands_for_type(key, value[key])), None)
        message, help = "the layer has no `type`", WRITE_TYPE
        place = (extent[0], extent[0] + 1) if first is None else value.key_extents[first]
        container = self._container_of(value)
        layer = LayerSpec(container or NO_TYPE, extent, place, value, broken=True)
        if container is not None:
            help = f"write type: {container} beside `{next(iter(self._class(container).lists))}`"
        if found is not None:
            help = f"write type: {value[found]} instead of {found}: {value[found]}"
            place = value.key_extents[found]
            keys = Checked(value.extent)
            for key in value:
                keys.add("type" if key == found else key, value, key)
            layer = LayerSpec(value[found], extent, value.value_extents[found], keys)
        self.report("SC002", message, place, help, path)
        return layer

    @staticmethod
    def _nests(inner: Any) -> bool:
        return inner is None or isinstance(inner, (Mapping, Sequence))

    @staticmethod
    def _stands_for_type(key: str, word: Any) -> bool:
        """Whether a key is a misspelt ``type``, or another word for it."""
        if not isinstance(word, str) or key == "dtype":
            return False
        return key in TYPE_WORDS or did_you_mean(key, ["type"]) is not None

    def _nested_form(self, value: Mapping, first: str, extent: Extent, path: str) -> LayerSpec:
        """``conv2d: {out_channels: 8}``, read as ``{type: conv2d, out_channels: 8}``."""
        inner, keys = value[first], Checked(value.extent)
        keys["type"] = first
        keys.key_extents["type"] = keys.value_extents["type"] = value.key_extents[first]
        cls = None if first in self.model.blocks else self._class(first)
        if isinstance(inner, Mapping):
            for key in inner:
                keys.add(key, inner, key)
        elif isinstance(inner, Sequence) and cls is not None and cls.lists:
            keys.add(next(iter(cls.lists)), value, first)
        for key in value:
            if key != first and key not in keys:
                keys.add(key, value, key)
        fields = "".join(f", {key}: …" for key in keys if key != "type")
        help = f"write {{type: {first}{fields}}}"
        self.report("SC002", "the layer has no `type`", value.key_extents[first], help, path)
        return LayerSpec(first, extent, value.key_extents[first], keys)

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

    # --- a layer's own fields -------------------------------------------------------------------

    def bind(
        self, layer: LayerSpec, type_name: str, path: str, block: BlockSpec | None = None
    ) -> Binding:
        """Read a layer's own fields for a type; what is wrong with them is in the binding."""
        if type_name not in layer.bindings:
            if type_name in self.model.blocks:
                binding = self._bind_block(layer, self.model.blocks[type_name], path)
            else:
                binding = self._bind_layer(layer, self._class(type_name), path, block)
                if self.catalogue.find(type_name) is None:
                    binding.variants = self.catalogue.find_ranks(type_name)
            layer.bindings[type_name] = binding
        return layer.bindings[type_name]

    def _bind_layer(
        self, layer: LayerSpec, cls: type[Layer], path: str, block: BlockSpec | None
    ) -> Binding:
        binding = Binding(layer=cls)
        fields = fields_of(cls)
        for name, key in layer.written.items():
            where, value = f"{path}.{key}", layer.keys[key]
            if name in COMMON:
                continue
            if name not in fields:
                self._unfit_key(binding, layer, key, cls, where)
            elif name in cls.lists:
                self._bind_list(binding, layer, name, cls, where, block)
            elif fields[name].reference:
                self._bind_reference(binding, layer, name, value, where)
            else:
                self._bind_value(binding, layer, name, value, fields[name], where)
        missing = [f for f in fields.values() if f.required and f.name not in layer.written]
        for info in missing:
            binding.unknown.add(info.name)
            binding.broken = binding.broken or info.name in cls.lists
        if missing and not layer.stray:
            # One mistake, most often: a name and its documentation would be said twice.
            message = f"{layer.label(cls.type_name)} needs {_listed(f.name for f in missing)}"
            help = "; ".join(f"{info.name}: {info.doc}" for info in missing)
            self._fault(binding, layer, "SC002", message, layer.type_extent, help, path)
        self._check_constants(binding, cls, layer, path)
        return binding

    @staticmethod
    def _fault(
        binding: Binding,
        layer: LayerSpec,
        code: str,
        message: str,
        extent: Extent,
        help: str | None,
        path: str,
        fix: Fix | None = None,
    ) -> None:
        binding.problems.append(Problem(code, message, extent, help, path, layer.name, fix=fix))

    def _unfit_key(
        self, binding: Binding, layer: LayerSpec, key: str, cls: type[Layer], path: str
    ) -> None:
        """``vars`` of a container; a key that the type a parameter stands for does not have."""
        value, extent = layer.keys[key], layer.keys.entry_extent(key)
        if key == "vars" and cls.container:
            if isinstance(value, Mapping):
                binding.vars = self.vars(value, path)
            else:
                message = f"`vars` must be a mapping, not {describe(value)}"
                self._fault(binding, layer, "SC002", message, extent, None, path)
                binding.broken = True
            return
        # By a parameter the type may be another one at the next use: nothing to correct for sure.
        fault = unknown_key(key, fields_of(cls), layer.label(cls.type_name))
        self._fault(binding, layer, "SC002", fault.message, extent, fault.help, path)

    def _bind_reference(
        self, binding: Binding, layer: LayerSpec, name: str, value: Any, path: str
    ) -> None:
        if isinstance(value, str):
            binding.references.append(name)
            binding.templates[name] = constant(value)
        else:
            message = f"`{name}` must be the name of a layer, not {describe(value)}"
            self._fault(binding, layer, "SC002", message, layer.key_extent(name), None, path)
            binding.unknown.add(name)

    def _bind_value(
        self,
        binding: Binding,
        layer: LayerSpec,
        name: str,
        value: Any,
        info: FieldInfo,
        path: str,
    ) -> None:
        extent = layer.key_extent(name)
        if isinstance(value, str) and value in info.choices and value in self.model.vars:
            message = f"{value!r} is a choice of {name}, `vars` may not be named so"
            self._fault(binding, layer, "SC002", message, extent, "rename the value", path)
            binding.unknown.add(name)
            return
        if isinstance(value, dict):
            label = layer.label(binding.layer.type_name if binding.layer else None)
            message = f"{label}: {name} must be {info.words}, not a mapping"
            help = f"{name}: {info.doc}"
            self._fault(binding, layer, "SC002", message, extent, help, path)
            binding.unknown.add(name)
            return
        try:
            template = compile_value(value, info.choices, is_text=info.is_text)
        except ExpressionError as error:
            label = layer.label(binding.layer.type_name if binding.layer else None)
            way_out, fix = self.way_out(error, extent)
            message = f"{label}: {name}: {error}"
            self._fault(binding, layer, "SC004", message, extent, way_out, path, fix)
            binding.unknown.add(name)
            return
        binding.templates[name] = template
        binding.receives = binding.receives or not template.names.isdisjoint(RECEIVED)

    def _bind_list(
        self,
        binding: Binding,
        layer: LayerSpec,
        name: str,
        cls: type[Layer],
        path: str,
        block: BlockSpec | None,
    ) -> None:
        value = layer.keys[layer.written[name]]
        nested = cls.lists[name]
        items = value if nested and isinstance(value, Sequence) else [value]
        if not all(isinstance(item, Sequence) for item in (value, *items)):
            what = "a list of lists of layers" if nested else "a list of layers"
            message = f"`{name}` must be {what}, not {describe(value)}"
            self._fault(binding, layer, "SC002", message, layer.key_extent(name), None, path)
            binding.broken = True
        elif nested:
            for index, item in enumerate(items):
                binding.lists[f"{name}[{index}]"] = self.layers(item, f"{path}[{index}]", block)
        else:
            binding.lists[name] = self.layers(value, path, block)

    def _check_constants(
        self, binding: Binding, cls: type[Layer], layer: LayerSpec, path: str
    ) -> None:
        """Check the types of constants; build the layer where nothing else is left."""
        values = {
            name: template.evaluate({})
            for name, template in binding.templates.items()
            if template.constant
        }
        whole = len(values) == len(binding.templates) and not (binding.unknown or binding.broken)
        # They are checked once, and so are their sizes.
        key = (cls, repr(values))
        if whole and key in self.known.built:
            binding.constant = self.known.built[key]
            return
        checked, wrong = check_arguments(cls, values) if values else ({}, {})
        for name, message in wrong.items():
            binding.unknown.add(name)
            del binding.templates[name]
            binding.problems.append(
                Problem(
                    "SC002",
                    f"{layer.label(cls.type_name)}: {message}",
                    layer.key_extent(name),
                    f"{name}: {fields_of(cls)[name].doc}",
                    f"{path}.{name}",
                    layer.name,
                )
            )
        if whole and not wrong:
            binding.constant = cls(**checked, **dict.fromkeys(cls.lists, ()))
            self.known.built[key] = binding.constant

    def _bind_block(self, layer: LayerSpec, block: BlockSpec, path: str) -> Binding:
        binding = Binding(block=block)
        for name, key in layer.written.items():
            if name in COMMON:
                continue
            where, extent = f"{path}.{key}", layer.keys.entry_extent(key)
            if name not in block.params:
                fault = unknown_key(key, block.params, f"block `{block.name}`")
                fix = self.fix_of(fault, layer.keys)
                self._fault(binding, layer, "SC002", fault.message, extent, fault.help, where, fix)
                continue
            try:
                template = compile_value(layer.keys[key], words=True)
            except ExpressionError as error:
                help, fix = self.way_out(error, extent)
                message = f"{layer.label()}: {name}: {error}"
                self._fault(binding, layer, "SC004", message, extent, help, where, fix)
                binding.templates[name] = UNKNOWN_VALUE
                continue
            binding.templates[name] = template
            binding.receives = binding.receives or not template.names.isdisjoint(RECEIVED)
        missing = [
            name
            for name, default in block.params.items()
            if name not in layer.written and (default is None or layer.stray)
        ]
        for name in missing:
            binding.templates[name] = UNKNOWN_VALUE
        if missing and not layer.stray:
            message = f"block `{block.name}` needs {_listed(missing)}"
            given = "".join(f", {name}: …" for name in missing)
            help = f"write {{type: {block.name}{given}}}"
            self._fault(binding, layer, "SC002", message, layer.type_extent, help, path)
        return binding


def _missing(cls: type[Layer], keys: Collection[str]) -> list[str]:
    """The fields that a layer needs and does not have."""
    return [f.name for f in fields_of(cls).values() if f.required and f.name not in keys]


def _are_shapes(values: Sequence) -> bool:
    """Whether an ``expect`` lists shapes, one for each output, rather than the sizes of one."""
    return any(isinstance(one, Sequence) for one in values) and all(
        isinstance(one, Sequence) or one == "_" for one in values
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


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
