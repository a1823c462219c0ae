"""``expect``: what an assertion means, and what is said where it does not hold."""

from __future__ import annotations

import pytest

from tests.checking import errors


def spec(layer: str, shape: str = "[8, 16, 16]") -> str:
    return f"input: {shape}\nvars: {{w: 8}}\nlayers:\n  - {layer}\n"


CONV = "type: conv2d, out_channels: 8, kernel_size: 3, padding: 1"
LSTM = "type: lstm, hidden_size: 4"


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (f"{{{CONV}, expect: [8, 16, 16]}}", "[8, 16, 16]"),
        (f"{{{CONV}, expect: [_, 16, _]}}", "[8, 16, 16]"),
        (f"{{{CONV}, expect: [w, 2 * w, 16]}}", "[8, 16, 16]"),
        (f"{{{CONV}, expect: ['max(w, 4)', 16, 16]}}", "[8, 16, 16]"),
        (f"{{{LSTM}, expect: [[9, 4], [1, 4], [1, 4]]}}", "[9, 3]"),
        (f"{{{LSTM}, expect: [9, 4]}}", "[9, 3]"),
        ("{type: chunk, chunks: 2, expect: [[4, 16, 16], [4, _, 16]]}", "[8, 16, 16]"),
        ("{type: relu, expect: []}", "[]"),
    ],
)
def test_holds(layer: str, shape: str) -> None:
    assert [one.message for one in errors(spec(layer, shape))] == []


@pytest.mark.parametrize(
    ("layer", "shape", "said", "help"),
    [
        (f"{{{CONV}, expect: [9, 16, 16]}}", "[8, 16, 16]", "channels are 8, not 9",
         "write out_channels: 9"),
        (f"{{{CONV}, expect: [8, 15, 16]}}", "[8, 16, 16]",
         "height is 16, not 15: ⌊(16 + 2×1 - 1×(3 - 1) - 1)/1 + 1⌋ = 16", "expect: [8, 16, 16]"),
        (f"{{{CONV}, expect: [8, 14, 14]}}", "[8, 16, 16]", "height and width are 16, not 14",
         "write padding: 0"),
        (f"{{{CONV}, expect: [8, 8, 8]}}", "[8, 16, 16]", "are 16, not 8", "write stride: 2"),
        ("{type: max_pool2d, kernel_size: 2, expect: [8, 16, 16]}", "[8, 16, 16]",
         "are 8, not 16", "expect: [8, 8, 8]"),
        (f"{{{CONV}, expect: [8, 16]}}", "[8, 16, 16]", "3 axes, not 2", "expect: [8, 16, 16]"),
        (f"{{{LSTM}, expect: [9, 5]}}", "[9, 3]", "9×4, expect says 9×5", "expect: [9, 4]"),
        (f"{{{LSTM}, expect: [[9, 4], [1, 5], [1, 4]]}}", "[9, 3]", "expect says 1×5", "[1, 4]"),
        ("{type: adaptive_avg_pool2d, output_size: 4, expect: [8, 5, 5]}", "[8, 16, 16]",
         "are 4, not 5", "output_size: [5, 5]"),
        ("{type: linear, out_features: 4, expect: [5]}", "[8]", "expect says 5",
         "write out_features: 5"),
    ],
)  # fmt: skip
def test_does_not_hold(layer: str, shape: str, said: str, help: str) -> None:
    (found,) = errors(spec(layer, shape))
    assert (found.code, found.line) == ("SC108", 4)
    assert said in found.message
    assert help in (found.help or "")


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ("3", "SC002"), ("[8, [1], 16]", "SC002"), ("[8, 2.5, 16]", "SC002"),
        ("[8, 0, 16]", "SC002"),
        ("[8, -1, 16]", "SC002"), ("[8, w / 16, 16]", "SC004"), ("[8, hight, 16]", "SC004"),
        ("[8, true, 16]", "SC002"),
    ],
)  # fmt: skip
def test_is_no_shape(expect: str, code: str) -> None:
    (found,) = errors(spec(f"{{{CONV}, expect: {expect}}}"))
    assert (found.code, found.line) == (code, 4)


def test_the_number_of_outputs() -> None:
    (found,) = errors(spec(f"{{{LSTM}, expect: [[9, 4], [1, 4]]}}", "[9, 3]"))
    assert (found.code, "3 outputs, expect lists 2 shapes" in found.message) == ("SC108", True)


def test_the_check_goes_on_with_what_is_declared() -> None:
    wrong = spec(f"{{{CONV}, expect: [9, 16, 16]}}")
    declared = "  - {type: conv2d, in_channels: 9, out_channels: 8, kernel_size: 1}\n"
    assert [e.code for e in errors(wrong + declared)] == ["SC108"]
    # ... unless the computed one leaves fewer findings.
    assert [e.code for e in errors(wrong + declared.replace("9", "8"))] == ["SC108"]


def test_a_shape_of_another_rank_tells_nothing_of_the_rest() -> None:
    wrong = spec(f"{{{CONV}, expect: [2048]}}")
    reader = "  - {type: conv2d, in_channels: 9, out_channels: 8, kernel_size: 1}\n"
    assert [(e.code, e.line) for e in errors(wrong + reader)] == [("SC108", 4), ("SC101", 5)]
    linear = "  - {type: linear, in_features: 2048, out_features: 8}\n"
    assert [(e.code, e.line) for e in errors(wrong + linear)] == [("SC108", 4)]
