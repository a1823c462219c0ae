"""What a spec may ask for is bounded, and asking for more is said at once."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shapecalc import limits
from shapecalc.walk import runner
from tests.checking import error_places, errors


def nested(depth: int) -> str:
    """Containers in one another."""
    return "[" + "{type: sequential, layers: [" * depth + "relu" + "]}" * depth + "]"


@pytest.fixture
def few_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of a thousand layers: a million of them take a minute."""
    monkeypatch.setattr(runner, "MAX_LAYERS", 1_000)


@pytest.mark.parametrize(
    "layer",
    [
        "{type: relu, repeat: 1001}",
        "{type: relu, repeat: 10 ** 15}",
        "{type: sequential, repeat: 101, layers: [{type: relu, repeat: 10}]}",
        "{type: lstm, hidden_size: 4, num_layers: 1001}",
    ],
)
@pytest.mark.usefixtures("few_layers")
def test_too_many_layers(layer: str) -> None:
    assert error_places(f"input: [4, 4]\nlayers:\n  - {layer}\n") == [("SC007", 3)]


@pytest.mark.usefixtures("few_layers")
def test_blocks_that_double() -> None:
    names = [f"b{n}" for n in range(30)]
    blocks = ["  b0: {layers: [relu, relu]}"]
    blocks += [f"  {name}: {{layers: [{before}, {before}]}}" for before, name in pairwise(names)]
    text = "input: [4]\nblocks:\n" + "\n".join(blocks) + "\nlayers: [b29]\n"
    assert [code for code, _ in error_places(text)] == ["SC007"]


@pytest.mark.parametrize(("count", "codes"), [(limits.MAX_NESTED, []), (2_000, ["SC007"])])
def test_blocks_in_one_another(count: int, codes: list[str]) -> None:
    blocks = [f"  b{n}: {{layers: [{{type: b{n + 1}}}]}}" for n in range(count - 1)]
    blocks.append(f"  b{count - 1}: {{layers: [relu]}}")
    text = "input: [4]\nblocks:\n" + "\n".join(blocks) + "\nlayers: [b0]\n"
    assert [code for code, _ in error_places(text)] == codes


@pytest.mark.usefixtures("few_layers")
def test_blocks_that_may_all_be_left_out_are_looked_into_once() -> None:
    names = [f"b{n}" for n in range(60)]
    source = "{type: parameter, shape: [4], when: 1 > 0}"
    blocks = [f"  b0: {{layers: [{source}]}}"]
    blocks += [
        f"  {name}: {{layers: [{source}, {{type: {before}, when: 1 < 0}}, "
        f"{{type: {before}, when: 1 < 0}}]}}"
        for before, name in pairwise(names)
    ]
    text = "input: [4]\nblocks:\n" + "\n".join(blocks) + "\nlayers: [b59]\n"
    assert error_places(text) == []


def test_a_block_that_uses_itself() -> None:
    text = "input: [4]\nblocks:\n  a: {layers: [b]}\n  b: {layers: [relu, a]}\nlayers: [a, tanh]\n"
    (found,) = errors(text)
    assert (found.code, found.message) == ("SC002", "block `a` uses itself")


@pytest.mark.parametrize("brackets", [limits.MAX_DEPTH + 1, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_depth(brackets: int, opening: str, closing: str) -> None:
    text = f"input: [4]\nlayers:\n  {opening * brackets}x{closing * brackets}\n"
    assert error_places(text) == [("SC001", 3)]


def test_depth_within_the_limit() -> None:
    depth = (limits.MAX_DEPTH - 3) // 2
    assert errors(f"input: [4]\nlayers: {nested(depth)}\n") == []
    assert error_places(f"input: [4]\nlayers: {nested(depth + 2)}\n") == [("SC001", 2)]


def test_aliases_that_multiply() -> None:
    lines = ["a0: &a0 [relu, relu, relu, relu, relu, relu, relu, relu, relu, relu]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    found = errors("\n".join(lines) + "\n")
    assert [one.code for one in found if one.code == "SC001"] == ["SC001"]
    assert "aliases expand" in found[0].message


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**60])
def test_numbers(number: int) -> None:
    assert error_places(f"input: [4]\nlayers:\n  - {{type: linear, out_features: {number}}}\n") == [
        ("SC001", 3)
    ]
    text = "input: [4]\nlayers:\n  - {type: linear, out_features: 2 ** 53}\n"
    assert error_places(text) == [("SC004", 3)]


def test_findings_are_bounded() -> None:
    layers = "\n".join(["  - {type: linear, out_features: 0}"] * (limits.MAX_DIAGNOSTICS + 50))
    assert len(errors(f"input: [4]\nlayers:\n{layers}\n")) == limits.MAX_DIAGNOSTICS


def test_axes() -> None:
    sizes = ", ".join(["1"] * (limits.MAX_RANK + 1))
    assert error_places(f"input: [{sizes}]\nlayers: [relu]\n") == [("SC002", 1)]
    insert = "{type: unsqueeze, dim: 1, repeat: 70}"
    assert {code for code, _ in error_places(f"input: [4]\nlayers: [{insert}]\n")} == {"SC106"}


def test_models() -> None:
    text = "---\ninput: [4]\nlayers: [relu]\n" * (limits.MAX_MODELS + 5)
    found = [one for one in errors(text) if one.code == "SC007"]
    assert len(found) == 1
    assert found[0].help == "split it"
