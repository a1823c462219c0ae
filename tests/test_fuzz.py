"""A little of what ``python -m tests.fuzz`` does: whatever the bytes, they end in a report."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import commands
from tests.fuzz.inputs import EXPRESSIONS, NUMBERS, YAML, Inputs
from tests.fuzz.trial import alarm, attempt, small_limits
from tests.render.hostile import quoted

#: How long an input may take, in seconds of the processor: generous, a machine may be slow.
SECONDS = 60.0

#: What the fuzzer found, once: (text, why it is here).
FOUND = [
    (
        "input: [3, 65, 65]\nlayers: [{type: conv2d, ut_channels: 8, out_hannels: 8}]",
        "two keys that are mended to one",
    ),
    ("framework: keras\ninput: [4]\nlayers: [{type: dot, axes: 1, x: 1}]", "two unknown inputs"),
    (
        "input: [4]\nlayers: [{type: max_unpool3d, kernel_size: {a: 1}, stride: true, "
        "indices: [8]}]",
        "a field that nothing can be tried for",
    ),
    (
        "input: [3, 100000164, 64]\nlayers: [{type: conv2d, out_channels: 8, kernel_size: 3, "
        "stride: 2}]",
        "a very long axis",
    ),
    (
        "vars: {classe#s: 10}\ninput: [4]\nlayers:\n  - {type: linear, out_features: classes}",
        "the nearest name is none",
    ),
    (
        "input: [3, 8, 8]\nlayers:\n  - {type: conv2d, out_channels: 32, kernel_size: 3}\n"
        + "  - {type: batch_norm2d, num_features: 64}\n" * 9,
        "each fix lets another one be found",
    ),
    ("name: encode\tr\ninput: [16]\nlayers: [relu]\n---\nname: a: b", "a tab in a name"),
    (f"input: [1]\nlayers: [{quoted('##vso[task.complete result=Failed]')}]", "a forged command"),
    (
        "framework: keras\ninput: [4]\nlayers: [{type: dense, out_features: 2, "
        'activation: "tanh_shrnk "}]',
        "a word with a blank that is mended to itself",
    ),
    (
        "dims: [H, W]\ninput: [3, H, W]\nlayers:\n  - {type: conv2d, name: wide, out_channels: 16, "
        'kernel_size: 3, padding: 1}\n  - {type: max_pool2d, kernel_size: 2, expect: [16, ["", '
        "wide], W/2]}\n  - {type: reshape, out_channels: 16, kernel_size: 2, stride: 2}\n"
        '  - {type: concat, from: ["", wide]}\nexpect: [1, H, H, W]',
        "values for names were looked for where no value mends what is wrong",
    ),
]


def whole(data: bytes, folder: Path) -> int:
    with small_limits(), alarm(SECONDS):
        return attempt(data, folder, whole=True)


@pytest.mark.parametrize(("text", "why"), FOUND, ids=[why for _, why in FOUND])
def test_what_was_found(text: str, why: str, tmp_path: Path) -> None:
    assert whole(text.encode(), tmp_path) in (0, 1)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    with small_limits(), alarm(SECONDS):
        assert attempt(data, tmp_path) in (0, 1, 2)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0))
def test_what_is_nearly_a_spec(tmp_path: Path, seed: int) -> None:
    with small_limits(), alarm(SECONDS):
        assert attempt(Inputs(seed).draw(), tmp_path) in (0, 1, 2)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0))
def test_commands_on_what_is_nearly_a_spec(tmp_path: Path, seed: int) -> None:
    with small_limits(), alarm(SECONDS):
        assert commands.attempt(commands.Commands(seed).draw(), tmp_path / "files") in (0, 1, 2)


@pytest.mark.parametrize("value", [*EXPRESSIONS, *NUMBERS, *YAML], ids=lambda value: value[:30])
def test_any_value(value: str, tmp_path: Path) -> None:
    text = f"input: [3, 8, 8]\nvars:\n  a: {value}\nlayers:\n  - {{type: dropout, p: {value}}}\n"
    with small_limits(), alarm(SECONDS):
        assert attempt(text.encode("utf-8", "surrogatepass"), tmp_path) in (0, 1, 2)
