"""A layer's own fields, read for its type: the values, references and lists that are its binding.

What is wrong with them is kept in the binding: a type that a parameter stands for is known only
where it is used, and may be another one at the next use.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapecalc.diagnostics import Fix
from shapecalc.layers.base import Layer
from shapecalc.spec.expressions import RECEIVED, ExpressionError, describe
from shapecalc.spec.fields import FieldInfo, check_arguments, fields_of
from shapecalc.spec.keys import LAYER, unknown_key
from shapecalc.spec.model import Binding, BlockSpec, LayerSpec
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Extent, Mapping, Sequence
from shapecalc.spec.types import TypeReader
from shapecalc.spec.values import UNKNOWN_VALUE, compile_value, constant

#: The keys that any layer may have.
COMMON = LAYER.keys


class Binder(TypeReader):
    """Reads the own fields of the layers of one model."""

    def layers(
        self, values: Sequence, path: str, block: BlockSpec | None = None
    ) -> list[LayerSpec]:
        """A list of layers inside a layer."""
        raise NotImplementedError

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


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
