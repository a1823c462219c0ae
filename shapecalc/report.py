"""The result of a check, and its JSON form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.graph import Graph, Node, count_params
from shapecalc.layers.base import Shape
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.source import Source

if TYPE_CHECKING:
    from shapecalc.costs.figures import Costs
    from shapecalc.costs.setting import Setting
    from shapecalc.receptive import Field, Fields

#: The version of the JSON contract.
VERSION = 1
#: What is summed up over the layers.
FIGURES = ("params", "trainable_params", "macs", "element_ops")
#: What becomes of layers in the form of the JSON contract.
Collect = Callable[[Iterator[dict[str, Any]]], Any]


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over layers; ``complete`` is false where some of them are not known."""

    value: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One leaf layer as it ran."""

    node: Node
    params: int | None
    trainable_params: int | None
    #: Where sizes have names, the layer with numbers for them.
    samples: tuple[tuple[Mapping[str, int], LayerReport], ...] = ()

    @property
    def weights(self) -> dict[str, Shape]:
        """Its weights by name, shared ones included."""
        inference = self.node.inference
        return inference.weights if inference else {}

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one sample."""
        inference = self.node.inference
        return self._followed("macs", inference.macs) if inference else None

    @property
    def element_ops(self) -> int | None:
        """Element operations for one sample: what is computed and is no multiply-accumulate."""
        inference = self.node.inference
        if inference is None:
            return None
        ops = inference.layer.element_ops(inference.call, inference.outputs)
        return self._followed("element_ops", ops)

    @property
    def output_bytes(self) -> int | None:
        """The bytes of what it yields, for one sample."""
        from shapecalc.costs.storage import tensor_bytes

        sizes = [tensor_bytes(tensor) for tensor in self.node.outputs]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        return self._followed("output_bytes", total)

    @property
    def exact(self) -> bool | None:
        """Whether no size had to be rounded; ``None`` where that depends on named sizes."""
        if not self.samples:
            return self.node.exact
        from shapecalc.symbolic.size import is_one_number

        found = {layer.node.exact for _, layer in self.samples}
        inference = self.node.inference
        for window in (inference and inference.windows) or ():
            if window is not None and not is_one_number(window.remainder):
                return None
        return found.pop() if len(found) == 1 else None

    def _followed(self, figure: str, value: int | None) -> int | None:
        """A figure that is right at all samples of named sizes, else ``None``."""
        if not self.samples:
            return value
        from shapecalc.reasoning.dims import follows

        right = all(
            follows(value, getattr(layer, figure), values) for values, layer in self.samples
        )
        return value if right else None

    def figures(self) -> dict[str, Any]:
        """What the JSON contract says of a layer and its inputs, wherever it stands."""
        node = self.node
        return {
            "input_shapes": [shape_to_json(port.tensor.shape) for port in node.inputs],
            "output_shapes": [shape_to_json(tensor.shape) for tensor in node.outputs],
            "output_dtypes": [tensor.dtype for tensor in node.outputs],
            "weights": {name: shape_to_json(shape) for name, shape in self.weights.items()},
            "macs": plain(self.macs),
            "element_ops": plain(self.element_ops),
            "output_bytes": plain(self.output_bytes),
            "exact": self.exact,
        }

    def to_dict(
        self, source: Source, figures: dict[str, Any], seen: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The layer in the form of the JSON contract: with its :meth:`figures`, and its receptive
        fields (``seen``)."""
        node, owner = self.node, self.node.owner
        line, column = source.position(node.spec.extent[0]) if node.spec else (1, 1)
        return {
            "path": node.path,
            "name": node.name,
            "type": node.type,
            "line": line,
            "column": column,
            "params": plain(self.params),
            "trainable_params": plain(self.trainable_params),
            **figures,
            "receptive_fields": seen,
            "shares": (owner.name or owner.path) if owner else None,
        }


def plain(value: int | None) -> int | str | None:
    """A figure as JSON has it: one that has named sizes is its expression."""
    return value if value is None or type(value) is int else str(value)


def shape_to_json(shape: Shape | None) -> list[int | str | None] | None:
    """A shape as a list; ``None`` where a size of it could not be determined."""
    return None if shape is None or None in shape else [plain(size) for size in shape]


def field_to_json(field: Field) -> dict[str, Any]:
    """A receptive field; axes are counted from 1, as in the spec language."""
    return {
        "input": field.input,
        "axes": [axis + 1 for axis in field.axes],
        "field": list(field.size),
        "jump": [_number(jump) for jump in field.jump],
        "start": list(field.start),
        "centre": [_number(centre) for centre in field.centre],
    }


def _number(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


class ModelReport:
    """One model: its layers, totals and diagnostics."""

    def __init__(
        self,
        file: str,
        spec: ModelSpec,
        graph: Graph,
        diagnostics: tuple[Diagnostic, ...],
        hidden_diagnostics: int = 0,
        skipped_expects: int = 0,
        setting: Setting | None = None,
    ) -> None:
        self.file = file
        self.spec = spec
        self.graph = graph
        self.diagnostics = diagnostics
        #: How many diagnostics were left out because there are too many.
        self.hidden_diagnostics = hidden_diagnostics
        #: How many numeric ``expect`` were skipped because of overrides.
        self.skipped_expects = skipped_expects
        #: What its costs are counted for; ``None``: nothing in particular was asked.
        self.setting = setting
        self._layers: list[LayerReport] | None = None
        #: By figure, the sums up to each layer: of what is known, and of how many are not.
        self._sums: dict[str, tuple[list[int], list[int]]] = {}

    def without_layers(self) -> ModelReport:
        """What was found alone; its figures are those of a model without layers."""
        found = (self.diagnostics, self.hidden_diagnostics, self.skipped_expects, self.setting)
        return ModelReport(self.file, self.spec, Graph(self.spec), *found)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.spec.name

    @property
    def ok(self) -> bool:
        """Whether nothing of severity error was found."""
        return all(found.severity is not Severity.ERROR for found in self.diagnostics)

    @property
    def layers(self) -> list[LayerReport]:
        """The leaf layers in the order they ran."""
        if self._layers is None:
            self._layers = list(self._report_layers())
        return self._layers

    def _report_layers(self) -> Iterator[LayerReport]:
        domain = self.graph.domain
        if domain is None:
            yield from (LayerReport(node, *count_params(node)) for node in self.graph.nodes)
            return
        samples = [
            (sample.values, {node.path: node for node in sample.graph.nodes})
            for sample in domain.followed
        ]
        for node in self.graph.nodes:
            twins = [(values, nodes[node.path]) for values, nodes in samples if node.path in nodes]
            yield LayerReport(
                node,
                *count_params(node),
                tuple((values, LayerReport(twin, *count_params(twin))) for values, twin in twins),
            )

    def total(self, figure: str) -> Total:
        """The sum of ``params``, ``trainable_params`` or ``macs`` over all layers."""
        return self.subtotal(figure, 0, len(self.layers))

    def subtotal(self, figure: str, first: int, last: int) -> Total:
        """The same over the layers from ``first`` up to, not including, ``last``."""
        if figure not in self._sums:
            values = [getattr(layer, figure) for layer in self.layers]
            if self.graph.domain is not None:
                values = _summable(values)
            known = accumulate((value or 0 for value in values), initial=0)
            missing = accumulate((value is None for value in values), initial=0)
            self._sums[figure] = (list(known), list(missing))
        known_sums, missing_sums = self._sums[figure]
        complete = missing_sums[last] == missing_sums[first]
        return Total(known_sums[last] - known_sums[first], complete)

    @property
    def fields(self) -> Fields:
        """The receptive fields of its layers."""
        from shapecalc.receptive import fields

        domain = self.graph.domain
        if domain is None:
            return fields(self.graph)
        first, *others = [fields(sample.graph) for sample in domain.followed[:2]]
        return first.agreeing(*others)

    @property
    def costs(self) -> Costs:
        """Memory, and bounds of its time, in its setting (by default inference of one sample).

        Raises ``ValueError`` where sizes have names: bytes and seconds need numbers.
        """
        if self.graph.domain is not None:
            raise ValueError(f"{self.name} has sizes with names: give numbers for its `dims`")
        from shapecalc.costs.figures import Costs
        from shapecalc.costs.setting import Setting

        return Costs(self.graph, self.setting or Setting())

    @property
    def outputs(self) -> dict[str, Shape | None]:
        """The outputs by name (or path)."""
        return {name: port.tensor.shape for name, port in self.graph.outputs.items()}

    def heading(self) -> dict[str, Any]:
        """What the JSON contract says of the model as a whole."""
        figures = {name: self.total(name) for name in FIGURES}
        return {
            "file": self.file,
            "name": self.name,
            "ok": self.ok,
            "framework": self.spec.framework,
            "totals": {
                **{name: plain(total.value) for name, total in figures.items()},
                "flops": plain(2 * figures["macs"].value),
                "layers": len(self.layers),
                "complete": all(total.complete for total in figures.values()),
            },
            "outputs": {name: shape_to_json(shape) for name, shape in self.outputs.items()},
        }

    def _layer_dicts(self) -> Iterator[dict[str, Any]]:
        """The layers in the form of the JSON contract; what is the same for many is made once."""
        fields, source = self.fields, self.spec.source
        by_inference: dict[int, dict[str, Any]] = {}
        last: list[Field] | None = None
        for layer in self.layers:
            inference, found = layer.node.inference, fields.of(layer.node)
            if inference is None or id(inference) not in by_inference:
                by_inference[id(inference)] = layer.figures()
            # Layers that see what they read stand behind one another.
            if found is not last:
                last, of_field = found, [field_to_json(field) for field in found]
            yield layer.to_dict(source, by_inference[id(inference)], of_field)

    def _of_sizes(self) -> dict[str, Any]:
        """What depends on whether all sizes are numbers: costs in bytes and seconds, or else which
        values of the named ones fit."""
        domain = self.graph.domain
        if domain is None:
            return {"costs": self.costs.to_dict()}
        return {"costs": None, "dims": domain.to_dict(self.spec.source)}

    def to_dict(self, collect: Collect = list) -> dict[str, Any]:
        """The model in the form of the JSON contract; ``collect``: what becomes of the layers."""
        return {
            **self.heading(),
            **self._of_sizes(),
            "layers": collect(self._layer_dicts()),
            "diagnostics": [found.to_dict() for found in self.diagnostics],
            "hidden_diagnostics": self.hidden_diagnostics,
            "skipped_expects": self.skipped_expects,
        }


def _summable(values: list[int | None]) -> list[int | None]:
    """Figures that add up to an expression; none of them is known where that is too long."""
    named = any(value is not None and type(value) is not int for value in values)
    total = sum(value or 0 for value in values)
    return [None] * len(values) if named and type(total) is int else values


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: its models, and what is wrong outside of any of them."""

    source: Source
    models: tuple[ModelReport, ...]
    own_diagnostics: tuple[Diagnostic, ...]

    def without_layers(self) -> FileReport:
        """What was found alone, which is far less to keep and to send."""
        models = tuple(model.without_layers() for model in self.models)
        return FileReport(self.source, models, self.own_diagnostics)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found in the file, from its first line to its last."""
        inner = (found for model in self.models for found in model.diagnostics)
        found = (*self.own_diagnostics, *inner)
        return tuple(sorted(found, key=lambda one: (one.line, one.column)))


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run over one or more files."""

    files: tuple[FileReport, ...]

    @property
    def models(self) -> list[ModelReport]:
        """All models, file by file."""
        return [model for file in self.files for model in file.models]

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Everything found, file by file."""
        return [found for file in self.files for found in file.diagnostics]

    @property
    def ok(self) -> bool:
        """Whether nothing of severity error was found."""
        return all(found.severity is not Severity.ERROR for found in self.diagnostics)

    def of_severity(self, severity: Severity) -> Iterator[Diagnostic]:
        """The findings of one severity."""
        return (found for found in self.diagnostics if found.severity is severity)

    def to_dict(self, collect: Collect = list) -> dict[str, Any]:
        """The report in the form of the JSON contract.

        ``collect``: what becomes of the layers of a model; ``iter`` for those who write them out
        one by one, and need not have them all at once.
        """
        return {
            "version": VERSION,
            "ok": self.ok,
            "models": [model.to_dict(collect) for model in self.models],
            "diagnostics": [
                found.to_dict() for file in self.files for found in file.own_diagnostics
            ],
        }
