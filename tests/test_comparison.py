"""Matching the layers of two versions, and limits for growth."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shapecalc
from shapecalc.budget import AmountError
from shapecalc.comparison import (
    MAX_DIFFLIB,
    Delta,
    Key,
    ModelComparison,
    compare,
    match_layers,
    parse_growth,
)
from shapecalc.report import Total

CONV = {"type": "conv2d", "name": "c", "out_channels": 4, "kernel_size": 3, "padding": 1}
FC = {"type": "linear", "name": "fc", "out_features": 2}


def keys(text: str) -> list[Key]:
    """``conv:a relu``."""
    pairs = (word.partition(":") for word in text.split())
    return [(kind, name or None) for kind, _, name in pairs]


def one(old: list[Any], new: list[Any]) -> ModelComparison:
    reports = [shapecalc.check({"input": [3, 8, 8], "layers": each}) for each in (old, new)]
    (comparison,) = compare(reports[0].models, reports[1].models)
    return comparison


def kinds(comparison: ModelComparison) -> list[tuple[str, str]]:
    return [
        (change.kind, (change.new or change.old).node.type)  # type: ignore[union-attr]
        for change in comparison.changes
    ]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("a b c", "a b c", [(0, 0), (1, 1), (2, 2)]),
        ("a c", "a b c", [(0, 0), (None, 1), (1, 2)]),
        ("a b c", "a c", [(0, 0), (1, None), (2, 1)]),
        ("a b c", "a x c", [(0, 0), (1, 1), (2, 2)]),
        ("a b c", "a x y c", [(0, 0), (1, None), (None, 1), (None, 2), (2, 3)]),
        ("a:n b c", "b c a:n", [(1, 0), (2, 1), (0, 2)]),
        ("a:n b c", "b c x:n", [(1, 0), (2, 1), (0, 2)]),
        ("", "a", [(None, 0)]),
        ("", "", []),
    ],
)
def test_matching(old: str, new: str, wanted: list[tuple[int | None, int | None]]) -> None:
    assert match_layers(keys(old), keys(new)) == wanted


STACKS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([None, "x", "y", "z"])), max_size=12
)


@given(STACKS, STACKS)
def test_every_layer_is_matched_once(old: list[Key], new: list[Key]) -> None:
    matches = match_layers(old, new)
    assert sorted(a for a, _ in matches if a is not None) == list(range(len(old)))
    assert [b for _, b in matches if b is not None] == list(range(len(new)))
    assert all(match != (None, None) for match in matches)


SHORT = st.lists(st.sampled_from("abc"), max_size=6)


@given(SHORT, SHORT)
def test_as_many_layers_match_as_can(old: list[str], new: list[str]) -> None:
    """Against all common subsequences: none is longer."""
    before: list[Key] = [(kind, None) for kind in old]
    after: list[Key] = [(kind, None) for kind in new]
    matched = sum(
        a is not None and b is not None and before[a] == after[b]
        for a, b in match_layers(before, after)
    )

    def chosen(stack: list[str]) -> set[tuple[str, ...]]:
        return {part for size in range(len(stack) + 1) for part in combinations(stack, size)}

    assert matched == max(map(len, chosen(old) & chosen(new)))


def test_layers_that_are_the_same_match_rather_than_others() -> None:
    old, new = keys("c n x"), keys("p c r c n y")
    assert match_layers(old, new, lambda a, b: (a, b) == (0, 3))[3:5] == [(0, 3), (1, 4)]
    assert match_layers(old, new, lambda a, b: (a, b) == (0, 1))[1:2] == [(0, 1)]


def test_gates_that_were_added_to_each_block() -> None:
    """SE-ResNet-50 is ResNet-50 and six layers more in each of its 16 blocks."""
    specs = Path(__file__).resolve().parents[1] / "specs"
    files = (specs / "resnet50.yaml", specs / "zoo" / "se_resnet50.yaml")
    (comparison,) = compare(*(shapecalc.check(file).models for file in files))
    gate = ["adaptive_avg_pool2d", "conv2d", "relu", "conv2d", "sigmoid", "multiply"]
    assert kinds(comparison) == [("added", kind) for kind in gate] * 16


def test_long_stacks_take_no_quadratic_time() -> None:
    old: list[Key] = [("a", None), ("b", None)] * 200_000
    new: list[Key] = [("b", None), ("a", None)] * 200_001
    assert len(old) > MAX_DIFFLIB
    assert len(match_layers(old, new)) == 800_002


def test_the_same() -> None:
    comparison = one([CONV, "relu"], [CONV, "relu"])
    assert comparison.kind == "unchanged"
    assert comparison.delta("params").percent == 0


def test_a_changed_field() -> None:
    comparison = one([CONV, "flatten", FC], [{**CONV, "out_channels": 8}, "flatten", FC])
    assert kinds(comparison) == [
        ("changed", "conv2d"),
        ("changed", "flatten"),
        ("changed", "linear"),
    ]
    assert comparison.changes[0].fields == {"out_channels": (4, 8)}
    assert comparison.changes[1].fields == {}
    old, new = 3 * 4 * 9 + 4 + 256 * 2 + 2, 3 * 8 * 9 + 8 + 512 * 2 + 2
    assert comparison.delta("params") == Delta(Total(old), Total(new))
    assert comparison.to_dict()["layers"][0]["fields"] == {"out_channels": {"old": 4, "new": 8}}


def test_a_field_that_changes_no_size() -> None:
    drop = {"type": "dropout", "p": 0.5}
    comparison = one([drop], [{**drop, "p": 0.1}])
    assert comparison.changes[0].fields == {"p": (0.5, 0.1)}


def test_added_and_removed() -> None:
    assert kinds(one([CONV], [CONV, "relu"])) == [("added", "relu")]
    assert kinds(one([CONV, "relu"], [CONV])) == [("removed", "relu")]
    assert one([CONV], [CONV, "relu"]).delta("layers") == Delta(Total(1), Total(2))


def models(*names: str) -> Any:
    reports = [shapecalc.check({"name": name, "input": [3], "layers": ["relu"]}) for name in names]
    return [report.models[0] for report in reports]


def test_models_by_name_then_by_position() -> None:
    def pairs(old: str, new: str) -> list[tuple[str | None, str | None]]:
        return [
            (found.old.name if found.old else None, found.new.name if found.new else None)
            for found in compare(models(*old), models(*new))
        ]

    assert pairs("ab", "ba") == [("b", "b"), ("a", "a")]
    assert pairs("ab", "ac") == [("a", "a"), ("b", "c")]
    assert pairs("a", "ab") == [("a", "a"), (None, "b")]
    assert pairs("ab", "b") == [("b", "b"), ("a", None)]
    assert pairs("a", "bc") == [(None, "b"), (None, "c"), ("a", None)]


@pytest.mark.parametrize(
    ("limit", "old", "new", "exceeded"),
    [
        ("params+5%", 100, 105, False),
        ("params+5%", 100, 106, True),
        ("params+0.1%", 1000, 1001, False),
        ("params+0%", 0, 1, True),
        ("macs+1K", 5, 1005, False),
        ("macs + 1K", 5, 1006, True),
        ("layers+0", 5, 4, False),
        ("trainable_params+1.5M", 0, 1_500_001, True),
    ],
)
def test_growth(limit: str, old: int, new: int, exceeded: bool) -> None:
    assert parse_growth(limit).exceeded_by(Delta(Total(old), Total(new))) is exceeded


def test_what_is_not_known_is_not_judged() -> None:
    with pytest.raises(ValueError, match="params is not known"):
        parse_growth("params+5%").exceeded_by(Delta(Total(1), Total(1, complete=False)))


@pytest.mark.parametrize(
    "text", ["", "params", "params+", "params+%", "size+5%", "params+x%", "params-5%", "params+1X",
             "params+5%%", "params+1e9%", "params+-1", "params+" + "9" * 30 + "%"],
)  # fmt: skip
def test_no_limit(text: str) -> None:
    with pytest.raises(AmountError):
        parse_growth(text)
