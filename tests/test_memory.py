"""The bytes of live tensors, against a simulation that keeps every tensor apart."""

from __future__ import annotations

import pytest

from shapecalc.layers.base import Tensor
from shapecalc.memory import parameter_bytes, peak_activations, tensor_bytes
from tests.rules.graphs import graphs


def peak(text: str) -> int:
    (graph,) = graphs(text)
    found = peak_activations(graph)
    assert found.complete
    return found.value


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
    (graph,) = graphs("""
        input: [4, 8, 8]
        layers: [relu, {type: conv2d, name: wide, out_channels: 64, kernel_size: 1}, relu]
    """)
    found = peak_activations(graph)
    assert found.node is not None
    assert (found.value, found.node.path) == (2 * 64 * 64 * 4, "layers[2]")
    assert parameter_bytes(graph) == ((4 * 64 + 64) * 4, True)


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
