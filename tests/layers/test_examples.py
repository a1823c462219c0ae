"""What holds for every type of ``framework: pytorch``."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.layers import catalogue
from shapecalc.layers.base import Call, Layer, Shape, Tensor
from shapecalc.layers.reaches import reaches
from tests.layers.support import example

LEAVES = [layer for layer in catalogue("pytorch").types.values() if not layer.container]
SHAPES: list[Shape | None] = [None, (), (None,), (None, None), (3, None), (None, 4, None), (2,) * 6]

by_type = pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.type_name)


def run(cls: type[Layer]) -> Any:
    written, shape = example(cls)
    spec = {"input": {"shape": shape, "dtype": cls.example_dtype}, "layers": [written]}
    return shapecalc.check(spec).models[0]


@by_type
def test_example_runs(cls: type[Layer]) -> None:
    model = run(cls)
    assert model.ok, model.diagnostics
    assert cls.type_name in [layer["type"] for layer in model.to_dict()["layers"]]


@by_type
def test_documented(cls: type[Layer]) -> None:
    assert cls.__doc__
    assert cls.__doc__.strip().endswith(("``", ".", ")", "]", "…"))
    assert cls.reference


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@by_type
def test_nothing_is_raised_on_unknown_sizes(cls: type[Layer], shape: Shape | None) -> None:
    node = next(node for node in run(cls).graph.nodes if isinstance(node.layer, cls))
    assert node.layer is not None
    for count in (len(node.inputs), cls.arity[1] or 3):
        call = Call((Tensor(shape, cls.example_dtype),) * count)
        outputs = node.layer.infer(call)
        node.layer.weights(call)
        node.layer.macs(call, outputs)
        node.layer.windows(call)
        node.layer.transposed_windows(call)
        for number in range(count):
            reaches(node.layer, call, outputs, number)
        if shape is None and count == len(node.inputs):
            assert call.problems == []
