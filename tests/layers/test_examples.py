"""What holds for every type of ``framework: pytorch``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import shapecalc
from shapecalc.layers import catalogue
from shapecalc.layers.base import Call, Layer, Shape, Tensor
from shapecalc.layers.cost import Wanted
from shapecalc.layers.reaches import reaches
from shapecalc.layers.strides import contiguous, full_sizes
from tests.layers.support import example

LEAVES = [layer for layer in catalogue("pytorch").types.values() if not layer.container]
SHAPES: list[Shape | None] = [None, (), (None,), (None, None), (3, None), (None, 4, None), (2,) * 6]

by_type = pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.type_name)


def ask_costs(layer: Layer, call: Call, outputs: Sequence[Tensor], needed: int) -> None:
    """All that a layer says of its costs; what is kept is there."""
    layer.element_ops(call, outputs)
    layer.buffers(call)
    layer.laid_out(call, outputs)
    for flags in (True, False):
        wanted = Wanted((flags,) * len(call.inputs), True, (flags,) * len(outputs))
        kept = layer.kept(call, outputs, wanted)
        if not call.problems and len(call.inputs) >= max(needed, 1):
            assert set(kept.inputs) <= set(range(len(call.inputs)))
            assert set(kept.outputs) <= set(range(len(outputs)))
        sizes = full_sizes(call.inputs[0]) if call.inputs else None
        if sizes is not None:
            layer.shared(call, outputs, contiguous(sizes), flags)


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
        ask_costs(node.layer, call, outputs, len(node.inputs))
        if shape is None and count == len(node.inputs):
            assert call.problems == []


#: The families whose layers only move numbers: neither MACs nor element operations.
MOVERS = {
    "constant", "parameter", "identity", "dropout", "dropout1d", "dropout2d",
    "dropout3d", "alpha_dropout", "feature_alpha_dropout", "drop_path", "cast", "embedding",
    "concat", "stack", "flatten", "unflatten", "reshape", "permute", "transpose", "squeeze",
    "unsqueeze", "flip", "roll", "chunk", "split", "unbind", "slice", "narrow", "select",
    "index_select", "expand", "tile", "repeat_interleave", "channel_shuffle", "pixel_shuffle",
    "pixel_unshuffle", "space_to_depth", "depth_to_space", "unfold", "upsample",
    "upsampling_nearest2d", "center_crop", "crop", "pad", "max_unpool1d", "max_unpool2d",
    "max_unpool3d",
    *(f"{kind}_pad{rank}d" for kind in ("zero", "constant", "reflection", "replication", "circular")
      for rank in (1, 2, 3)),
}  # fmt: skip


@by_type
def test_what_computes_costs_something(cls: type[Layer]) -> None:
    node = next(node for node in run(cls).graph.nodes if isinstance(node.layer, cls))
    assert node.inference is not None
    ops = cls.element_ops(node.inference.layer, node.inference.call, node.inference.outputs)
    assert ops is not None
    assert bool(ops or node.inference.macs) == (cls.type_name not in MOVERS)
