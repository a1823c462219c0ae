"""What would mend a model that does not fit: it does mend it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.checker import Settings, check_source
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.fix import fix_source
from shapecalc.spec.source import Source

UNET = """
input: [3, {size}, {size}]
layers:
  - {{type: conv2d, name: a, out_channels: 8, kernel_size: 3, padding: 1}}
  - {{type: max_pool2d, kernel_size: 2}}
  - {{type: conv2d, name: b, out_channels: 8, kernel_size: 3, padding: 1}}
  - {{type: max_pool2d, kernel_size: 2}}
  - {{type: upsample, scale_factor: 2}}
  - {{type: concat, name: up, from: [prev, b]}}
  - {{type: upsample, scale_factor: 2}}
  - {{type: concat, from: [prev, a]}}
"""


def errors(text: str) -> list[Diagnostic]:
    found = check_source(Source("model.yaml", text)).diagnostics
    return [one for one in found if one.severity is Severity.ERROR]


def fixed(text: str) -> str:
    return fix_source(Source("model.yaml", text), Settings()).source.text


@pytest.mark.parametrize(("size", "near"), [(50, (48, 52)), (63, (60, 64)), (5, (4, 8))])
def test_the_nearest_inputs_of_a_unet(size: int, near: tuple[int, ...]) -> None:
    (one, *_) = errors(UNET.format(size=size))
    shapes = " or ".join(f"3×{n}×{n}" for n in near)
    assert (one.help or "").endswith(f"it fits with an input of {shapes}")


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 90))
def test_inputs_that_are_proposed_fit(size: int) -> None:
    for one in errors(UNET.format(size=size)):
        proposed = [int(n) for n in re.findall(r"3×(\d+)×\1", one.help or "")]
        assert proposed
        for near in proposed:
            assert not errors(UNET.format(size=near))


def test_axes_of_unequal_sizes() -> None:
    text = UNET.format(size=50).replace("[3, 50, 50]", "[3, 50, 64]")
    assert "it fits with a height of 48 or 52" in (errors(text)[0].help or "")


def test_a_dense_layer_after_a_flatten() -> None:
    (one,) = errors(
        "input: [3, 30, 30]\nlayers: [{type: max_pool2d, kernel_size: 4}, flatten, "
        "{type: linear, in_features: 192, out_features: 2}]"
    )
    assert "it fits with an input of 3×32×32" in (one.help or "")


DECODER = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1}
  - {type: conv_transpose2d, name: up, out_channels: 3, kernel_size: 3, stride: 2, padding: 1}
  - {type: add, from: [input, up]}
"""


def test_the_missing_output_padding_is_written() -> None:
    (one,) = errors(DECODER)
    assert "output_padding: 1 instead of 0 in conv_transpose2d `up` at line 5" in (one.help or "")
    after = fixed(DECODER)
    assert after == DECODER.replace(
        "padding: 1}\n  - {type: add", "padding: 1, output_padding: 1}\n  - {type: add"
    )
    assert not errors(after)


def test_the_missing_padding_is_written() -> None:
    text = (
        "input: [3, 64, 64]\nlayers:\n"
        "  - {type: conv2d, out_channels: 8, kernel_size: 3, expect: [8, 64, 64]}\n"
    )
    assert fixed(text) == text.replace("expect: [8, 64, 64]", "expect: [8, 64, 64], padding: 1")


def test_the_output_of_the_model() -> None:
    text = DECODER.replace("  - {type: add, from: [input, up]}\n", "expect: [3, 64, 64]\n")
    assert not errors(fixed(text))


def test_what_each_step_of_a_decoder_lacks() -> None:
    """The layers alike come before another kernel; which of the two is meant nobody knows."""
    text = (
        "input: [3, 64, 64]\nlayers:\n"
        "  - {type: conv2d, out_channels: 8, kernel_size: 4, stride: 4}\n"
        "  - {type: conv_transpose2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1}\n"
        "  - {type: conv_transpose2d, out_channels: 3, kernel_size: 3, stride: 2, padding: 1}\n"
        "expect: [3, 64, 64]\n"
    )
    (one,) = errors(text)
    way = "output_padding: 1 instead of 0 in each conv_transpose2d (lines 4 and 5) makes it fit"
    assert (one.help or "").startswith(way)
    assert fixed(text) == text
    assert not errors(text.replace("padding: 1}", "padding: 1, output_padding: 1}"))


@pytest.mark.parametrize(("size", "near"), [(32, 64), (63, 64), (2, 64)])
def test_the_input_of_a_network_that_is_too_deep(size: int, near: int) -> None:
    text = "input: [3, {0}, {0}]\nlayers: [{{type: max_pool2d, kernel_size: 2, repeat: 6}}]"
    (one,) = errors(text.format(size))
    assert (one.help or "").endswith(f"it fits with an input of 3×{near}×{near}")
    assert not errors(text.format(near))


def test_a_network_that_no_input_fits() -> None:
    (one,) = errors(
        "input: [3, 32, 32]\nlayers: [{type: adaptive_avg_pool2d, output_size: 4}, "
        "{type: conv2d, out_channels: 3, kernel_size: 5}]"
    )
    assert "it fits" not in (one.help or "")


def test_where_two_layers_may_be_meant_nothing_is_written() -> None:
    text = (
        "input: [3, 64, 64]\nlayers:\n"
        "  - {type: conv2d, out_channels: 8, kernel_size: 3}\n"
        "  - relu\n"
        "  - {type: conv2d, out_channels: 8, kernel_size: 3, expect: [8, 62, 62]}\n"
    )
    (one,) = errors(text)
    assert "padding: 1" in (one.help or "")
    assert fixed(text) == text


def test_what_is_computed_is_not_overwritten() -> None:
    text = (
        "input: [3, 64, 64]\nvars: {pad: 0}\nlayers:\n"
        "  - {type: conv2d, out_channels: 8, kernel_size: 3, padding: pad, expect: [8, 64, 64]}\n"
    )
    assert fixed(text) == text
