"""The result of a check, and its JSON form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

    @property
    def weights(self) -> dict[str, Shape]:
        """Its weights by name, shared ones included."""
        inference = self.node.inference
        return inference.weights if inference else {}

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one sample."""
        inference = self.node.inference
        return inference.macs if inference else None

    @property
    def element_ops(self) -> int | None:
        """Element operations for one sample: what is computed and is no multiply-accumulate."""
        inference = self.node.inference
        return inference.layer.element_ops(inference.call, inference.outputs) if inference else None

    @property
    def output_bytes(self) -> int | None:
        """The bytes of what it yields, for one sample."""
        from shapecalc.costs.storage import tensor_bytes

        sizes = [tensor_bytes(tensor) for tensor in self.node.outputs]
        return None if None in sizes else sum(size or 0 for size in sizes)

    def figures(self) -> dict[str, Any]:
        """What the JSON contract says of a layer and its inputs, wherever it stands."""
        node = self.node
        return {
            "input_shapes": [shape_to_json(port.tensor.shape) for port in node.inputs],
            "output_shapes": [shape_to_json(tensor.shape) for tensor in node.outputs],
            "output_dtypes": [tensor.dtype for tensor in node.outputs],
            "weights": {name: shape_to_json(shape) for name, shape in self.weights.items()},
            "macs": self.macs,
            "element_ops": self.element_ops,
            "output_bytes": self.output_bytes,
            "exact": node.exact,
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
            "params": self.params,
            "trainable_params": self.trainable_params,
            **figures,
            "receptive_fields": seen,
            "shares": (owner.name or owner.path) if owner else None,
        }


def shape_to_json(shape: Shape | None) -> list[int | None] | None:
    """A shape as a list; ``None`` where a size of it could not be determined."""
    return None if shape is None or None in shape else list(shape)


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
            self._layers = [LayerReport(node, *count_params(node)) for node in self.graph.nodes]
        return self._layers

    def total(self, figure: str) -> Total:
        """The sum of ``params``, ``trainable_params`` or ``macs`` over all layers."""
        return self.subtotal(figure, 0, len(self.layers))

    def subtotal(self, figure: str, first: int, last: int) -> Total:
        """The same over the layers from ``first`` up to, not including, ``last``."""
        if figure not in self._sums:
            values = [getattr(layer, figure) for layer in self.layers]
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

        return fields(self.graph)

    @property
    def costs(self) -> Costs:
        """Memory, and bounds of its time, in its setting (by default inference of one sample)."""
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
                **{name: total.value for name, total in figures.items()},
                "flops": 2 * figures["macs"].value,
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

    def to_dict(self, collect: Collect = list) -> dict[str, Any]:
        """The model in the form of the JSON contract; ``collect``: what becomes of the layers."""
        return {
            **self.heading(),
            "costs": self.costs.to_dict(),
            "layers": collect(self._layer_dicts()),
            "diagnostics": [found.to_dict() for found in self.diagnostics],
            "hidden_diagnostics": self.hidden_diagnostics,
            "skipped_expects": self.skipped_expects,
        }


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
