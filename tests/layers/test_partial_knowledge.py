"""Unknown sizes raise no finding of their own, and what is still known is right."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapecalc.layers.base import Call, Shape, Tensor
from tests.oracle.draw import Case, Inputs
from tests.oracle.draw_functional import TYPES, functional_cases


def run(case: Case, inputs: Inputs) -> tuple[tuple[Tensor, ...], list[str]]:
    """The outputs, and the codes of what was found; no other rule of the layer may fail."""
    layer, call = case.layer(**case.args), Call(inputs)
    outputs = layer.infer(call)
    layer.weights(call)
    layer.macs(call, outputs)
    layer.windows(call)
    return outputs, [problem.code for problem in call.problems]


def forgotten(data: st.DataObject, tensor: Tensor) -> Tensor:
    """The same tensor with less known of it."""
    if data.draw(st.integers(0, 3)) == 0:
        return tensor._replace(shape=None)
    kept = (data.draw(st.sampled_from([size, size, None])) for size in tensor.shape or ())
    return tensor._replace(shape=tuple(kept))


def agrees(known: Shape | None, partly: Shape | None) -> bool:
    """Whether what is known of a shape is true of the shape itself."""
    if partly is None or known is None:
        return True
    return len(known) == len(partly) and all(
        None in (one, other) or one == other for one, other in zip(known, partly, strict=True)
    )


@pytest.mark.parametrize("name", TYPES)
def test_unknown_sizes(name: str) -> None:
    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(functional_cases(name), st.data())
    def holds(case: Case, data: st.DataObject) -> None:
        known, codes = run(case, case.inputs)
        inputs = tuple(forgotten(data, tensor) for tensor in case.inputs)
        partly, fewer = run(case, inputs)
        assert codes or not fewer, (case, inputs, fewer)
        if codes:
            return
        assert partly[0].shape is None or len(partly) == len(known)
        for one, other in zip(known, partly, strict=False):
            assert agrees(one.shape, other.shape), (case, inputs, other)
            assert one.dtype == other.dtype
            assert one.batched == other.batched

    holds()
