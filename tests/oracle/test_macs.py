"""Costs against PyTorch's own counter, where it counts: half of its FLOPs are our MACs."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import pytest

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")

from hypothesis import HealthCheck, assume, given, settings  # noqa: E402

import shapecalc  # noqa: E402
from shapecalc.layers import catalogue  # noqa: E402
from shapecalc.layers.base import Call, Layer, Tensor  # noqa: E402
from tests.oracle.answers import ask_shapecalc, ask_torch, build  # noqa: E402
from tests.oracle.draw import Case, cases, twins  # noqa: E402
from tests.oracle.saved_bytes import SPECS, load_twins, stems  # noqa: E402

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
    inputs = [torch.zeros(1, *shape) for shape in shapes]
    return count(lambda: run(*inputs))


def count(run: Callable[[], Any]) -> float:
    """Half of the FLOPs that PyTorch counts; it does not see into oneDNN's LSTM."""
    counter = importlib.import_module("torch.utils.flop_counter").FlopCounterMode(display=False)
    attention = importlib.import_module("torch.nn.attention")
    with (
        counter,
        attention.sdpa_kernel(attention.SDPBackend.MATH),
        torch.backends.mkldnn.flags(enabled=False),
    ):
        run()
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


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("stem", stems())
def test_macs_of_networks(stem: str) -> None:
    """On the meta device: the counter looks at shapes only, and these have been compared."""
    for model in shapecalc.check(SPECS / f"{stem}.yaml").models:
        tensors = [node.outputs[0] for node in model.graph.inputs.values()]
        with torch.device("meta"):
            module, _ = load_twins(stem)[model.name]()
            module.eval()
            inputs = [
                torch.zeros(1, *(tensor.shape or ()), dtype=getattr(torch, tensor.dtype))
                for tensor in tensors
            ]
            assert model.total("macs").value == count(lambda: module(*inputs)), model.name  # noqa: B023


#: What the counter does not see, by type: its MACs are compared nowhere else.
NOT_COUNTED = {
    "bilinear": "torch.bilinear is in no table of the counter",
}
MULTIPLYING = [
    name
    for name in twins()
    if catalogue().types[name].macs is not Layer.macs
    and catalogue().types[name].rank != 3  # written once for all ranks
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MULTIPLYING)
def test_macs_of_drawn_layers(name: str) -> None:
    compared = 0

    @settings(max_examples=12, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(cases(catalogue().types[name]))
    def agree(case: Case) -> None:
        nonlocal compared
        checked = ask_shapecalc(case)
        assume(checked.answer.accepted and not checked.too_large and ask_torch(case).accepted)
        assume(case.args.get("parametrization") is None)
        # Their batch is not the first axis.
        assume(name not in ("rnn", "lstm", "gru") or len(case.inputs) == 1)
        twin = build(case)
        twin.module.train()
        shapes = [tuple(size or 0 for size in tensor.shape or ()) for tensor in case.inputs]
        expected = theirs(twin.forward, shapes)
        compared += 1
        if name in NOT_COUNTED:
            assert expected == 0
        else:
            assert ours(name, shapes, case.args) == expected, case

    agree()
    assert compared
