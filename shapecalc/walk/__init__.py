"""Shapes through the network: every layer runs on the shapes that reach it.

Blocks, repeats, ``when`` and expressions may depend on shapes, so the graph is drawn while it is
walked. An error never stops the walk: it goes on with what was declared, else with unknown sizes,
which raise no further finding.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from shapecalc.limits import MAX_DIAGNOSTICS, MAX_NESTED
from shapecalc.spec.expressions import UNKNOWN
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.source import Extent
from shapecalc.walk.ends import Ends, sizes_of_dims
from shapecalc.walk.expectations import Expectations
from shapecalc.walk.findings import EnoughError, Finding
from shapecalc.walk.memory import Memory
from shapecalc.walk.runner import Runner
from shapecalc.walk.scope import Scope
from shapecalc.walk.state import Overrides, State, TooLargeError, WalkResult
from shapecalc.walk.values import Values

__all__ = ["Finding", "Memory", "Overrides", "WalkResult", "sizes_of_dims", "walk"]

#: How many of the places where spec and computation differ are tried both ways.
MAX_DISPUTES = 12
#: What a wrong size may lead to in the layers that read it.
OF_SIZES = frozenset({"SC101", "SC102", "SC103", "SC104", "SC105", "SC107", "SC108"})
#: What two declared sizes that contradict each other lead to.
DECLARED = frozenset({"SC101", "SC104", "SC108"})
#: How many calls lie between a block and the one inside it, at most.
CALLS = 16
#: How many layers may run for that in all.
MAX_STEPS = 200_000


def walk(
    spec: ModelSpec,
    earlier: Mapping[str, WalkResult] | None = None,
    overrides: Overrides | None = None,
    memory: Memory | None = None,
    *,
    first_only: bool = False,
) -> WalkResult:
    """Run a model on its input shapes; with ``first_only`` up to the first finding. ``memory`` is
    that of earlier walks.

    Where a declared size differs from the computed one, either may be the mistake. The walk goes
    on with the declared one, unless going on with the computed one leaves fewer findings.
    """
    earlier, memory = earlier or {}, memory or Memory()
    overrides = Overrides() if overrides is None else overrides
    memory.trim()

    def walked(flipped: frozenset[Extent]) -> WalkResult:
        return _walk_once(spec, earlier, overrides, flipped, memory, first_only=first_only)

    result = walked(frozenset())
    if not first_only and len(result.findings) > 1 and (result.disputes or result.fills):
        result = _Settler(result, walked).settle()
    _drop_shared(spec, result, earlier)
    return result


Comparison = Callable[[WalkResult, WalkResult], bool]


class _Settler:
    """Tries the places where a declared size won the other way, as long as that leaves less."""

    def __init__(
        self, result: WalkResult, walked: Callable[[frozenset[Extent]], WalkResult]
    ) -> None:
        self.result = result
        self.walked = walked
        self.flipped: frozenset[Extent] = frozenset()
        self.tried: set[Extent] = set()
        effort = len(result.graph.nodes) + result.work + 1
        #: How many more walks there may be; where very many are wrong, no choice puts that right.
        self.tries = (
            min(MAX_DISPUTES, MAX_STEPS // effort) if len(result.findings) < MAX_DIAGNOSTICS else 0
        )

    def settle(self) -> WalkResult:
        """Disputes all at once, then one after the other; then what stands for the unknown."""
        every = frozenset(self.result.disputes)
        if self.tries and len(every) > 1:
            self._try(every, _is_less)
        while self._try_next(self.result.disputes, _is_less):
            pass
        while self._try_next(self.result.fills, _contradicts_less):
            pass
        return self.result

    def _try_next(self, places: Iterable[Extent], is_better: Comparison) -> bool:
        """Try the first place that has not been tried; whether there was one."""
        place = next((place for place in places if place not in self.tried), None)
        if place is None or self.tries < 1 or len(self.result.findings) < 2:
            return False
        self.tries -= 1
        self.tried.add(place)
        self._try(self.flipped ^ {place}, is_better)
        return True

    def _try(self, flipped: frozenset[Extent], is_better: Comparison) -> None:
        other = self.walked(flipped)
        if is_better(other, self.result):
            self.flipped, self.result = flipped, other


def _is_less(other: WalkResult, result: WalkResult) -> bool:
    """Whether there are fewer findings, or of as many fewer that a wrong size may have led to."""
    costs = [
        (len(one.findings), sum(finding.code in OF_SIZES for finding in one.findings))
        for one in (other, result)
    ]
    return costs[0] < costs[1]


def _contradicts_less(other: WalkResult, result: WalkResult) -> bool:
    """Whether several declared sizes contradict the one that stands for an unknown one, and so
    all but prove it wrong. (That less is found is no proof: what is unknown raises nothing.)"""
    gone = {(f.code, f.extent) for f in result.findings} - {
        (f.code, f.extent) for f in other.findings
    }
    fewer = len(result.findings) - len(other.findings)
    return fewer == len(gone) > 1 and all(code in DECLARED for code, _ in gone)


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
    flipped: frozenset[Extent],
    memory: Memory,
    *,
    first_only: bool = False,
) -> WalkResult:
    state = State(spec, overrides, flipped, memory)
    state.findings.first_only = first_only
    with suppress(TooLargeError, EnoughError), _room():
        _run(state, earlier)
    found = list(state.findings.found.values())
    return WalkResult(
        state.graph,
        found,
        state.skipped_expects,
        state.disputes,
        state.fills,
        state.work,
        state.doubted,
        state.demands,
    )


@contextmanager
def _room() -> Iterator[None]:
    """Let blocks be in one another as deep as they may be, which takes several calls each."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, before + CALLS * MAX_NESTED))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _run(state: State, earlier: Mapping[str, WalkResult]) -> None:
    """Walk from the inputs to the outputs. Raises :class:`TooLargeError`."""
    spec = state.spec
    values, expectations, ends = Values(state), Expectations(state), Ends(state, earlier)
    dims = {name: state.overrides.dims.get(name, UNKNOWN) for name in spec.dims}
    state.vars = values.values(spec.vars, dims, spec.var_extents, "vars")
    inputs = {given.name: ends.input(given) for given in spec.inputs}
    scope = Scope(dict(state.vars), inputs["input"] if spec.single_input else None)
    if not spec.single_input:
        scope.results.update(inputs)
    last = Runner(state, values, expectations).stack(spec.layers, scope, "layers")
    ends.outputs(scope, last)
    expectations.check_outputs()
