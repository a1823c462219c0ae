"""Attention and transformers: parameters by name, costs, and inputs that do not fit."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, figures, layer, model


def test_self_attention() -> None:
    outputs, params, macs = figures([50, 512], "{type: multihead_attention, num_heads: 8}")
    assert outputs == [[50, 512], [50, 50]]
    assert params == 1_050_624
    assert macs == 4 * 50 * 512**2 + 2 * 50**2 * 512
    assert figures([50, 100], "{type: multihead_attention, num_heads: 1}")[2] == 2_500_000


@pytest.mark.parametrize("heads", [1, 2, 16, 512])
def test_parameters_whatever_the_heads(heads: int) -> None:
    text = f"{{type: multihead_attention, num_heads: {heads}}}"
    assert layer([50, 512], text)["params"] == 4 * 512**2 + 4 * 512


def test_attention_to_another_sequence() -> None:
    more = {"kv": [11, 12]}
    text = "{type: multihead_attention, num_heads: 3, from: [x, kv]}"
    outputs, params, macs = figures([9, 12], text, inputs=more)
    assert outputs == [[9, 12], [9, 11]]
    assert params == 4 * 144 + 48
    assert macs == 2 * 9 * 144 + 2 * 11 * 144 + 2 * 9 * 11 * 12


def test_keys_and_values_of_their_own_sizes() -> None:
    text = (
        "{type: multihead_attention, num_heads: 3, kdim: 5, vdim: 7, add_bias_kv: true, "
        "add_zero_attn: true, from: [x, k, v]}"
    )
    found = layer([9, 12], text, inputs={"k": [11, 5], "v": [11, 7]})
    assert found["output_shapes"] == [[9, 12], [9, 13]]
    assert found["macs"] == 6984
    assert found["weights"] == {
        "in_proj_bias": [36],
        "out_proj.weight": [12, 12],
        "out_proj.bias": [12],
        "q_proj_weight": [12, 12],
        "k_proj_weight": [12, 5],
        "v_proj_weight": [12, 7],
        "bias_k": [1, 1, 12],
        "bias_v": [1, 1, 12],
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{type: multihead_attention, num_heads: 5}", [("SC105", "num_heads")]),
        ("{type: multihead_attention, num_heads: 0}", [("SC106", "num_heads")]),
        ("{type: multihead_attention, num_heads: 2, embed_dim: 8}", [("SC101", "embed_dim")]),
        ("{type: multihead_attention, num_heads: 2, kdim: 8}", [("SC101", "kdim")]),
        (
            "{type: multihead_attention, num_heads: 2, batch_first: false}",
            [("SC106", "batch_first")],
        ),
        ("{type: multihead_attention, num_heads: 2, from: [x, kv]}", [("SC101", "from")]),
        ("{type: multihead_attention, num_heads: 2, kdim: 6, vdim: 6, from: [x, kv]}", []),
        ("{type: multihead_attention, num_heads: 2, from: [x, x, short]}", [("SC104", "from")]),
        ("{type: multihead_attention, num_heads: 2, from: [x, image]}", [("SC103", "from")]),
        ("{type: transformer_encoder_layer, nhead: 5}", [("SC105", "nhead")]),
        ("{type: transformer_encoder_layer, nhead: 2, d_model: 8}", [("SC101", "d_model")]),
        ("{type: transformer_decoder_layer, nhead: 2, from: [x, kv]}", [("SC101", "from")]),
        ("{type: transformer_encoder, nhead: 2, num_layers: 0}", [("SC106", "num_layers")]),
        ("{type: transformer_encoder, nhead: 2, num_layers: 9999}", [("SC007", "num_layers")]),
        (
            "{type: transformer_encoder_layer, nhead: 2, activation: tanh}",
            [("SC004", "activation")],
        ),
    ],
)
def test_what_is_refused(text: str, found: list[tuple[str, str]]) -> None:
    more = {"kv": [7, 6], "short": [5, 12], "image": [3, 8, 8]}
    text = text if "from" in text else text.replace("{", "{from: x, ", 1)
    assert complaints([9, 12], text, inputs=more) == found


def test_another_size_of_keys_names_the_fields_to_write() -> None:
    text = "{type: multihead_attention, num_heads: 2, from: [x, kv]}"
    (found,) = model([9, 12], text, inputs={"kv": [7, 6]})["diagnostics"]
    assert found["help"] == "write kdim: 6, vdim: 6"


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("{type: transformer_encoder_layer, nhead: 8}", 3_152_384),
        ("{type: transformer_decoder_layer, nhead: 8, from: [prev, input]}", 4_204_032),
        ("{type: transformer_encoder, nhead: 8, num_layers: 6}", 6 * 3_152_384),
        ("{type: transformer_encoder, nhead: 8, num_layers: 6, norm: true}", 6 * 3_152_384 + 1024),
        (
            "{type: transformer_decoder, nhead: 8, num_layers: 6, from: [prev, input]}",
            6 * 4_204_032,
        ),
        ("{type: transformer, from: [input, prev]}", 44_140_544),
    ],
)
def test_transformers(text: str, params: int) -> None:
    outputs, found, _ = figures([50, 512], text)
    assert outputs == [[50, 512]]
    assert found == params


def test_the_target_comes_out_of_a_transformer() -> None:
    text = "{type: transformer, from: [x, target], nhead: 3, num_encoder_layers: 2, "
    text += "num_decoder_layers: 3, dim_feedforward: 20}"
    outputs, _, macs = figures([9, 12], text, inputs={"target": [5, 12]})
    assert outputs == [[5, 12]]
    assert macs == 55_872


def test_weights_of_a_stack_by_name() -> None:
    text = "{type: transformer_encoder, nhead: 2, dim_feedforward: 16, num_layers: 2, bias: false}"
    weights = layer([9, 12], text)["weights"]
    assert list(weights)[:6] == [
        "layers.0.self_attn.in_proj_weight",
        "layers.0.self_attn.out_proj.weight",
        "layers.0.linear1.weight",
        "layers.0.linear2.weight",
        "layers.0.norm1.weight",
        "layers.0.norm2.weight",
    ]
    assert weights["layers.1.linear1.weight"] == [16, 12]
    assert len(weights) == 12
