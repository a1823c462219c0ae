"""Which type a layer is of: what is written, or what was surely meant by it."""

from __future__ import annotations

from typing import Any

from shapecalc.layers import Catalogue, catalogue
from shapecalc.layers.absent import absent
from shapecalc.layers.base import Layer
from shapecalc.spec import edits
from shapecalc.spec.expressions import describe
from shapecalc.spec.known import Known
from shapecalc.spec.model import BlockSpec, LayerSpec, ModelSpec
from shapecalc.spec.names import did_you_mean, surely_meant
from shapecalc.spec.reader import Checked, Reader
from shapecalc.spec.source import Extent, Mapping, Sequence, Source

#: Stands for the type of a layer that has none, which has been reported.
NO_TYPE = "?"
#: Other words for the key `type`.
TYPE_WORDS = ("layer", "kind", "op", "class", "class_name", "module")
WRITE_TYPE = "write a type name, or a mapping with `type`"


class TypeReader(Reader):
    """Reads the types of the layers of one model."""

    def __init__(self, source: Source, model: ModelSpec, types: Catalogue, known: Known) -> None:
        super().__init__(source, model.problems)
        self.model = model
        self.catalogue = types
        self.known = known

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
