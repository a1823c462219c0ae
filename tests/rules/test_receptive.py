"""SC316 and SC323: where branches look, and how far."""

from __future__ import annotations

import pytest

from tests.rules.graphs import conv, found, keras_stack, paths, stack

UP = "{type: upsample, scale_factor: 2, mode: bilinear}"
ADD = "{type: add, from: [input, prev]}"
POOL = "{type: avg_pool2d, kernel_size: 2}"


@pytest.mark.parametrize(
    ("branch", "aligned"),
    [
        ([conv(3, padding=1)], True),
        ([conv(3, padding=2), "{type: crop, cropping: [[2, 0], [2, 0]]}"], False),
        ([POOL, UP], True),
        ([conv(3, stride=2, padding=1), UP], False),
        ([conv(4, stride=2, padding=1), UP], True),
        (["{type: zero_pad2d, padding: [2, 0, 2, 0]}", conv(3)], True),  # causal
        (["{type: adaptive_avg_pool2d, output_size: 1}"], True),
        (["{type: upsample, size: 31}", "{type: zero_pad2d, padding: [0, 1, 0, 1]}"], False),
    ],
)
def test_misaligned_merge(branch: list[str], aligned: bool) -> None:
    text = stack(*branch, ADD)
    assert paths("SC316", text) == ([] if aligned else [f"layers[{len(branch)}]"])


def test_what_is_said() -> None:
    ((_, drift),) = found(
        "SC316",
        stack("{type: upsample, size: 31}", "{type: zero_pad2d, padding: [0, 1, 0, 1]}", ADD),
    )
    assert drift.startswith("its branches drift apart: `input` from 0 on and zero_pad2d from ")
    ((_, apart),) = found("SC316", stack(conv(3, stride=2, padding=1), UP, ADD))
    assert apart == (
        "its branches look at different places of the input: `input` from 0 on and upsample from "
        "-0.5 on"
    )


def test_what_a_concat_joins_need_not_be_aligned() -> None:
    text = stack("{type: concat, dim: 2, from: [input, input]}")
    assert found("SC316", text) == []
    shifted = "{type: crop, cropping: [[2, 0], [2, 0]]}"
    padded = stack(conv(3, padding=2), shifted, "{type: concat, from: [input, prev]}")
    assert len(found("SC316", padded)) == 1


def test_keras_same_padding_shifts() -> None:
    """A stride of 2 pads a 3×3 kernel at the end alone, and a 1×1 kernel nowhere."""
    branches = (
        "{type: parallel, branches: ["
        "[{type: conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: same}], "
        "[{type: conv2d, out_channels: 8, kernel_size: 1, stride: 2, padding: same}]]}"
    )
    assert len(found("SC316", keras_stack(branches, shape="[32, 32, 3]"))) == 1


@pytest.mark.parametrize(
    ("layers", "where"),
    [
        ([conv(3, padding=1), "global_avg_pool2d"], ["layers[0]"]),
        ([conv(3, padding=1), "{type: mean, dim: [2, 3]}"], ["layers[0]"]),
        ([conv(33, padding=16), "global_avg_pool2d"], []),
        # A linear layer looks at all cells, each with weights of its own.
        ([conv(3, padding=1), "flatten", "{type: linear, out_features: 4}"], []),
        # A gate.
        ([conv(3, padding=1),
          "{type: parallel, merge: multiply, branches: [[], [global_avg_pool2d, "
          "{type: reshape, shape: [8, 1, 1]}]]}"], []),
        ([conv(33, padding=16), conv(33, padding=16), conv(3, padding=1)], ["layers[2]"]),
        ([conv(33, padding=16), conv(33, padding=16), conv(1)], []),
        ([conv(33, padding=16), conv(3, padding=1)], []),
    ],
)  # fmt: skip
def test_receptive_field(layers: list[str], where: list[str]) -> None:
    assert paths("SC323", stack(*layers)) == where


def test_only_the_first_of_many_is_reported() -> None:
    assert len(found("SC323", stack(*[conv(33, padding=16)] * 5))) == 1
