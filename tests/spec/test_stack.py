"""Layers that say the same are read once, and each keeps its own name, sources and place."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

HEAD = "input: [3, 8, 8]\nlayers:\n"
CONV = "type: conv2d, out_channels: 3, kernel_size: 3, padding: 1"


def mistakes(*layers: str) -> list[tuple[str, int]]:
    text = HEAD + "".join(f"  - {layer}\n" for layer in layers)
    found = shapecalc.check(text_file(text)).diagnostics
    return [(one.code, one.span.line) for one in found if one.span and one.code < "SC2"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def text_file(text: str) -> Path:
    Path("model.yaml").write_text(text, encoding="utf-8")
    return Path("model.yaml")


def test_alike_layers_run_each_by_itself() -> None:
    layers = [f"{{{CONV}, name: c{i}}}" for i in range(3)]
    text = HEAD + "".join(f"  - {layer}\n" for layer in [*layers, "relu", "relu"])
    model = shapecalc.check(text_file(text)).models[0]
    assert [layer.node.name for layer in model.layers] == ["c0", "c1", "c2", None, None]
    lines = [layer["line"] for layer in model.to_dict()["layers"]]
    assert lines == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (f"{{{CONV}, name: a}}", "SC005"),
        (f"{{{CONV}, name: b.c}}", "SC002"),
        (f"{{{CONV}, name: 3}}", "SC002"),
        (f"{{{CONV}, name: b, from: nowhere}}", "SC006"),
        (f"{{{CONV}, name: b, from: [a, nowhere]}}", "SC006"),
        (f"{{{CONV}, name: b, from: 3}}", "SC002"),
        (f"{{{CONV}, name: b, kernel: 3}}", "SC002"),
    ],
)
def test_a_mistake_in_the_second_of_two_alike(second: str, code: str) -> None:
    assert mistakes(f"{{{CONV}, name: a}}", second) == [(code, 4)]


def test_the_same_mistake_twice_is_said_twice() -> None:
    wrong = f"{{{CONV}, strid: 1}}"
    assert mistakes(wrong, wrong) == [("SC002", 3), ("SC002", 4)]


@pytest.mark.parametrize("value", ["null", "~"])
def test_a_name_that_is_none(value: str) -> None:
    assert mistakes(*[f"{{{CONV}, name: {value}, from: {value}}}"] * 2) == []


def test_one_is_not_true_nor_a_word() -> None:
    flags = ["1", "true", "'1'"]
    found = mistakes(*[f"{{{CONV}, bias: {flag}}}" for flag in flags])
    assert found == [("SC002", 3), ("SC004", 5)]


def test_blanks_around_a_word_mean_nothing() -> None:
    assert mistakes(f"{{{CONV}, padding_mode: ' reflect '}}") == []
    assert mistakes(f"{{{CONV}, padding_mode: ' reflct '}}") == [("SC004", 3)]
