"""Shapes through the network: every layer runs on the shapes that reach it.

Blocks, repeats, ``when`` and expressions may depend on shapes, so the graph is drawn while it is
walked. An error never stops the walk: it goes on with what was declared, else with unknown sizes,
which raise no further finding.
"""

from __future__ import annotations

from collections.abc import Mapping

from shapecalc.spec.model import ModelSpec
from shapecalc.spec.source import Extent
from shapecalc.walk.ends import Ends
from shapecalc.walk.expectations import Expectations
from shapecalc.walk.findings import Finding
from shapecalc.walk.runner import Runner, TooLargeError
from shapecalc.walk.scope import Scope
from shapecalc.walk.state import Overrides, State, WalkResult
from shapecalc.walk.values import Values

__all__ = ["Finding", "Overrides", "WalkResult", "walk"]

#: How many of the places where spec and computation differ are tried both ways.
MAX_DISPUTES = 12
#: How many layers may run for that in all.
MAX_STEPS = 200_000


def walk(
    spec: ModelSpec,
    earlier: Mapping[str, WalkResult] | None = None,
    overrides: Overrides | None = None,
) -> WalkResult:
    """Run a model on its input shapes.

    Where a declared size differs from the computed one, either may be the mistake. The walk goes
    on with the declared one, unless going on with the computed one leaves fewer findings.
    """
    earlier, overrides = earlier or {}, overrides or Overrides()
    result = _walk_once(spec, earlier, overrides, frozenset())
    computed: frozenset[Extent] = frozenset()
    tried: set[Extent] = set()
    tries = min(MAX_DISPUTES, MAX_STEPS // (len(result.graph.nodes) + 1))
    while len(tried) < tries and len(result.findings) > 1:
        dispute = next((place for place in result.disputes if place not in tried), None)
        if dispute is None:
            break
        tried.add(dispute)
        other = _walk_once(spec, earlier, overrides, computed | {dispute})
        if len(other.findings) < len(result.findings):
            computed, result = computed | {dispute}, other
    _drop_shared(spec, result, earlier)
    return result


def _drop_shared(spec: ModelSpec, result: WalkResult, earlier: Mapping[str, WalkResult]) -> None:
    """Leave out what an earlier model found in the document that all of them share."""
    if spec.shared is None:
        return
    start, end = spec.shared
    known = {(f.code, f.extent) for other in earlier.values() for f in other.findings}
    result.findings = [
        finding
        for finding in result.findings
        if not (start <= finding.extent[0] < end and (finding.code, finding.extent) in known)
    ]


def _walk_once(
    spec: ModelSpec,
    earlier: Mapping[str, WalkResult],
    overrides: Overrides,
    computed: frozenset[Extent],
) -> WalkResult:
    state = State(spec, overrides, computed)
    values, expectations, ends = Values(state), Expectations(state), Ends(state, earlier)
    state.vars = values.values(spec.vars, {}, spec.var_extents, "vars")
    inputs = {given.name: ends.input(given) for given in spec.inputs}
    scope = Scope(dict(state.vars), inputs["input"] if spec.single_input else None)
    if not spec.single_input:
        scope.results.update(inputs)
    try:
        last = Runner(state, values, expectations).stack(spec.layers, scope, "layers")
        ends.outputs(scope, last)
        expectations.check_outputs()
    except TooLargeError:
        pass
    return WalkResult(
        state.graph, list(state.findings.found.values()), state.skipped_expects, state.disputes
    )
