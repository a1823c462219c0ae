"""The bytes of live tensors and of what training keeps, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.costs.memory import Memory
from shapecalc.costs.setting import Amount, Setting, SettingError
from shapecalc.costs.storage import tensor_bytes
from shapecalc.graph import Graph
from shapecalc.layers.base import Tensor
from tests.rules.graphs import graphs, stack


def memory_of(text: str, **setting: Any) -> Memory:
    (graph,) = graphs(text)
    found = Memory(graph, Setting(**setting))
    assert found.complete
    return found


def peak(text: str) -> int:
    return memory_of(text).peak.value


@pytest.mark.parametrize(
    ("layers", "sizes"),
    [
        # The input and the first output live at once; then two outputs.
        ("[relu]", 2),
        ("[relu, relu, relu]", 2),
        # The skip keeps the input of the residual.
        ("[{type: residual, body: [relu, relu]}]", 3),
        ("[{type: relu, name: a}, relu, relu, {type: add, from: [a, prev]}]", 3),
        # Named, but nothing reads it later.
        ("[{type: relu, name: a}, relu, relu]", 2),
        # A concat holds its inputs and as much again.
        ("[{type: relu, name: a}, {type: relu, name: b, from: input}, "
         "{type: concat, from: [a, b]}]", 4),
    ],
)  # fmt: skip
def test_peaks(layers: str, sizes: int) -> None:
    assert peak(f"input: [4, 8, 8]\nlayers: {layers}\n") == sizes * 4 * 8 * 8 * 4


def test_an_output_lives_to_the_end() -> None:
    text = """
        input: [4, 8, 8]
        layers: [{type: relu, name: a}, {type: relu, name: b}, {type: relu, name: c}]
        outputs: [%s]
    """
    assert peak(text % "c") == 2 * 1024
    assert peak(text % "a, c") == 3 * 1024


def test_several_inputs_live_from_the_start() -> None:
    text = """
        inputs: {x: [256], y: [256]}
        layers: [{type: relu, from: x}, relu, {type: add, from: [prev, y]}]
    """
    assert peak(text) == 3 * 1024


def test_the_layer_at_the_peak() -> None:
    memory = memory_of("""
        input: [4, 8, 8]
        layers: [relu, {type: conv2d, name: wide, out_channels: 64, kernel_size: 1}, relu]
    """)
    found = memory.peak
    assert found.node is not None
    assert (found.value, found.node.path) == (2 * 64 * 64 * 4, "layers[2]")
    assert memory.parameters == ((4 * 64 + 64) * 4, True)


@pytest.mark.parametrize(
    ("layers", "sizes"),
    [
        # What lies in the storage of its input takes no room.
        ("[relu, {type: dropout, p: 0.5}, flatten, identity]", 2),
        ("[relu, {type: relu, inplace: true}]", 2),
        ("[{type: relu, inplace: true}]", 1),
        ("[{type: reshape, shape: [8, 4, 8]}]", 1),
        ("[{type: permute, dims: [0, 2, 3, 1]}, {type: permute, dims: [0, 3, 1, 2]}, flatten]", 1),
        # Cells in another order must be copied to lie in a row.
        ("[{type: permute, dims: [0, 2, 3, 1]}, flatten]", 2),
        ("[{type: transpose, dim0: 2, dim1: 3}, {type: reshape, shape: [32, 8]}]", 2),
        ("[{type: transpose, dim0: 2, dim1: 3}, {type: reshape, shape: [4, 8, 2, 4]}]", 1),
        ("[{type: slice, dim: 1, start: 2}, {type: slice, dim: 3, step: 2}]", 1),
        ("[{type: select, dim: 1, index: 0}, {type: unsqueeze, dim: 1}, "
         "{type: expand, sizes: [64, 8, 8]}]", 1),
    ],
)  # fmt: skip
def test_views(layers: str, sizes: int) -> None:
    assert peak(f"input: [4, 8, 8]\nlayers: {layers}\n") == sizes * 4 * 8 * 8 * 4


def kept(*layers: str, **setting: Any) -> int:
    found = memory_of(stack("{type: conv2d, out_channels: 4, kernel_size: 1}", *layers,
                            shape="[4, 8, 8]"), optimizer="sgd", **setting)  # fmt: skip
    return found.kept.value


ONE = 4 * 8 * 8 * 4


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], ONE),  # the convolution's input
        (["relu"], 2 * ONE),  # the activation's output
        (["leaky_relu"], 2 * ONE),  # its input, which the convolution yields
        (["batch_norm2d"], 2 * ONE + 2 * 4 * 4),
        (["batch_norm2d", "relu"], 3 * ONE + 2 * 4 * 4),
        (["batch_norm2d", "{type: relu, inplace: true}"], 3 * ONE + 2 * 4 * 4),
        (["relu", "{type: max_pool2d, kernel_size: 2}"], 2 * ONE + 2 * ONE // 4),
        (["{type: dropout, p: 0.5}"], ONE + ONE // 4),
        (["{type: dropout, p: 0.0}"], ONE),
        (["{type: dropout2d, p: 0.5}"], ONE + 4 * 4),
        (["relu", "flatten", "{type: linear, out_features: 8}"], 2 * ONE),
        # Without a trained weight the input of a linear layer is not needed; a convolution's is.
        (["relu", "flatten", "{type: linear, out_features: 8, trainable: false}"], 2 * ONE),
        (["flatten", "{type: linear, out_features: 8, trainable: false}"], ONE),
    ],
    ids=str,
)
def test_kept_for_the_backward_pass(layers: list[str], expected: int) -> None:
    assert kept(*layers) == expected
    assert kept(*layers, batch=3) - kept(*layers, batch=2) == kept(*layers, batch=2) - kept(*layers)


def test_nothing_is_kept_where_nothing_is_trained() -> None:
    assert memory_of(stack("relu", "{type: max_pool2d, kernel_size: 2}"),
                     optimizer="adam").kept.value == 0  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "weight", "gradient", "states", "copies"),
    [
        ({}, 4, 0, 0, 0),
        ({"dtype": "float16"}, 2, 0, 0, 0),
        ({"dtype": "int8"}, 1, 0, 0, 0),
        ({"dtype": "bfloat16", "autocast": True}, 4, 0, 0, 2),
        ({"optimizer": "sgd"}, 4, 4, 0, 0),
        ({"optimizer": "momentum"}, 4, 4, 4, 0),
        ({"optimizer": "adam"}, 4, 4, 8, 0),
        ({"optimizer": "adamw", "dtype": "bfloat16"}, 2, 2, 4, 0),
        ({"optimizer": "adam", "dtype": "bfloat16", "autocast": True}, 4, 4, 8, 2),
    ],
)
def test_what_a_parameter_takes(
    setting: dict[str, Any], weight: int, gradient: int, states: int, copies: int
) -> None:
    memory = memory_of(stack("{type: linear, out_features: 10}", shape="[6]"), **setting)
    count, steps = 6 * 10 + 10, 2 * 4 * (setting.get("optimizer") in ("adam", "adamw"))
    assert memory.parameters.value == count * weight
    assert memory.gradients.value == count * gradient
    assert memory.optimizer_states.value == count * states + steps
    assert memory.copies.value == count * copies
    held = count * (weight + gradient + states + copies) + steps
    assert memory.held.value == held
    assert memory.total.value == held + memory.peak.value


def test_frozen_and_shared_weights_have_one_gradient_or_none() -> None:
    memory = memory_of("""
        input: [6]
        layers:
          - {type: linear, name: a, out_features: 6, bias: false}
          - {type: linear, out_features: 6, bias: false, share: a}
          - {type: linear, out_features: 6, bias: false, trainable: false}
    """, optimizer="momentum")  # fmt: skip
    assert memory.parameters.value == 2 * 36 * 4
    assert memory.gradients.value == memory.optimizer_states.value == 36 * 4


def test_autocast_keeps_what_it_computes_with() -> None:
    # The input is converted for the convolution; its output and all that follows is half as large.
    float32 = kept("batch_norm2d", "relu") - 2 * 4 * 4
    half = kept("batch_norm2d", "relu", dtype="bfloat16", autocast=True) - 2 * 4 * 2
    assert (float32, half) == (3 * ONE, 3 * ONE // 2)
    # Softmax computes in float32 and keeps what it yields.
    assert kept("{type: softmax, dim: 1}", dtype="float16", autocast=True) == ONE // 2 + ONE


def test_the_largest_batch_is_the_largest() -> None:
    for setting in ({}, {"optimizer": "adam"}, {"dtype": "float16"}):
        text = stack("{type: conv2d, out_channels: 16, kernel_size: 3}", "batch_norm2d", "relu")
        limit = 10 * 2**20
        largest = memory_of(text, **setting).largest_batch(limit)
        assert largest
        assert memory_of(text, **setting, batch=largest).total.value <= limit
        assert memory_of(text, **setting, batch=largest + 1).total.value > limit
        assert memory_of(text, **setting).largest_batch(100) == 0


def test_the_backward_pass_may_need_more_than_the_forward_pass() -> None:
    text = stack("{type: conv2d, out_channels: 4, kernel_size: 1}",
                 "{type: upsample, scale_factor: 4}", "sigmoid", shape="[4, 8, 8]")  # fmt: skip
    peak = memory_of(text, optimizer="sgd").peak
    # The first input and the output are kept; the gradients of the last input and output are there.
    assert peak.backward
    assert peak.value == (1 + 16 + 2 * 16) * ONE
    assert peak.node is not None
    assert peak.node.type == "sigmoid"


def test_what_is_not_known_is_said() -> None:
    graph: Graph = shapecalc.check({"input": [4], "dims": [], "layers": [
        {"type": "linear", "out_features": "nothing"}, "relu"]}).models[0].graph  # fmt: skip
    memory = Memory(graph, Setting(optimizer="adam"))
    assert not memory.total.complete
    assert not memory.peak.complete
    assert not memory.parameters.complete
    assert memory.largest_batch(2**40) is None


@pytest.mark.parametrize(
    "setting",
    [{"batch": 0}, {"autocast": True}, {"dtype": "int8", "optimizer": "sgd"},
     {"dtype": "int8", "autocast": True}],
)  # fmt: skip
def test_settings_that_there_are_not(setting: dict[str, Any]) -> None:
    with pytest.raises(SettingError):
        Setting(**setting)


def test_amounts() -> None:
    assert Amount(3, 5).at(4) == 23
    assert Amount(3, 5).plus(Amount(1, 2)).minus(Amount(4, 0)) == Amount(0, 7)


@pytest.mark.parametrize(
    ("tensor", "size"),
    [
        (Tensor((2, 3)), 24),
        (Tensor((2, 3), "float16"), 24),
        (Tensor((2, 3), "int64"), 48),
        (Tensor((2, 3), "bool"), 6),
        (Tensor(()), 4),
        (Tensor((2, None)), None),
        (Tensor(None), None),
    ],
)
def test_tensors(tensor: Tensor, size: int | None) -> None:
    assert tensor_bytes(tensor) == size
