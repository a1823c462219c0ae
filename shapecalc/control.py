"""What a spec says about its own check: ``lint`` and ``budget`` of a model, ``ignore`` of a
layer. What cannot be read of it is reported where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapecalc.budget import AmountError, Limit, parse_amount
from shapecalc.diagnostics import Severity
from shapecalc.selection import Selection, UnknownCodeError, read_code
from shapecalc.spec.model import LayerSpec, ModelSpec
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Extent, Sequence
from shapecalc.spec.source import Mapping as YamlMapping
from shapecalc.suppressions import Code, Suppression


class Control:
    """The wishes of one model."""

    def __init__(self, model: ModelSpec) -> None:
        self.problems: list[Problem] = []
        self.selection = self._selection(model)
        self.limits = self._limits(model)
        #: The ``ignore`` of layers, by the identity of their specs.
        self.ignores: dict[int, Suppression] = {}
        if "ignore" in model.source.text:
            for layer in layers_of(model):
                if layer.ignore:
                    self.ignores[id(layer)] = self._ignore(layer)

    def hides(self, layers: Iterable[LayerSpec | None], code: str) -> bool:
        """Whether one of some layers silences a code; all that do remember it."""
        if not self.ignores:
            return False
        found = [self.ignores[id(layer)] for layer in layers if id(layer) in self.ignores]
        hiding = [one for one in found if one.hides(code)]
        return bool(hiding)

    def _selection(self, model: ModelSpec) -> Selection:
        lint = model.lint
        if not isinstance(lint, YamlMapping):
            return Selection()
        select, ignore = (
            tuple(code.prefix for code in self._codes(lint, key, f"lint.{key}"))
            for key in ("select", "ignore")
        )
        severity = {}
        for word, level in lint.get("severity", {}).items():
            extent = lint["severity"].key_extents[word]
            for code in self._code(word, extent, f"lint.severity.{word}"):
                severity[code.prefix] = Severity(level)
        # Nothing but mistakes selects what is on anyway, an empty list selects nothing.
        chosen = select if select or not lint.get("select", True) else None
        return Selection(chosen, (), ignore, severity)

    def _ignore(self, layer: LayerSpec) -> Suppression:
        key = layer.written["ignore"]
        codes = tuple(self._codes(layer.keys, key, "ignore"))
        return Suppression(0, layer.key_extent("ignore"), codes)

    def _codes(self, keys: YamlMapping, key: str, path: str) -> Iterator[Code]:
        value = keys.get(key, Sequence())
        if not isinstance(value, Sequence):
            yield from self._code(str(value), keys.value_extents[key], path)
            return
        for index, word in enumerate(value):
            yield from self._code(word, value.item_extents[index], f"{path}[{index}]")

    def _code(self, word: str, extent: Extent, path: str) -> Iterator[Code]:
        try:
            yield Code(read_code(word), extent)
        except UnknownCodeError as error:
            self.problems.append(Problem("SC002", str(error), extent, error.help, path))

    def _limits(self, model: ModelSpec) -> dict[str, Limit]:
        limits: dict[str, Limit] = {}
        budget = model.budget
        if not isinstance(budget, YamlMapping):
            return limits
        for figure, value in budget.items():
            extent = budget.entry_extent(figure)
            written = model.source.raw(budget.value_extents[figure])
            try:
                limits[figure] = Limit(parse_amount(figure, value), written, extent)
            except AmountError as error:
                problem = Problem("SC002", str(error), extent, error.help, f"budget.{figure}")
                self.problems.append(problem)
        return limits


def layers_of(model: ModelSpec) -> Iterator[LayerSpec]:
    """All layers of a model as they are written: those of its blocks and those inside others."""
    lists = [model.layers, *(block.layers for block in model.blocks.values())]
    while lists:
        for layer in lists.pop():
            yield layer
            for binding in layer.bindings.values():
                lists += binding.lists.values()
