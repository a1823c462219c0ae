"""Shapes through the network: every layer runs on the shapes that reach it.

Blocks, repeats, ``when`` and expressions may depend on shapes, so the graph is drawn while it is
walked. An error never stops the walk: it goes on with what was declared, else with unknown sizes,
which raise no further finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from shapecalc.spec.expressions import UNKNOWN
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.source import Extent
from shapecalc.walk.ends import Ends
from shapecalc.walk.expectations import Expectations
from shapecalc.walk.findings import Finding
from shapecalc.walk.runner import Runner
from shapecalc.walk.scope import Scope
from shapecalc.walk.state import Overrides, State, TooLargeError, WalkResult
from shapecalc.walk.values import Values

__all__ = ["Finding", "Overrides", "WalkResult", "walk"]

#: How many of the places where spec and computation differ are tried both ways.
MAX_DISPUTES = 12
#: What a wrong size may lead to in the layers that read it.
OF_SIZES = frozenset({"SC101", "SC102", "SC103", "SC104", "SC105", "SC107", "SC108"})
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
    if len(result.findings) > 1 and result.disputes:
        result = _settle(result, lambda computed: _walk_once(spec, earlier, overrides, computed))
    _drop_shared(spec, result, earlier)
    return result


def _settle(result: WalkResult, walked: Callable[[frozenset[Extent]], WalkResult]) -> WalkResult:
    """Try disputes the other way: all of them, then one after the other."""
    tries = min(MAX_DISPUTES, MAX_STEPS // (len(result.graph.nodes) + result.work + 1))
    computed: frozenset[Extent] = frozenset()
    every = frozenset(result.disputes)
    if tries and len(every) > 1:
        other = walked(every)
        if _cost(other) < _cost(result):
            computed, result = every, other
    tried: set[Extent] = set()
    while len(tried) < tries and len(result.findings) > 1:
        dispute = next((place for place in result.disputes if place not in tried), None)
        if dispute is None:
            break
        tried.add(dispute)
        other = walked(computed ^ {dispute})
        if _cost(other) < _cost(result):
            computed, result = computed ^ {dispute}, other
    return result


def _cost(result: WalkResult) -> tuple[int, int]:
    """How much is wrong, for a choice between two walks: the fewer findings, and of as many the
    fewer that a wrong size may have led to."""
    found = result.findings
    return len(found), sum(finding.code in OF_SIZES for finding in found)


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
    with suppress(TooLargeError):
        _run(state, earlier)
    found = list(state.findings.found.values())
    return WalkResult(state.graph, found, state.skipped_expects, state.disputes, state.work)


def _run(state: State, earlier: Mapping[str, WalkResult]) -> None:
    """Walk from the inputs to the outputs. Raises :class:`TooLargeError`."""
    spec = state.spec
    values, expectations, ends = Values(state), Expectations(state), Ends(state, earlier)
    state.vars = values.values(
        spec.vars, dict.fromkeys(spec.dims, UNKNOWN), spec.var_extents, "vars"
    )
    inputs = {given.name: ends.input(given) for given in spec.inputs}
    scope = Scope(dict(state.vars), inputs["input"] if spec.single_input else None)
    if not spec.single_input:
        scope.results.update(inputs)
    last = Runner(state, values, expectations).stack(spec.layers, scope, "layers")
    ends.outputs(scope, last)
    expectations.check_outputs()
