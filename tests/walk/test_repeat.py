"""``repeat``, ``when`` and ``index``: a repeated layer is the layer written n times in a row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc import check
from tests.checking import errors


def outcome(layers: list[Any], **more: Any) -> list[tuple[Any, ...]]:
    """What ran: types, outputs, parameters."""
    (model,) = check({"input": [4, 64, 64], "layers": layers, **more}).models
    assert not [found for found in model.diagnostics if found.severity == "error"]
    nodes = model.to_dict()["layers"]
    return [(node["type"], node["output_shapes"], node["params"]) for node in nodes]


def unrolled(layer: dict[str, Any], times: int) -> list[dict[str, Any]]:
    """The layer written out, ``index`` replaced by its number."""
    return [{key: _replaced(value, turn) for key, value in layer.items()} for turn in range(times)]


def _replaced(value: Any, turn: int) -> Any:
    if isinstance(value, str):
        return value.replace("index", str(turn))
    if isinstance(value, list):
        return [_replaced(part, turn) for part in value]
    if isinstance(value, dict):
        return {key: _replaced(part, turn) for key, part in value.items()}
    return value


CONV: dict[str, Any] = {"type": "conv2d", "out_channels": "4 + 2 * index", "kernel_size": 3}
LAYERS = st.sampled_from(
    [
        {"type": "relu"},
        CONV,
        {**CONV, "padding": "index % 2"},
        {**CONV, "when": "index != 1"},
        {**CONV, "when": "in_channels < 9"},
        {"type": "sequential", "layers": [CONV, {"type": "relu", "when": "index > 0"}]},
        {"type": "residual", "body": [{**CONV, "out_channels": "in_channels", "padding": 1}]},
        {"type": "parallel", "branches": [[], [{"type": "tanh", "when": "index == 0"}]]},
    ]
)


@settings(max_examples=60, deadline=None)
@given(LAYERS, st.integers(0, 4))
def test_repeat_is_written_out(layer: dict[str, Any], times: int) -> None:
    last = {"type": "tanh"}
    assert outcome([{**layer, "repeat": times}, last]) == outcome([*unrolled(layer, times), last])


@given(st.lists(st.booleans(), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_when_is_left_out(runs: list[bool]) -> None:
    layers = [{"type": "conv2d", "out_channels": 5 + i, "kernel_size": 3} for i in range(len(runs))]
    kept = [layer for layer, run in zip(layers, runs, strict=True) if run]
    given = [{**layer, "when": run} for layer, run in zip(layers, runs, strict=True)]
    assert outcome([*given, "tanh"]) == outcome([*kept, "tanh"])


def test_later_turns_read_the_turn_before() -> None:
    layers = [
        {"type": "conv2d", "name": "a", "out_channels": 6, "kernel_size": 3},
        "relu",
        {"type": "conv2d", "from": "a", "out_channels": 7, "kernel_size": 3, "repeat": 2},
    ]
    assert [output for _, output, _ in outcome(layers)][-2:] == [[[7, 60, 60]], [[7, 58, 58]]]


def test_name_and_expect_mean_the_last_turn() -> None:
    spec = """
    input: [8, 16]
    layers:
      - {type: conv1d, name: c, out_channels: 8, kernel_size: 3, repeat: 3, expect: [8, %s]}
      - relu
      - {type: add, from: [c, prev], expect: [8, 10]}
    """
    assert errors(spec % 10) == []
    (found,) = errors(spec % 12)
    assert (found.code, found.path) == ("SC108", "layers[0]#2.expect")


def test_index_is_not_known_inside_a_block() -> None:
    spec = """
    input: [8]
    blocks: {unit: {params: {n: 0}, layers: [{type: linear, out_features: 8 + %s}, relu]}}
    layers:
      - {type: unit, n: index, repeat: 2}
    expect: [%d]
    """
    assert errors(spec % ("n", 9)) == []
    (found,) = errors(spec % ("index", 9))
    assert (found.code, "unknown name 'index'" in found.message) == ("SC004", True)


@pytest.mark.parametrize("inner", [2, 0])
def test_index_of_the_innermost_repeat(inner: int) -> None:
    spec = f"""
    input: [8]
    layers:
      - type: sequential
        repeat: 3
        layers:
          - {{type: linear, out_features: 1 + index, repeat: {inner}}}
          - {{type: linear, out_features: 10 + index}}
    expect: [12]
    """
    assert errors(spec) == []


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("repeat", "-1", "SC002"), ("repeat", "2.5", "SC002"), ("repeat", "true", "SC002"),
        ("repeat", "two", "SC004"), ("repeat", "1 - 2", "SC004"), ("repeat", "3 / 2", "SC004"),
        ("when", "1", "SC002"), ("when", "1 + 1", "SC004"), ("when", "perhaps", "SC004"),
        ("when", "1 / 0 > 1", "SC004"), ("repeat", "10 ** 9", "SC007"),
    ],
)  # fmt: skip
def test_refused(key: str, value: str, code: str) -> None:
    found = errors(f"input: [8]\nlayers:\n  - {{type: linear, out_features: 9, {key}: {value}}}\n")
    assert [(one.code, one.line, one.path) for one in found] == [(code, 3, f"layers[0].{key}")]
