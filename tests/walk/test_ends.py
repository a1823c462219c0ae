"""Inputs, outputs, models that feed each other, and what the command line overrides."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc import check
from tests.checking import errors

TWO = """
inputs: {image: [3, 32, 32], hint: {shape: [8], dtype: float32}}
layers:
  - {type: conv2d, name: seen, from: image, out_channels: 8, kernel_size: 3}
  - {type: global_avg_pool2d, name: pooled}
  - {type: concat, name: joined, from: [pooled, hint]}
  - {type: linear, name: fc, out_features: 10}
"""


def outputs(text: str) -> dict[str, Any]:
    import yaml

    (model,) = check(yaml.safe_load(text)).models
    return dict(model.outputs)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", {"fc": (10,)}),
        ("outputs: [seen, fc]", {"seen": (8, 30, 30), "fc": (10,)}),
        ("outputs: {logits: fc, seen: pooled}", {"logits": (10,), "seen": (8,)}),
        ("outputs: [hint]", {"hint": (8,)}),
    ],
)
def test_outputs(said: str, expected: dict[str, Any]) -> None:
    assert outputs(TWO + said) == expected


@pytest.mark.parametrize(
    ("said", "code", "message"),
    [
        ("outputs: [nobody]", "SC006", "output 'nobody': no layer 'nobody'"),
        ("outputs: {logits: fd}", "SC006", "no layer 'fd'"),
        ("outputs: [prev.0.x]", "SC006", ""),
        ("expect: {logits: [10]}", "SC006", "`expect` names no output 'logits'"),
        ("outputs: [seen, fc]\nexpect: [10]", "SC006", "the model has 2 outputs"),
        ("outputs: [seen, fc]\nexpect: {fc: [11]}", "SC108", "output `fc` is 10"),
        ("outputs: [seen, fc]\nexpect: {fc: [10], seen: [8, 30, 31]}", "SC108", "output `seen`"),
    ],
)
def test_wrong_outputs(said: str, code: str, message: str) -> None:
    (found,) = errors(TWO + said)
    assert found.code == code
    assert message in found.message
    assert found.help


def test_the_first_of_several_inputs_is_named() -> None:
    text = "inputs: {a: [4], b: [4]}\nlayers:\n  - {type: linear, out_features: 4}\n"
    (found,) = errors(text)
    assert (found.code, found.line) == ("SC006", 3)
    assert "from: a" in (found.help or "")
    assert errors(text.replace("linear,", "linear, from: b,")) == []


@pytest.mark.parametrize("reference", ["input", "prev"])
def test_neither_input_nor_prev_at_the_start(reference: str) -> None:
    text = f"inputs: {{a: [4], b: [4]}}\nlayers:\n  - {{type: add, from: [a, {reference}]}}\n"
    (found,) = errors(text)
    assert (found.code, found.column) == ("SC006", 27)


GAN = """
vars: {latent: 16, wide: 4 * latent}
---
name: generator
input: [latent, 1, 1]
layers:
  - {type: conv_transpose2d, out_channels: wide, kernel_size: 4}
  - {type: conv_transpose2d, out_channels: 3, kernel_size: 4, stride: 2, padding: 1}
---
name: critic
input: %s
layers:
  - {type: conv2d, in_channels: %d, out_channels: 1, kernel_size: %d}
"""


def test_models_feed_each_other() -> None:
    assert errors(GAN % ("generator", 3, 8)) == []
    # Each model's mistake is said once, in the model that makes it.
    assert [(e.code, e.line) for e in errors(GAN % ("generator", 3, 9))] == [("SC102", 12)]
    assert [(e.code, e.line) for e in errors(GAN % ("generator", 4, 8))] == [("SC101", 12)]


@pytest.mark.parametrize(
    ("name", "help"), [("genrator", "did you mean `generator`?"), ("critic", "generator")]
)
def test_an_input_names_an_earlier_model(name: str, help: str) -> None:
    (found,) = errors(GAN % (name, 3, 8))
    assert (found.code, found.line) == ("SC006", 10)
    assert help in (found.help or "")


def test_a_model_with_several_outputs_is_no_input() -> None:
    text = (GAN % ("generator", 3, 8)).replace(
        "padding: 1}\n---", "padding: 1, name: z}\noutputs: {a: z, b: z}\n---"
    )
    (found,) = errors(text)
    assert (found.code, "2 outputs" in found.message) == ("SC006", True)


def test_what_all_models_share_is_said_once() -> None:
    text = (GAN % ("generator", 3, 8)).replace("4 * latent", "latent / 0")
    assert [(e.code, e.line) for e in errors(text)] == [("SC004", 1)]


NET = """
input: [3, 32, 32]
vars: {ndf: 8, twice: 2 * ndf}
layers:
  - {type: conv2d, out_channels: twice, kernel_size: 3, expect: [16, 30, _]}
  - {type: relu, expect: [twice, _, _]}
expect: [16, 30, 30]
"""


@pytest.mark.parametrize(
    ("settings", "shape", "skipped"),
    [
        ({}, (16, 30, 30), 0),
        ({"set": {"ndf": 5}}, (10, 30, 30), 2),
        ({"set": {"twice": 7}}, (7, 30, 30), 2),
        ({"inputs": {"": (3, 64, 48)}}, (16, 62, 46), 2),
        ({"inputs": {"input": (1, 9, 9)}}, (16, 7, 7), 2),
        ({"set": {"ndf": 1}, "inputs": {"": (3, 5, 5)}}, (2, 3, 3), 2),
    ],
)
def test_overrides(settings: dict[str, Any], shape: tuple[int, ...], skipped: int) -> None:
    import yaml

    (model,) = check(yaml.safe_load(NET), **settings).models
    assert list(model.outputs.values()) == [shape]
    assert model.skipped_expects == skipped
    assert not model.diagnostics or all(d.severity != "error" for d in model.diagnostics)


def test_an_expect_without_numbers_is_never_skipped() -> None:
    text = NET.replace("[twice, _, _]", "[ndf, _, _]").replace("expect: [16, 30, 30]", "")
    for settings in ({}, {"set": {"ndf": 4}}, {"inputs": {"": (3, 16, 16)}}):
        assert [e.code for e in errors(text, **settings)] == ["SC108"]


def test_an_override_reaches_the_models_that_are_fed() -> None:
    larger = {"generator": (16, 2, 2)}
    assert errors(GAN % ("generator", 3, 10), inputs=larger) == []
    assert [(e.code, e.line) for e in errors(GAN % ("generator", 3, 11), inputs=larger)] == [
        ("SC102", 12)
    ]
