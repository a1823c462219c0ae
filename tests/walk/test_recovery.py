"""After an error: what is unknown raises nothing, what is certain is still checked."""

from __future__ import annotations

from textwrap import indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checking import errors


def found(layers: str, head: str = "input: [8, 32, 32]\n") -> list[tuple[str, int]]:
    """The codes of the errors, and at which of the layers they are."""
    lines = head.count("\n") + 1
    text = f"{head}layers:\n{indent(layers, '  ')}\n"
    return [(one.code, one.line - lines) for one in errors(text)]


CONV = "- {type: conv2d, out_channels: 8, kernel_size: 3, padding: 1%s}\n"
GOOD = CONV % ""

#: A wrong layer, and the one error of it.
WRONG = [
    (CONV % ", in_channels: 9", "SC101"),
    ("- {type: conv2d, out_channels: 8, kernel_size: 99}\n", "SC102"),
    ("- {type: conv1d, out_channels: 8, kernel_size: 3}\n", "SC103"),
    (CONV % ", groups: 5", "SC105"),
    (CONV % ", stride: 0", "SC106"),
    (CONV % ", expect: [9, 32, 32]", "SC108"),
    (CONV % ", kernal: 3", "SC002"),
    (CONV % ", stride: [1, a]", "SC004"),
    (CONV % ", from: nobody", "SC006"),
    (CONV % ", dilation: 1 // 0", "SC004"),
    (CONV % ", repeat: -1", "SC002"),
    (CONV % ", when: 1 + 1", "SC004"),
    ("- {type: cnov2d, out_channels: 8, kernel_size: 3}\n", "SC003"),
    ("- {type: qqqqqqq, out_channels: 8, kernel_size: 3}\n", "SC003"),
    ("- {out_channels: 8, kernel_size: 3}\n", "SC002"),
    ("- {type: add}\n", "SC002"),
    ("- {type: concat, from: [input, nobody]}\n", "SC006"),
    ("- 7\n", "SC002"),
]  # fmt: skip

#: What cannot be known behind a wrong layer must not be complained of.
READERS = [
    GOOD, "- relu\n", "- batch_norm2d\n", "- {type: max_pool2d, kernel_size: 2}\n",
    "- {type: residual, body: [{type: conv2d, out_channels: in_channels, kernel_size: 1}]}\n",
    "- {type: parallel, branches: [[], [relu]]}\n", "- {type: flatten}\n",
    "- {type: chunk, name: c, chunks: 2}\n- {type: relu, from: c.0}\n",
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code"), WRONG)
@pytest.mark.parametrize("reader", READERS)
def test_one_error_and_no_follow_up(wrong: str, code: str, reader: str) -> None:
    assert found(GOOD + wrong + reader) == [(code, 2)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WRONG), min_size=2, max_size=3, unique=True))
def test_each_error_of_several_branches(wrong: list[tuple[str, str]]) -> None:
    """Branches do not hide one another's errors."""
    layers = "".join(
        f"- {{type: sequential, name: s{n}, from: input, layers: [{layer[2:-1]}]}}\n"
        for n, (layer, _) in enumerate(wrong)
    )
    assert found(layers) == [(code, n + 1) for n, (_, code) in enumerate(wrong)]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        # The channels of the first are certain although its window is not.
        (CONV % ", stride: 0", CONV % ", in_channels: 9", "SC101"),
        ("- {type: conv2d, out_channels: 6, kernel_size: three}\n", CONV % ", groups: 4", "SC105"),
        # The rank is certain although no size is.
        ("- {type: conv2d, kernel_size: 3}\n",
         "- {type: conv1d, out_channels: 8, kernel_size: 3}\n", "SC103"),
        # The declared channels are wrong whatever the field is that cannot be read.
        (GOOD, CONV % ", in_channels: 9, dilation: [1, a]", "SC101"),
        # The dtype is certain.
        ("- {type: cast, dtype: int64}\n- {type: flatten, start_dim: 0}\n",
         "- {type: linear, out_features: 8}\n", "SC109"),
    ],
)  # fmt: skip
def test_what_is_certain_is_checked(first: str, second: str, code: str) -> None:
    assert code in [code for code, _ in found(first + second)]


def test_a_container_without_its_type_is_checked_inside() -> None:
    layers = "- body:\n    - {type: conv2d, in_channels: 9, out_channels: 8, kernel_size: 1}\n"
    assert found(layers) == [("SC002", 1), ("SC101", 2)]


def test_a_typo_in_a_condition_hides_nothing() -> None:
    """A ``when`` with a misspelt name of what is received is read as it was meant."""
    layers = (
        "- type: residual\n  body: [{type: conv2d, out_channels: 16, kernel_size: 1}]\n"
        "  shortcut:\n"
        "    - {type: conv2d, out_channels: 16, kernel_size: 1, when: in_chnanels != 16}\n"
        "- {type: conv2d, in_channels: 16, out_channels: 8, kernel_size: 1}\n"
    )
    assert found(layers) == [("SC004", 4)]


def test_a_declared_size_that_several_others_contradict_stands_for_nothing() -> None:
    unknown = "- {type: qqqqqqq, name: a, expect: [9, 32, 32]}\n"
    one = "- {type: relu, from: a, expect: [8, 32, 32]}\n"
    other = "- {type: tanh, from: a, expect: [8, 32, 32]}\n"
    assert found(unknown + one) == [("SC003", 1), ("SC108", 2)]
    assert found(unknown + one + other) == [("SC003", 1)]


def test_the_table_goes_past_the_error() -> None:
    from shapecalc import check

    layers = ["relu", {"type": "conv2d", "out_channels": 8, "kernel_size": 99}, "tanh"]
    layers.append({"type": "conv2d", "out_channels": 4, "kernel_size": 1, "expect": [4, 8, 8]})
    (model,) = check({"input": [3, 32, 32], "layers": [*layers, "relu"]}).models
    shapes = [layer["output_shapes"][0] for layer in model.to_dict()["layers"]]
    assert shapes == [[3, 32, 32], None, None, [4, 8, 8], [4, 8, 8]]
