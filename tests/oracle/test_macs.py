"""Costs against PyTorch's own counter, where it counts: half of its FLOPs are our MACs."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import pytest

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")

from shapecalc.layers import catalogue  # noqa: E402
from shapecalc.layers.base import Call, Tensor  # noqa: E402

pytestmark = pytest.mark.oracle

Sizes = tuple[int, ...]


def ours(name: str, shapes: list[Sizes], args: dict[str, Any]) -> int | None:
    layer = catalogue().types[name](**args)
    call = Call(tuple(Tensor(shape) for shape in shapes))
    outputs = layer.infer(call)
    assert not call.problems
    return layer.macs(call, outputs)


def theirs(run: Callable[..., Any], shapes: list[Sizes]) -> float:
    """Attention is computed from matrix products: its fused kernel on the CPU counts nothing."""
    counter = importlib.import_module("torch.utils.flop_counter").FlopCounterMode(display=False)
    attention = importlib.import_module("torch.nn.attention")
    with counter, attention.sdpa_kernel(attention.SDPBackend.MATH):
        run(*(torch.zeros(1, *shape) for shape in shapes))
    total: int = counter.get_total_flops()
    return total / 2


#: Type, PyTorch's class, its first arguments, further arguments of both, inputs.
CASES: list[tuple[str, str, tuple[int, ...], dict[str, Any], list[Sizes]]] = [
    ("linear", "Linear", (3,), {"out_features": 8}, [(10, 3)]),
    ("conv2d", "Conv2d", (4,), {"out_channels": 8, "kernel_size": 3, "groups": 2}, [(4, 9, 7)]),
    ("conv1d", "Conv1d", (4,), {"out_channels": 6, "kernel_size": 3, "stride": 2}, [(4, 9)]),
    (
        "conv_transpose2d",
        "ConvTranspose2d",
        (3,),
        {"out_channels": 1, "kernel_size": 2, "stride": 2},
        [(3, 2, 2)],
    ),
    ("rnn_cell", "RNNCell", (10,), {"hidden_size": 20}, [(10,)]),
    ("lstm_cell", "LSTMCell", (10,), {"hidden_size": 20}, [(10,)]),
    ("gru_cell", "GRUCell", (10,), {"hidden_size": 20}, [(10,)]),
    ("rnn", "RNN", (10,), {"hidden_size": 20, "bidirectional": True}, [(7, 10)]),
    ("gru", "GRU", (10,), {"hidden_size": 20, "num_layers": 2}, [(7, 10)]),
    (
        "lstm",
        "LSTM",
        (10,),
        {"hidden_size": 20, "num_layers": 2, "bidirectional": True, "proj_size": 5},
        [(7, 10)],
    ),
    ("multihead_attention", "MultiheadAttention", (100,), {"num_heads": 1}, [(50, 100)] * 3),
    (
        "multihead_attention",
        "MultiheadAttention",
        (12,),
        {"num_heads": 3, "kdim": 5, "vdim": 7, "add_bias_kv": True, "add_zero_attn": True},
        [(9, 12), (11, 5), (11, 7)],
    ),
    (
        "transformer_encoder_layer",
        "TransformerEncoderLayer",
        (12,),
        {"nhead": 3, "dim_feedforward": 20},
        [(9, 12)],
    ),
    (
        "transformer_decoder_layer",
        "TransformerDecoderLayer",
        (12,),
        {"nhead": 3, "dim_feedforward": 20},
        [(9, 12), (5, 12)],
    ),
    (
        "transformer",
        "Transformer",
        (12,),
        {"nhead": 3, "dim_feedforward": 20, "num_encoder_layers": 2, "num_decoder_layers": 3},
        [(9, 12), (5, 12)],
    ),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "twin", "sizes", "args", "shapes"), CASES)
def test_macs(
    name: str, twin: str, sizes: tuple[int, ...], args: dict[str, Any], shapes: list[Sizes]
) -> None:
    cls = getattr(torch.nn, twin)
    more: dict[str, Any] = {}
    if hasattr(catalogue().types[name].prepare(), "batch_first"):
        more = {"batch_first": True, "dropout": 0.0}
    module = cls(*sizes, **args, **more)
    assert ours(name, shapes, args) == theirs(module, shapes)
