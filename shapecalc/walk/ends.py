"""The ends of a model: its inputs and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.graph import Node, Port
from shapecalc.layers.base import Shape, Tensor
from shapecalc.spec.expressions import UNKNOWN, ExpressionError, UnknownValueError, describe
from shapecalc.spec.model import InputSpec
from shapecalc.spec.names import did_you_mean
from shapecalc.spec.values import Template, whole
from shapecalc.walk.scope import Result, Scope, UnresolvedError
from shapecalc.walk.state import State, WalkResult, unknown_port


class Ends:
    """Makes the inputs of a walk and finds its outputs."""

    def __init__(self, state: State, earlier: Mapping[str, WalkResult]) -> None:
        self.state = state
        self.findings = state.findings
        #: The models of the file that were walked before this one.
        self.earlier = earlier

    def input(self, given: InputSpec) -> Result:
        """An input of the model as a node without a layer."""
        tensor = Tensor(None, given.dtype)
        override = self.state.overrides.inputs.get(given.name)
        if override is not None:
            tensor = Tensor(override, given.dtype)
        elif given.model is not None:
            tensor = self.model_output(given)
        elif given.shape is not None:
            tensor = Tensor(self.sizes(given), given.dtype)
        node = Node(
            -1 - len(self.state.graph.inputs), given.name, "input", None, (), None, (tensor,)
        )
        self.state.graph.inputs[given.name] = node
        if tensor.shape is None:
            self.state.uncertain.add(node.number)
        return Result((Port(node, 0, tensor),), f"`{given.name}`")

    def sizes(self, given: InputSpec) -> Shape | None:
        """The shape of an input."""
        sizes: list[int | None] = []
        for template in given.shape or ():
            size: Any = UNKNOWN
            try:
                size = whole(template.evaluate(self.state.vars))
            except UnknownValueError:
                self.symbolic(given, template)
            except ExpressionError as error:
                self.findings.report("SC004", str(error), given.extent, error.help, given.name)
            if size is not UNKNOWN and (
                isinstance(size, bool) or not isinstance(size, int) or size < 1
            ):
                message = f"a size is a whole number above 0, not {describe(size)}"
                self.findings.report("SC106", message, given.extent, None, given.name)
                size = UNKNOWN
            sizes.append(None if size is UNKNOWN else size)
        return tuple(sizes)

    def symbolic(self, given: InputSpec, template: Template) -> None:
        """Say that a size of ``dims`` needs a number."""
        dims = [name for name in self.state.spec.dims if name in template.names]
        if dims:
            message = f"`{given.name}` has the symbolic size {dims[0]}: numbers are needed"
            help = "give its shape on the command line: --input 3x224x224"
            self.findings.report("SC002", message, given.extent, help, given.name)

    def model_output(self, given: InputSpec) -> Tensor:
        """The single output of an earlier model."""
        name = given.model or ""
        model = self.earlier.get(name)
        if model is None:
            nearest = did_you_mean(name, self.earlier)
            known = f"earlier models: {', '.join(self.earlier)}" if self.earlier else None
            help = f"did you mean `{nearest}`?" if nearest else known
            message = f"`{given.name}` names no earlier model of this file: {name!r}"
            self.findings.report(
                "SC006", message, given.extent, help or "write a shape", given.name
            )
            return Tensor(None, given.dtype)
        outputs = list(model.graph.outputs.values())
        if len(outputs) > 1:
            message = f"the model {name!r} has {len(outputs)} outputs, an input takes one"
            self.findings.report("SC006", message, given.extent, None, given.name)
        return outputs[0].tensor if len(outputs) == 1 else Tensor(None, given.dtype)

    def outputs(self, scope: Scope, last: Result | None) -> None:
        """Find the outputs of the model and compare them with its ``expect``."""
        spec = self.state.spec
        for name, reference in spec.outputs.items():
            try:
                port = scope.find(reference.name).single(reference.name)
            except UnresolvedError as error:
                said, help = self.state.unresolved(error, reference)
                message = f"output {reference.name!r}: {said}"
                self.findings.report("SC006", message, reference.extent, help, "outputs")
                port = error.likely() or unknown_port()
                self.state.outputs_failed = True
            self.state.graph.outputs[name] = port
        if not spec.outputs and last is not None:
            ports = last.ports if last.multiple else last.ports[:1]
            for port in ports:
                key = port.node.name or port.node.path
                self.state.graph.outputs[f"{key}.{port.number}" if last.multiple else key] = port
