"""A block that is drawn again is the block that would have run again."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from shapecalc.graph import Graph, Port
from shapecalc.spec.build import build_models
from shapecalc.spec.source import Source, decode, parse
from shapecalc.walk import Memory, Overrides, WalkResult, walk
from tests.faults import SPECS, apply, faults_of, load

FILES = [path for path in sorted(SPECS.rglob("*.yaml")) if b"blocks:" in path.read_bytes()]


def port(one: Port) -> tuple[Any, ...]:
    return one.node.number, one.node.path, one.number, one.tensor


def drawing(graph: Graph) -> list[Any]:
    """All that a graph holds, without its objects."""
    nodes = [
        (
            node.number,
            node.path,
            node.type,
            id(node.spec),
            [port(one) for one in node.inputs],
            node.inference and (node.inference.layer, node.inference.weights),
            node.outputs,
            node.trainable,
            node.owner and node.owner.number,
            [id(one) for one in node.within],
        )
        for node in graph.nodes
    ]
    groups = [
        (one.path, one.type, id(one.spec), one.first, one.last, one.output) for one in graph.groups
    ]
    outputs = {name: port(one) for name, one in graph.outputs.items()}
    return [nodes, groups, outputs]


def told(result: WalkResult) -> list[Any]:
    """All that comes of a walk."""
    found = [
        (
            one.code,
            one.message,
            one.extent,
            one.help,
            one.path,
            one.sizes,
            one.uses,
            one.use,
            one.related,
            one.last_path,
            [id(layer) for layer in one.within],
        )
        for one in result.findings
    ]
    counted = (result.skipped_expects, result.work, result.doubted, result.disputes, result.fills)
    return [drawing(result.graph), found, counted]


def models_of(text: str, name: str) -> list[Any]:
    source = Source(name, text)
    return build_models(source, parse(source)[0])[0]


def compare(text: str, name: str, patch: pytest.MonkeyPatch, settings: Iterable[Overrides]) -> int:
    """Walk each model with and without recordings; how many recordings there were."""
    size = 0
    for model in models_of(text, name):
        if any(given.model for given in model.inputs):
            continue
        memory = Memory()
        for overrides in settings:
            with patch.context() as plain:
                plain.setattr("shapecalc.walk.runner.key_of", lambda *_: None)
                wanted = told(walk(model, None, overrides))
            for _ in range(3):
                assert told(walk(model, None, overrides, memory)) == wanted
        size += memory.recordings.size
    return size


def settings_of(path: Path) -> list[Overrides]:
    """As it is written; at another size; with another value; as it is written once more."""
    found = [Overrides()]
    (model, *_) = models_of(decode(path.read_bytes()), path.name)
    for name, template in list(model.vars.items())[:2]:
        if template.constant and type(template.evaluate({})) is int:
            found.append(Overrides({name: template.evaluate({}) + 1}))
    return [*found, Overrides(inputs={"input": (3, 96, 96)}), Overrides()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_specs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(decode(path.read_bytes()), path.name, monkeypatch, settings_of(path))


@pytest.mark.parametrize("path", [path for path in FILES if path.parent == SPECS], ids=str)
def test_specs_with_mistakes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load(path)
    faults = list(faults_of(spec))
    for fault in random.Random(1).sample(faults, min(8, len(faults))):
        text, _ = apply(spec.text, [fault])
        compare(text, path.name, monkeypatch, [Overrides()])


BLOCKS = """
input: [4, 32, 32]
vars: {wide: 8, kind: unit}
blocks:
  unit:
    params: {c, kernel: 3}
    vars: {half: in_channels // 2, pad: kernel // 2}
    layers:
      - {type: conv2d, name: first, out_channels: c, kernel_size: kernel, padding: pad}
      - type: residual
        body: [{type: conv2d, out_channels: in_channels, kernel_size: 1, ignore: SC301}, relu]
      - {type: split, name: parts, split_size_or_sections: 1}
      - {type: concat, from: [parts.0, parts.1]}
      - {type: conv2d, name: second, out_channels: c, kernel_size: kernel, padding: pad,
         expect: [wide, _, _]}
      - {type: conv2d, out_channels: c, kernel_size: kernel, padding: pad, share: second}
    outputs: [first]
  twice:
    params: {which}
    layers:
      - {type: which, name: a, c: wide}
      - {type: which, c: wide, from: a}
      - {type: add, from: [prev, a.first]}
layers:
  - {type: unit, c: 8, repeat: 4}
  - {type: unit, c: wide, name: last}
  - {type: conv2d, out_channels: wide, kernel_size: 1, from: last.first, ignore: [SC303]}
  - {type: twice, which: kind, repeat: 3, ignore: SC304}
  - {type: twice, which: kind, repeat: 3, trainable: false}
  - {type: unit, c: 8, when: in_height == 32}
"""


def test_all_that_a_block_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [Overrides(), Overrides({"wide": 10}), Overrides({"wide": 8}), Overrides()]
    at = [Overrides(inputs={"input": (4, 31, 33)}), Overrides(inputs={"input": (3, 8)})]
    assert compare(BLOCKS, "blocks.yaml", monkeypatch, [*some, *at]) > 20


def test_a_block_that_finds_something_is_never_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    text = BLOCKS.replace("kernel_size: 1, ignore", "kernel_size: 99, ignore")
    compare(text, "blocks.yaml", monkeypatch, [Overrides()])
    (model,) = models_of(text, "blocks.yaml")
    assert [one.uses for one in walk(model).findings]


@pytest.mark.parametrize("limit", ["MAX_LAYERS", "MAX_WORK", "MAX_GROUPS", "MAX_NESTED"])
def test_limits_are_those_of_a_walk(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = range(1, 90, 4) if limit != "MAX_NESTED" else range(1, 5)
    for number in numbers:
        for module in ("runner", "recording", "state"):
            monkeypatch.setattr(f"shapecalc.walk.{module}.{limit}", number, raising=False)
        compare(BLOCKS, "blocks.yaml", monkeypatch, [Overrides()])
