"""Further inputs, and what of a folder is a spec."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from shapecalc import check
from shapecalc.checker import find_specs, format_inputs
from tests.checking import codes, findings

CONV = "{type: conv2d, out_channels: 8, kernel_size: 3, stride: 2}"


def at(*shapes: tuple[int, ...], name: str = "") -> tuple[dict[str, tuple[int, ...]], ...]:
    return tuple({name: shape} for shape in shapes)


def test_further_inputs_are_checked_and_named() -> None:
    text = f"input: [3, 65, 65]\nlayers: [{CONV}]\n"
    assert codes(text) == []
    (found,) = findings(text, further_inputs=at((3, 67, 67), (3, 64, 64), (3, 66, 66)))
    assert found.code == "SC201"
    assert found.message.endswith(" (at input 3×64×64)")


def test_what_is_found_at_the_own_input_is_not_said_again() -> None:
    text = f"input: [3, 64, 64]\nlayers: [{CONV}]\n"
    (found,) = findings(text, further_inputs=at((3, 62, 62)))
    assert "at input" not in found.message


def test_errors_at_a_further_input() -> None:
    linear = "{type: linear, in_features: 8192, out_features: 2}"
    text = f"input: [3, 65, 65]\nlayers: [{CONV}, flatten, {linear}]\n"
    assert codes(text, further_inputs=at((3, 97, 97))) == ["SC101"]


def test_numbers_that_are_expected_are_those_of_the_own_input() -> None:
    text = f"input: [3, 65, 65]\nlayers: [{CONV}]\nexpect: [8, 32, 32]\n"
    assert codes(text, further_inputs=at((3, 97, 97))) == []


SEVERAL = """
name: encoder
input: [3, 65, 65]
layers: [{type: conv2d, out_channels: 8, kernel_size: 3, stride: 2}]
---
name: decoder
input: encoder
layers: [{type: conv2d, out_channels: 8, kernel_size: 2, stride: 2}]
---
name: other
inputs: {x: [8], y: [8]}
layers: [{type: add, from: [x, y]}]
"""


def test_models_that_read_others_are_checked_as_well() -> None:
    assert codes(SEVERAL) == []
    (found,) = findings(SEVERAL, further_inputs=at((3, 67, 67), name="encoder"))
    assert (found.code, found.line) == ("SC201", 7)
    assert found.message.endswith(" (at input encoder 3×67×67)")


def test_one_of_several_inputs() -> None:
    (found,) = findings(SEVERAL, further_inputs=at((9,), name="x"))
    assert found.code == "SC104"


def test_an_input_that_fits_no_model() -> None:
    (found,) = findings(SEVERAL, further_inputs=at((9,), name="z"))
    assert (found.code, found.line) == ("SC002", 1)
    assert found.message == "the input z 9 of the configuration fits no model of this file"


def test_an_input_of_the_command_line_replaces_them() -> None:
    text = f"input: [3, 65, 65]\nlayers: [{CONV}]\n"
    assert codes(text, inputs={"": (3, 67, 67)}, further_inputs=at((3, 64, 64))) == []


def test_input_sets_in_words() -> None:
    assert format_inputs({"": (3, 4)}) == "3×4"
    assert format_inputs({"a": (3, 4), "b": (5,)}) == "a 3×4, b 5"


@pytest.mark.parametrize(
    ("text", "is_spec"),
    [
        ("input: [3]\nlayers: [relu]\n", True),
        ("input: [3]\nlayers:\n\t- relu\n", True),
        ("'layers': [\n", True),
        ("name: x\n---\nlayers: []\n", True),
        ("steps: [1]\n", False),
        ("- layers: 3\n", False),
        ("a: {layers: [}\n", False),
        ("", False),
        ("\x00", False),
    ],
)
def test_what_of_a_folder_is_a_spec(tmp_path: Path, text: str, is_spec: bool) -> None:
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / ".hidden.yaml").write_text("layers: []")
    assert len(check(tmp_path).files) == is_spec


def files(folder: Path) -> list[str]:
    return [found.relative_to(folder).as_posix() for found in find_specs(folder)]


def test_what_of_a_folder_is_read(tmp_path: Path) -> None:
    for name in ("b/c.yml", "b/a.yaml", "c.yaml/in.yaml", ".git/x.yaml", "b/.x/y.yaml", "d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link.yaml").symlink_to("b/c.yml")
    (tmp_path / "dead.yaml").symlink_to("nowhere")
    (tmp_path / "b/up").symlink_to("..")
    os.mkfifo(tmp_path / "pipe.yaml")
    expected = ["b/a.yaml", "b/c.yml", "c.yaml/in.yaml", "dead.yaml", "link.yaml"]
    assert files(tmp_path) == expected


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.yaml").touch()
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert files(tmp_path) == ["a.yaml", "closed"]


@pytest.mark.parametrize("word", ["1E100", "0o7", "12", "null", "yes", "-", "a: b", "=", ""])
def test_words_of_a_mapping_stay_words(word: str) -> None:
    spec = {"name": word, "input": [3], "layers": ["relu"]}
    report = check(spec)
    assert report.ok, [found.message for found in report.diagnostics]
    assert report.models[0].name == word
