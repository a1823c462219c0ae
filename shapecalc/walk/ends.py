"""The ends of a model: its inputs and its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from shapecalc.graph import Node, Port
from shapecalc.layers.base import Shape, Tensor
from shapecalc.limits import MAX_DIMS
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
            self.check_override(given, override)
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
                help = error.help
                if error.unknown and not (help or "").startswith("did you mean"):
                    help = f"write a number, or give the size a name: dims: [{error.unknown}]"
                self.findings.report("SC004", str(error), given.extent, help, given.name)
            if size is not UNKNOWN and (
                isinstance(size, bool) or not isinstance(size, int) or size < 1
            ):
                message = f"a size is a whole number above 0, not {describe(size)}"
                self.findings.report("SC106", message, given.extent, None, given.name)
                size = UNKNOWN
            sizes.append(None if size is UNKNOWN else size)
        return tuple(sizes)

    def check_override(self, given: InputSpec, override: Shape) -> None:
        """Whether a shape from outside agrees with what the ``dims`` in it stand for."""
        dims = self.state.overrides.dims
        for template, size in zip(given.shape or (), override, strict=False):
            names = [name for name in template.names if name in dims]
            with suppress(UnknownValueError, ExpressionError):
                own = whole(template.evaluate(self.state.vars))
                if names and own != size:
                    values = " and ".join(f"`{name}` is {dims[name]}" for name in names)
                    message = f"`{given.name}`: the shape given has {size} where {values}"
                    help = "give a shape that has one value for each of `dims`"
                    self.findings.report("SC002", message, given.extent, help, given.name)
                    return

    def symbolic(self, given: InputSpec, template: Template) -> None:
        """Say that a size of ``dims`` needs a number."""
        given_up = self.state.overrides.dims  # a name in there is not known, which has been said
        names = [name for name in self.state.spec.dims if name not in given_up]
        dims = [name for name in names if name in template.names]
        if dims and len(self.state.spec.dims) <= MAX_DIMS:
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
        return self.renamed(outputs[0].tensor) if len(outputs) == 1 else Tensor(None, given.dtype)

    def renamed(self, tensor: Tensor) -> Tensor:
        """The output of another walk, with what its named sizes are in this one."""
        dims = self.state.overrides.dims
        if tensor.shape is None or not any(hasattr(size, "polynomial") for size in tensor.shape):
            return tensor
        shape = []
        for size in tensor.shape:
            polynomial = getattr(size, "polynomial", None)
            if polynomial is not None:
                known = polynomial.names <= dims.keys()
                size = polynomial.evaluate(dims) if known else None
            shape.append(size)
        return tensor._replace(shape=tuple(shape))

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


#: A size given for an expression such as ``2 * H`` is tried for ``H`` up to here.
MAX_TRIED = 4096


def sizes_of_dims(names: Sequence[str], given: InputSpec, shape: Shape) -> dict[str, int]:
    """What the named sizes of an input are where its shape is this one."""
    found: dict[str, int] = {}
    for template, size in zip(given.shape or (), shape, strict=False):
        (name, *others) = template.names or ("",)
        if size is None or others or name not in names or name in found:
            continue
        for value in (size, *range(1, min(size, MAX_TRIED))):
            with suppress(UnknownValueError, ExpressionError):
                if template.evaluate({name: value}) == size:
                    found[name] = value
                    break
    return found
