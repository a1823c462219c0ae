"""What a container or block reads of what stands before it, and what `type` means in a block."""

from __future__ import annotations

import pytest
import yaml

import shapecalc
from tests.checking import codes, findings

SOURCE = "{type: parameter, name: p, shape: [32]}"


@pytest.mark.parametrize(
    ("layers", "reads"),
    [
        (f"[{SOURCE}, {{type: linear, from: p, out_features: 3}}]", False),
        (f"[{SOURCE}, {{type: linear, from: p, out_features: 3}}, relu]", False),
        (f"[{SOURCE}, {{type: sequential, from: p, layers: [relu]}}]", False),
        (f"[{{type: sequential, layers: [{SOURCE}, {{type: relu, from: p}}]}}]", False),
        (f"[{{type: parallel, branches: [[{SOURCE}, {{type: relu, from: p}}]]}}]", False),
        (f"[{SOURCE}]", True),  # it yields its input
        ("[]", True),
        (f"[{SOURCE}, relu]", True),
        (f"[{SOURCE}, {{type: add, from: [p, prev]}}]", True),
        (f"[{SOURCE}, {{type: relu, from: p, when: in_channels > 3}}]", True),
        (f"[{SOURCE}, {{type: relu, name: r, from: p}}, {{type: add, from: [r, input]}}]", True),
        (f"[{{type: residual, body: [{SOURCE}, {{type: relu, from: p}}]}}]", True),
        (f"[{{type: parallel, branches: [[], [{SOURCE}, {{type: relu, from: p}}]]}}]", True),
    ],
)
@pytest.mark.parametrize("use", ["{type: sequential, layers: LAYERS}", "b"])
def test_who_reads_what_stands_before(layers: str, reads: bool, use: str) -> None:
    block = f"blocks:\n  b: {{layers: {layers}}}\n" if use == "b" else ""
    use = use.replace("LAYERS", layers)
    pieces = f"input: [16, 32]\n{block}layers: [{{type: chunk, chunks: 2}}, {use}]\n"
    assert ("SC006" in codes(pieces)) == reads
    several = f"inputs: {{a: [16, 32], b: [3]}}\n{block}layers: [{use}]\n"
    assert ("SC006" in codes(several)) == reads


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("[_, [8, 32]]", None),
        ("[_, _]", "2 axes"),
        ("[[8, 32], _]", None),
        ("[_, [8, 31]]", "features is 32, not 31"),
        ("[_, [8, 32], _]", "3 shapes"),
        ("[[8, 31], _]", "31"),
    ],
)
def test_any_shape_among_several(given: str, message: str | None) -> None:
    text = f"""
    input: [16, 32]
    layers:
      - {{type: chunk, name: c, chunks: 2, expect: {given}}}
      - {{type: add, from: [c.0, c.1]}}
    """
    found = [one.message for one in findings(text) if one.code == "SC108"]
    assert bool(found) == (message is not None)


def test_any_shape_of_an_output() -> None:
    model = "input: [16, 32]\nlayers: [{type: relu, name: r}, {type: softmax, name: s, dim: 1}]\n"
    assert codes(f"{model}outputs: [r, s]\nexpect: {{r: _, s: [16, 32]}}\n") == []
    assert codes(f"{model}outputs: [r, s]\nexpect: {{r: _, s: [16, 31]}}\n") == ["SC108"]


BLOCK = """
input: [16, 32]
VARS
blocks:
  b:
    params: {PARAMS}
    layers: [LAYERS]
layers: [USE]
"""


@pytest.mark.parametrize(
    ("params", "layers", "use", "ran"),
    [
        # A parameter goes before the layer type it is called like ...
        ("relu: gelu", "relu", "b", ["gelu"]),
        ("relu: relu", "relu", "{type: b, relu: tanh}", ["tanh"]),
        ("softmax: gelu", "{type: softmax}", "b", ["gelu"]),
        ("relu", "relu", "{type: b, relu: tanh}, {type: b, relu: gelu}", ["tanh", "gelu"]),
        # ... unless it holds no word.
        ("dropout: 0.1", "{type: dropout, p: dropout}", "b", ["dropout"]),
        ("dropout", "{type: dropout, p: dropout}", "{type: b, dropout: 0.1}", ["dropout"]),
        ("norm: layer_norm", "norm", "b", ["layer_norm"]),
    ],
)
def test_a_parameter_named_like_a_layer_type(
    params: str, layers: str, use: str, ran: list[str]
) -> None:
    text = BLOCK.replace("VARS", "").replace("PARAMS", params)
    found = _types(text.replace("LAYERS", layers).replace("USE", use))
    assert found == ran


def test_a_value_named_like_a_layer_type() -> None:
    text = BLOCK.replace("PARAMS", "").replace("LAYERS", "relu, {type: linear, out_features: 3}")
    text = text.replace("USE", "b, relu").replace("VARS", "vars: {relu: gelu, linear: 3}")
    assert _types(text) == ["gelu", "linear", "gelu"]


def _types(text: str) -> list[str]:
    (model,) = shapecalc.check(yaml.safe_load(text)).to_dict()["models"]
    assert model["ok"], model["diagnostics"]
    return [layer["type"] for layer in model["layers"]]
