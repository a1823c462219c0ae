"""The layers of ``framework: keras``: costs, unknown sizes, and what Keras does not have."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import shapecalc
from shapecalc.layers import all_layers, catalogue
from shapecalc.layers.base import Call, Layer, Shape, Tensor

OWN = [layer for layer in all_layers() if layer.frameworks == ("keras",)]
SHAPES: list[Shape | None] = [None, (), (None,), (None, None, None), (3, None), (2, 3, 4)]


def check(shape: list[int], *layers: Any, dtype: str = "float32") -> dict[str, Any]:
    """The report on a small Keras model."""
    spec = {
        "framework": "keras",
        "input": {"shape": shape, "dtype": dtype},
        "layers": list(layers),
    }
    (model,) = shapecalc.check(spec).to_dict()["models"]
    found: dict[str, Any] = model
    return found


def example(cls: type[Layer]) -> tuple[Any, list[int]]:
    """The layer and the input shape of a type's example."""
    text, shape = cls.example
    return yaml.safe_load(text), [size or 0 for size in shape]


def built(cls: type[Layer]) -> Layer:
    """The layer of a type's example."""
    written = example(cls)[0]
    own = {} if isinstance(written, str) else written
    arguments = {key: value for key, value in own.items() if key not in ("type", "from")}
    return cls(**{key: _frozen(value) for key, value in arguments.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


@pytest.mark.parametrize("cls", OWN, ids=lambda cls: cls.type_name)
def test_example_runs(cls: type[Layer]) -> None:
    layer, shape = example(cls)
    model = check(shape, layer, dtype=cls.example_dtype)
    assert model["ok"], model["diagnostics"]
    assert model["layers"][0]["type"] == cls.type_name
    assert cls.reference.startswith("keras.")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cls", OWN, ids=lambda cls: cls.type_name)
def test_nothing_is_raised_on_unknown_sizes(cls: type[Layer], shape: Shape | None) -> None:
    layer = built(cls)
    call = Call((Tensor(shape, cls.example_dtype),) * max(cls.arity[0], 1), channels_last=True)
    outputs = layer.infer(call)
    layer.weights(call)
    layer.macs(call, outputs)
    layer.windows(call)
    layer.transposed_windows(call)
    if shape is None:
        assert call.problems == []


def test_one_class_a_type() -> None:
    names = [layer.type_name for layer in all_layers() if "keras" in layer.frameworks]
    assert sorted(names) == sorted(set(names))
    assert set(names) == set(catalogue("keras").types)


@pytest.mark.parametrize(
    ("shape", "layer", "params", "macs"),
    [
        ([32, 32, 16], "separable_conv2d, out_channels: 64, kernel_size: 3, depth_multiplier: 2",
         2400, 30 * 30 * (9 * 16 * 2 + 32 * 64)),
        ([112, 112, 32], "depthwise_conv2d, kernel_size: 3, padding: same",
         320, 112 * 112 * 9 * 32),
        ([2, 2, 3], "conv_transpose2d, out_channels: 1, kernel_size: 2, stride: 2", 13, 48),
        ([50, 100], "multihead_attention, num_heads: 1, key_dim: 100", 40_400, 2_500_000),
        ([50, 512], "multihead_attention, num_heads: 8, key_dim: 64", 1_050_624, 54_988_800),
        ([7, 10], "lstm, hidden_size: 20", 2480, 16_800),
        ([7, 10], "gru, hidden_size: 20", 1920, 12_600),
        ([7, 10], "gru, hidden_size: 20, reset_after: false", 1860, 12_600),
        ([7, 10], "rnn, hidden_size: 20, bidirectional: true", 1240, 8400),
        ([7, 7, 64], "prelu", 3136, 0),
        ([7, 7, 64], "layer_norm, dim: [1, 2, 3]", 6272, 0),
        ([5, 10, 3], "dense, out_features: 8", 32, 1200),
    ],
)  # fmt: skip
def test_parameters_and_cost(shape: list[int], layer: str, params: int, macs: int) -> None:
    model = check(shape, yaml.safe_load(f"{{type: {layer}}}"))
    row = model["layers"][0]
    assert (row["params"], row["macs"]) == (params, macs)


def test_moving_statistics_are_frozen() -> None:
    row = check([8, 8, 64], "batch_norm")["layers"][0]
    assert (row["params"], row["trainable_params"]) == (256, 128)


def test_states_are_outputs() -> None:
    layer = {"type": "lstm", "hidden_size": 4, "bidirectional": True, "return_state": True}
    row = check([7, 10], layer)["layers"][0]
    assert row["output_shapes"] == [[8], [4], [4], [4], [4]]


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        ({"type": "conv2d", "filters": 8, "kernel_size": 3}, "write out_channels"),
        ({"type": "conv2d", "out_channels": 8, "kernel_size": 3, "padding_mode": "zeros"},
         "only `framework: pytorch` has it"),
        ({"type": "conv2d", "out_channels": 8, "kernel_size": 3, "padding": 1}, "zero_pad"),
        ({"type": "max_pool2d", "kernel_size": 2, "ceil_mode": True},
         "only `framework: pytorch` has it"),
        ({"type": "relu", "inplace": True}, "only `framework: pytorch` has it"),
        ({"type": "dropout", "p": 0.5, "inplace": True}, "only `framework: pytorch` has it"),
        ({"type": "flatten", "start_dim": 1}, "only `framework: pytorch` has it"),
        ("instance_norm2d", "only `framework: pytorch` has it"),
    ],
)  # fmt: skip
def test_what_keras_does_not_have(layer: Any, says: str) -> None:
    (found,) = check([8, 8, 3], layer)["diagnostics"]
    assert found["severity"] == "error"
    assert says in found["help"]


@pytest.mark.parametrize(
    ("layer", "message", "help"),
    [
        ("lstm_cell", "3 inputs are needed, it has 1", "name them: from: [a, b, c]"),
        ("gru_cell", "2 inputs are needed, it has 1", "name them: from: [a, b]"),
        ("attention", "2 inputs or more are needed, it has 1", "name them: from: [a, b]"),
    ],
)
def test_too_few_inputs(layer: str, message: str, help: str) -> None:
    entry = {"type": layer} | ({"hidden_size": 3} if "cell" in layer else {})
    spec = {"framework": "keras", "input": [4, 3], "layers": [entry]}
    (found,) = shapecalc.check(spec).diagnostics
    assert (found.message, found.help) == (f"{layer}: {message}", help)


def test_what_pytorch_does_not_have() -> None:
    spec = {"input": [3, 8, 8], "layers": [{"type": "max_pool2d", "kernel_size": 2, "padding": 1}]}
    assert shapecalc.check(spec).ok
    spec["layers"] = ["repeat_vector"]
    (found,) = shapecalc.check(spec).diagnostics
    assert found.help == "only `framework: keras` has it; the same is torch.Tensor.expand"


def test_same_is_never_rounded() -> None:
    spec = {
        "framework": "keras",
        "rounding": "ceil",
        "input": [4, 4, 3],
        "layers": [{"type": "max_pool2d", "kernel_size": 1, "stride": 2, "padding": "same"}],
    }
    (model,) = shapecalc.check(spec).to_dict()["models"]
    assert model["layers"][0]["output_shapes"] == [[2, 2, 3]]
