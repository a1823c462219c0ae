"""Expressions computed where they stand, and layers built from what they come to."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, cast

from shapecalc.graph import Port
from shapecalc.layers.base import Layer
from shapecalc.spec import edits
from shapecalc.spec.expressions import (
    RECEIVED,
    UNKNOWN,
    ExpressionError,
    UnknownValueError,
    describe,
    unknown_name,
)
from shapecalc.spec.fields import check_arguments
from shapecalc.spec.model import Binding, LayerSpec
from shapecalc.spec.names import did_you_mean
from shapecalc.spec.source import Extent
from shapecalc.spec.values import Template, Word, whole
from shapecalc.walk.scope import Scope, received_names
from shapecalc.walk.state import State

#: How many misspelt names an expression is tried to be read past.
MAX_TYPOS = 3


class Values:
    """Computes the values of one walk."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.findings = state.findings
        self.layers = state.memory.known.built

    def values(
        self,
        templates: Mapping[str, Template],
        names: Mapping[str, Any],
        extents: Mapping[str, Extent],
        path: str,
    ) -> dict[str, Any]:
        """Named values, each of which may use those before it."""
        found = dict(names)
        self.state.spend(len(names) // 16)
        for name, template in templates.items():
            self.state.spend(template.effort)
            if path == "vars" and name in self.state.overrides.vars:
                found[name] = self.state.overrides.vars[name]
                continue
            try:
                value = whole(template.evaluate(found))
            except UnknownValueError:
                value = UNKNOWN
            except ExpressionError as error:
                extent, about = extents[name], f"`{name}`: "
                value = self.failed(template, found, error, about, extent, f"{path}.{name}")
            found[name] = _placed(value, extents[name], found)
        return found

    def failed(
        self,
        template: Template,
        names: Mapping[str, Any],
        error: ExpressionError,
        about: str,
        extent: Extent,
        path: str,
        layer: str | None = None,
    ) -> Any:
        """Report an expression that cannot be computed; what it is with the names as meant."""
        self.state.spend(len(names) // 16)
        word = error.culprit
        if isinstance(word, Word):
            meant = self.misplaced(word, f"{about}{error}", path, layer)
            names = {name: meant if value is word else value for name, value in names.items()}
            with suppress(ExpressionError):
                return _as_meant(template, names, None)
            return UNKNOWN
        fix = edits.of_expression(self.state.spec.source, extent, error)
        self.findings.report("SC004", f"{about}{error}", extent, error.help, path, layer, fix=fix)
        if not error.unknown:
            return UNKNOWN
        try:
            return _as_meant(template, names, error.unknown)
        except ExpressionError as other:
            # Beside the name that is wrong, one stands for a word.
            return self.misplaced(other.culprit, f"{about}{other}", path, layer)

    def misplaced(self, word: Word, message: str, path: str, layer: str | None) -> Any:
        """Report a word where a number is needed, at the place where it was given.

        Returns the value whose name was probably meant.
        """
        nearest = did_you_mean(word, word.known)
        if not self.findings.is_known("SC004", word.extent):
            help = (
                f"did you mean `{nearest}`?"
                if nearest
                else f"no value is called `{word}`: write what is needed, or add it to `vars`"
            )
            self.findings.report("SC004", message, word.extent, help, path, layer)
        return word.known[nearest] if nearest else UNKNOWN

    def argument(
        self,
        template: Template,
        names: Mapping[str, Any],
        layer: LayerSpec,
        key: str,
        path: str,
    ) -> Any:
        """What a layer gives for a parameter of its block."""
        value = self.value(template, names, layer, key, path)
        return _placed(value, layer.key_extent(key), names)

    def value(
        self,
        template: Template,
        names: Mapping[str, Any],
        layer: LayerSpec,
        key: str,
        path: str,
    ) -> Any:
        """A computed value; ``UNKNOWN`` where it cannot be had, which is reported."""
        self.state.spend(template.effort)
        if template.constant:
            return template.run({})
        try:
            return whole(template.evaluate(names))
        except UnknownValueError:
            # A name that is not there is wrong whatever the others are.
            unknown = next((name for name in template.names if name not in names), None)
            if unknown is None:
                return UNKNOWN
            failure = unknown_name(unknown, names)
        except ExpressionError as error:
            # With its traceback, or that of its cause, it would keep the names: a cycle that the
            # garbage collector finds late, and there may be many of them.
            failure = error.with_traceback(None)
            failure.__context__ = None
        extent, about = layer.key_extent(key), f"{layer.label()}: {key}: "
        return self.failed(template, names, failure, about, extent, f"{path}.{key}", layer.name)

    def names(
        self, scope: Scope, inputs: tuple[Port, ...] | None, is_source: bool = False
    ) -> dict[str, Any]:
        """What expressions of a layer may use; what it receives is unknown without inputs."""
        if is_source:
            return scope.names
        self.state.spend(len(scope.names) // 16)
        if not inputs:
            return {**scope.names, **dict.fromkeys(RECEIVED, UNKNOWN)}
        return {**scope.names, **received_names(inputs[0].tensor, self.state.channels_last)}

    def holds(self, layer: LayerSpec, names: Mapping[str, Any], path: str) -> bool | None:
        """Whether a ``when`` is true; ``None`` where that is not known."""
        assert layer.when is not None
        value = self.value(layer.when, names, layer, "when", path)
        if value is UNKNOWN:
            return None
        if isinstance(value, bool):
            return value
        message = f"{layer.label()}: `when` must be true or false, not {describe(value)}"
        self.refused(layer, layer.when, "when", value, message, "compare it: x != 0", path)
        return None

    def refused(
        self,
        layer: LayerSpec,
        template: Template,
        key: str,
        value: Any,
        message: str,
        help: str | None,
        path: str,
    ) -> None:
        """Report a value of the wrong type: a word where it was given, else where it is used."""
        where = f"{path}.{key}"
        if isinstance(value, Word):
            self.misplaced(value, message, where, layer.name)
            return
        code = "SC002" if template.constant else "SC004"
        extent = layer.key_extent(key)
        if not self.findings.repeats(code, layer, key, value):
            self.findings.report(code, message, extent, help, where, layer.name)

    def binding(self, layer: LayerSpec, names: Mapping[str, Any], path: str) -> Binding | None:
        """The fields of a layer, read for its type; ``None`` where the type is not known."""
        if layer.type in layer.bindings and not layer.by_parameter:
            return layer.bindings[layer.type]
        stacks = self.state.spec.stacks
        word = names.get(layer.type, UNKNOWN)
        if stacks is not None and stacks.is_type(layer.type) and _is_no_word(word):
            # A parameter that is only called like the layer type: `dropout: 0.1`.
            word = layer.type
        if stacks is None or word is UNKNOWN:
            return None
        if not isinstance(word, str) or not stacks.is_type(word):
            nearest = did_you_mean(str(word), [*stacks.catalogue.names(), *stacks.model.blocks])
            extent = word.extent if isinstance(word, Word) else layer.type_extent
            if extent == layer.type_extent or not self.findings.is_known("SC003", extent):
                self.findings.report(
                    "SC003",
                    f"`{layer.type}` is {describe(word)}, which is no layer type",
                    extent,
                    f"did you mean `{nearest}`?" if nearest else "give it a layer type",
                    f"{path}.type",
                    layer.name,
                )
            if nearest is None:
                return None
            word = nearest
        binding = stacks.bind(layer, str(word), path)
        for problem in binding.problems:
            self.findings.report(
                problem.code, problem.message, problem.extent, problem.help, problem.path
            )
        return binding

    def build(
        self,
        layer: LayerSpec,
        binding: Binding,
        cls: type[Layer],
        path: str,
        names: Mapping[str, Any],
    ) -> Layer | None:
        """A layer with its fields computed; ``None`` where they cannot be, which is reported."""
        values = {
            name: self.value(template, names, layer, name, path)
            for name, template in binding.templates.items()
        }
        for _ in range(2):
            complete = not binding.unknown and all(v is not UNKNOWN for v in values.values())
            key = (cls, repr(values))
            if complete and key in self.layers:
                return self.layers[key]
            known = {name: _plain(v) for name, v in values.items() if v is not UNKNOWN}
            checked, wrong = check_arguments(cls, known)
            if complete and not wrong:
                built = self.layers[key] = cls(**checked, **dict.fromkeys(cls.lists, ()))
                return built
            for name, message in wrong.items():
                text = f"{layer.label(cls.type_name)}: {message}"
                values[name] = self.ill_typed(layer, name, values[name], text, path)
        return None

    def ill_typed(self, layer: LayerSpec, name: str, value: Any, message: str, path: str) -> Any:
        """Report a field that came out as another type than it takes; what was probably meant."""
        where, written = f"{path}.{name}", layer.keys[layer.written[name]]
        shown = f"{message} ({written})" if isinstance(written, str) else message
        word = next(_words(value), None)
        if word is not None:
            return self.misplaced(word, shown, where, layer.name)
        if not self.findings.repeats("SC004", layer, name, value):
            extent = layer.key_extent(name)
            help = _rounding_help(value, written)
            self.findings.report("SC004", shown, extent, help, where, layer.name)
        return UNKNOWN

    @staticmethod
    def partial(
        binding: Binding, cls: type[Layer], names: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        """The fields of a layer that could not be built: those known, and the others' names."""
        unknown = {name for name in binding.unknown if name not in cls.lists}
        values = {}
        for name, template in binding.templates.items():
            try:
                values[name] = _plain(whole(template.evaluate(names)))
            except (UnknownValueError, ExpressionError):
                unknown.add(name)
        wrong = check_arguments(cls, values)[1].keys()
        known = {name: value for name, value in values.items() if name not in wrong}
        return known, sorted(unknown | wrong)


def _as_meant(template: Template, names: Mapping[str, Any], unknown: str | None) -> Any:
    """The value of an expression with each misspelt name taken for the nearest.

    Raises :class:`ExpressionError` where it computes with a word.
    """
    # Read over the names, of which there may be many, not a copy of them.
    tried = ChainMap({}, cast("dict[str, Any]", names))
    for _ in range(MAX_TYPOS):
        if unknown is not None:
            meant = did_you_mean(unknown, names)
            tried[unknown] = UNKNOWN if meant is None else names[meant]
        try:
            return whole(template.evaluate(tried))
        except UnknownValueError:
            break
        except ExpressionError as error:
            if isinstance(error.culprit, Word):
                raise
            if error.unknown is None:
                break
            unknown = error.unknown
    return UNKNOWN


def _rounding_help(value: Any, written: Any) -> str | None:
    """How to make an integer of a fraction."""
    if not isinstance(value, float) or not isinstance(written, str):
        return None
    down, up = math.floor(value), math.ceil(value)
    return f"round it: floor({written}) is {down}, ceil({written}) is {up}"


def _words(value: Any) -> Iterator[Word]:
    """The words in a value or a list of values."""
    if isinstance(value, Word):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _words(part)


def _placed(value: Any, extent: Extent, known: Mapping[str, Any]) -> Any:
    """A word with the place where it was given."""
    return Word(value, extent, known) if type(value) is str else value


def _is_no_word(value: Any) -> bool:
    return value is not UNKNOWN and not isinstance(value, str)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Word) else value
