"""``share`` and ``trainable``: what is counted, once and as what."""

from __future__ import annotations

import pytest

from shapecalc import check
from tests.checking import errors


def totals(layers: str, head: str = "") -> tuple[int, int]:
    """All parameters of a model of eight features, and those that are trained."""
    import yaml

    spec = yaml.safe_load(f"input: [8]\n{head}layers:\n{layers}")
    (model,) = check(spec).models
    found = model.to_dict()["totals"]
    return found["params"], found["trainable_params"]


ONE = "  - {type: linear, name: one, out_features: 8}\n"
BLOCK = (
    "blocks:\n  unit:\n    layers:\n      - {type: linear, out_features: 8}\n      - relu\n"
    "      - {type: linear, out_features: 8, bias: false}\n"
)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (ONE, (72, 72)),
        (ONE + "  - {type: linear, out_features: 8}\n", (144, 144)),
        (ONE + "  - {type: linear, out_features: 8, share: one}\n", (72, 72)),
        (ONE + "  - {type: linear, out_features: 8, share: one, repeat: 3}\n", (72, 72)),
        (ONE + "  - {type: linear, out_features: 8, trainable: false}\n", (144, 72)),
        (ONE + "  - {type: linear, out_features: 8, trainable: 1 == 1}\n", (144, 144)),
        # What is shared is frozen or trained as where it belongs.
        (ONE + "  - {type: linear, out_features: 8, share: one, trainable: false}\n", (72, 72)),
        # Only what both have is shared.
        (ONE + "  - {type: linear, out_features: 8, share: one, bias: false}\n", (72, 72)),
        ("  - {type: linear, name: one, out_features: 8, bias: false}\n"
         "  - {type: linear, out_features: 8, share: one}\n", (72, 72)),
        # A chain of shares has one owner.
        (ONE + "  - {type: linear, name: two, out_features: 8, share: one}\n"
         "  - {type: linear, out_features: 8, share: two}\n", (72, 72)),
        ("  - type: sequential\n    trainable: false\n    layers:\n"
         "      - {type: linear, out_features: 8}\n"
         "      - {type: linear, out_features: 8, trainable: true}\n", (144, 0)),
    ],
)  # fmt: skip
def test_counted(layers: str, expected: tuple[int, int]) -> None:
    assert totals(layers) == expected


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("  - {type: unit, name: a}\n  - unit\n", (272, 272)),
        ("  - {type: unit, name: a}\n  - {type: unit, share: a}\n", (136, 136)),
        ("  - {type: unit, name: a, trainable: false}\n  - unit\n", (272, 136)),
        ("  - {type: unit, repeat: 2, trainable: index == 0}\n", (272, 136)),
    ],
)
def test_blocks(layers: str, expected: tuple[int, int]) -> None:
    assert totals(layers, BLOCK) == expected


@pytest.mark.parametrize(
    ("second", "code", "said"),
    [
        ("{type: linear, out_features: 9, share: one}", "SC101", "that of `one`, which it is to"),
        ("{type: relu, share: one}", "SC101", "it has 0 layers with weights, `one` has 1"),
        ("{type: layer_norm, share: one}", "SC101", "weight is 8, that of `one`"),
        ("{type: linear, out_features: 8, share: onne}", "SC006", "no layer 'onne'"),
        ("{type: linear, out_features: 8, share: later}", "SC006", "it comes later"),
        # What is wrong with its input is why its weight is another: said once.
        ("{type: linear, in_features: 9, out_features: 8, share: one}", "SC101", "in_features is"),
    ],
)
def test_refused(second: str, code: str, said: str) -> None:
    last = "  - {type: linear, name: later, out_features: 8}\n"
    (found,) = errors(f"input: [8]\nlayers:\n{ONE}  - {second}\n{last}")
    assert (found.code, found.line) == (code, 4)
    assert said in found.message
    assert found.help


@pytest.mark.parametrize(("value", "code"), [("3", "SC002"), ("1 + 1", "SC004"), ("no", "SC004")])
def test_trainable_is_true_or_false(value: str, code: str) -> None:
    (found,) = errors(
        f"input: [8]\nlayers:\n  - {{type: linear, out_features: 8, trainable: {value}}}\n"
    )
    assert (found.code, found.line) == (code, 3)
