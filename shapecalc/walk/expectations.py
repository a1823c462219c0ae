"""What a spec asserts: the ``expect`` of layers and of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from shapecalc.graph import Port
from shapecalc.layers.base import Call, Shape, Tensor, format_shape, plural
from shapecalc.layers.merge import axis_name
from shapecalc.limits import MAX_DIAGNOSTICS
from shapecalc.spec.expressions import ExpressionError, UnknownValueError, describe
from shapecalc.spec.model import Assertion, LayerSpec
from shapecalc.spec.values import whole
from shapecalc.walk.hints import as_expect, expected
from shapecalc.walk.scope import Result, Scope
from shapecalc.walk.state import Demand, State


class Expectations:
    """Compares what a walk computes with what the spec asserts."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.findings = state.findings

    def check_outputs(self) -> None:
        """The ``expect`` of the model."""
        outputs = self.state.graph.outputs
        for name, assertion in self.state.spec.expect.items():
            port = outputs.get(name) if name else None
            if not name and len(outputs) == 1:
                (port,) = outputs.values()
            path = f"expect.{name}" if name else "expect"
            if port is None:
                known = ", ".join(outputs)
                if not outputs or self.state.outputs_failed:
                    continue
                problem = (
                    f"`expect` names no output {name!r}"
                    if name
                    else f"the model has {len(outputs)} outputs: `expect` must be a mapping"
                )
                help = f"the outputs are {known}"
                self.findings.report("SC006", problem, assertion.extent, help, path)
                continue
            if assertion.sizes is None or self.skips(assertion):
                continue
            with self.demanding(None, assertion):
                wanted = self.asserted(assertion, self.state.vars, path, None)
                message = differs(port.tensor.shape, wanted, self.state.channels_last)
            if message:
                label = f"output `{name}`" if name else "the output"
                equation, help = self.way_out(port, wanted, None)
                finding = self.findings.report(
                    "SC108",
                    f"{label} is {format_shape(port.tensor.shape)}, expect says "
                    f"{format_shape(wanted)}"
                    + (f": {message}{equation}" if len(wanted) > 1 else ""),
                    assertion.extent,
                    help,
                    path,
                    inputs=(port,),
                )
                finding.expected = (port, wanted)

    def expect(
        self,
        layer: LayerSpec,
        result: Result,
        scope: Scope,
        path: str,
        turns: int,
        failed: bool,
    ) -> Result:
        """Compare a layer's outputs with its ``expect``, and go on with what is declared."""
        assertions = layer.expect
        if not assertions:
            return result
        if layer.repeat is not None:
            path = f"{path}#{turns - 1}"
        if sum(self.skips(assertion) for assertion in assertions):
            return result
        names = {**scope.names, "index": turns - 1} if layer.repeat is not None else scope.names
        ports = list(result.ports)
        if len(assertions) != len(ports) and (len(assertions) > 1 or result.multiple):
            if not failed and not result.unknown:
                count, given = plural(len(ports), "output"), plural(len(assertions), "shape")
                message = f"{layer.label()} has {count}, expect lists {given}"
                extent = layer.key_extent("expect")
                self.findings.report(
                    "SC108", message, extent, None, f"{path}.expect", layer.name, spec=layer
                )
            return result
        for position, assertion in enumerate(assertions):
            if assertion.sizes is None:
                continue
            with self.demanding(layer, assertion):
                wanted = self.asserted(assertion, names, f"{path}.expect", layer)
                ports[position] = self.reconcile(
                    layer, ports[position], wanted, assertion, path, failed
                )
        return result.replaced(tuple(ports))

    @contextmanager
    def demanding(self, layer: LayerSpec | None, assertion: Assertion) -> Iterator[None]:
        """Note what is decided about named sizes meanwhile."""
        trace = self.state.trace
        before = len(trace.conditions) if trace else 0
        yield
        found = tuple(islice(trace.conditions, before, None)) if trace else ()
        if found:
            self.state.demands.append(Demand(layer, assertion.extent, found))

    def reconcile(
        self,
        layer: LayerSpec,
        port: Port,
        wanted: Shape,
        assertion: Assertion,
        path: str,
        failed: bool,
    ) -> Port:
        """One output against the shape declared for it; SC108 where they differ."""
        shape = port.tensor.shape
        message = differs(shape, wanted, self.state.channels_last)
        if message and not failed:
            self.state.disputes.append(layer.extent)
            equation, help = self.way_out(port, wanted, layer)
            finding = self.findings.report(
                "SC108",
                f"{layer.label()}: the output is {format_shape(shape)}, expect says "
                f"{format_shape(wanted)}: {message}{equation}",
                assertion.extent,
                help,
                f"{path}.expect",
                layer.name,
                (port,),
                spec=layer,
            )
            finding.expected = (port, wanted)
        if self.trusts_computed(layer, shape, wanted):
            return port
        if shape is None or len(shape) != len(wanted):
            merged: Shape = wanted
        else:
            merged = tuple(
                have if want is None or have == want else want
                for have, want in zip(shape, wanted, strict=True)
            )
        if not message and merged != shape:
            self.state.fills.append(layer.extent)
        tensor = port.tensor._replace(shape=merged)
        if shape is None or None in shape:
            outputs = list(port.node.outputs)
            if port.node.spec is layer and port.number < len(outputs):
                outputs[port.number] = tensor
                port.node.outputs = tuple(outputs)
        return Port(port.node, port.number, tensor)

    def way_out(self, port: Port, wanted: Shape, layer: LayerSpec | None) -> tuple[str, str]:
        """The equation of an output that is not as expected, and what to write instead.

        ``layer`` is the one that says what it expects; ``None``: the model.
        """
        node, shape = port.node, port.tensor.shape or ()
        instead = f"expect: {as_expect(shape)}, if that is what is meant"
        if node.spec is None or (layer is not None and node.spec is not layer):
            return "", f"write {instead}"
        if len(self.findings) > MAX_DIAGNOSTICS or self.findings.first_only:
            return "", f"write {instead}"
        equation, change = expected(node, port.number, wanted)
        where = "" if layer else f" in {node.spec.label(node.type)}"
        help = f"write {change}{where}, or {instead}" if change else f"write {instead}"
        return equation and f": {equation}", help

    def trusts_computed(self, layer: LayerSpec, shape: Shape | None, wanted: Shape) -> bool:
        """Whether to go on with the computed shape: where its rank is another than the declared
        one, which leaves nothing of it, and where a walk the other way found more."""
        other_rank = shape is not None and len(shape) != len(wanted)
        return (layer.extent in self.state.flipped) != other_rank

    def skips(self, assertion: Assertion) -> bool:
        """Whether an ``expect`` describes other inputs than those given; counts it. One with named
        sizes holds for whatever is given for these."""
        overrides = self.state.overrides
        named = not overrides.vars and assertion.names(self.state.spec.dims)
        if overrides and assertion.numeric and not named:
            self.state.skipped_expects += 1
            return True
        return False

    def asserted(
        self,
        assertion: Assertion,
        names: Mapping[str, Any],
        path: str,
        layer: LayerSpec | None,
    ) -> Shape:
        """The sizes of an ``expect``; ``None`` for ``_`` and for what cannot be computed."""
        sizes: list[int | None] = []
        for template in assertion.sizes or ():
            size: Any = None
            if template is not None:
                try:
                    size = whole(template.evaluate(names))
                except UnknownValueError:
                    pass
                except ExpressionError as error:
                    name = layer.name if layer else None
                    extent = assertion.extent
                    self.findings.report(
                        "SC004", f"expect: {error}", extent, error.help, path, name
                    )
            if size is not None and (
                isinstance(size, bool) or not isinstance(size, int) or size < 1
            ):
                message = f"expect: a size is a whole number above 0, not {describe(size)}"
                code = "SC002" if template and template.constant else "SC004"
                self.findings.report(code, message, assertion.extent, "or _ for any size", path)
                size = None
            sizes.append(size)
        return tuple(sizes)


def differs(shape: Shape | None, wanted: Shape, channels_last: bool = False) -> str | None:
    """How a shape differs from an asserted one: ``height and width are 31, not 32``."""
    if shape is None:
        return None
    if len(shape) != len(wanted):
        return f"{plural(len(shape), 'axis')}, not {len(wanted)}"
    call = Call((Tensor(shape),), channels_last=channels_last)
    wrong: dict[tuple[int, int], list[str]] = {}
    for axis, (have, want) in enumerate(zip(shape, wanted, strict=True)):
        if have is not None and want is not None and have != want:
            wrong.setdefault((have, want), []).append(axis_name(call, len(shape), axis))
    parts = [
        f"{' and '.join(names)} {'is' if len(names) == 1 and names != ['channels'] else 'are'} "
        f"{have}, not {want}"
        for (have, want), names in wrong.items()
    ]
    return ", ".join(parts) or None
