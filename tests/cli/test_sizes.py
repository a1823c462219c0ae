"""``shapecalc sizes``: what it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run

SPECS = Path(__file__).parent.parent.parent / "specs"


def spec(name: str) -> str:
    return str(SPECS / f"{name}.yaml")


def test_a_unet(run: Run) -> None:
    out = run("sizes", spec("unet_padded"), "--near", "500", "--list", "100..150").out
    lines = {line[2:19].strip(): line[19:].strip() for line in out.splitlines()}
    assert lines["valid"] == "height ≡ 0 (mod 16), ≥ 16"
    assert lines["valid near 500"] == "496, 512"
    assert lines["valid 100 to 150"] == "112, 128, 144"
    assert "concat at line 35 (joins 2·⌊H/16⌋ and ⌊H/8⌋)" in out
    assert out.splitlines()[-1].split() == ["width", "likewise"]


def test_axes_that_depend_on_one_another(run: Run) -> None:
    out = run("sizes", spec("lenet5")).out
    assert "height and width of one size" in out
    assert "(⌊H/4⌋ - 3)·(⌊W/4⌋ - 3) = 25: linear `c5`" in out
    assert "(here 32, the others as in the spec)" in out


def test_what_is_only_scanned(run: Run) -> None:
    out = run("sizes", spec("swin_t")).out
    assert "side ≡ 0 to 3 (mod 224), ≥ 224" in out
    assert "nothing is proved" in out


def test_a_scan_that_meets_no_size_that_does_not_fit(run: Run) -> None:
    out = run("sizes", spec("zoo/deeplabv3_resnet50"), "--near", "100").out
    assert re.search(r"valid near 100 +\d+; only \d+ to \d+ were tried\n", out)
    assert re.search(r"valid +height \d+ to \d+, all that were tried\n", out)
    assert "nothing is proved" in out


def test_two_inputs_of_which_one_is_cropped(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(
        "inputs: {left: [3, 64], right: [3, 32]}\n"
        "layers: [{type: center_crop, from: left, like: right}]"
    )
    out = run("sizes", str(path)).out
    assert "left length and right length fit together only: center_crop at line 2" in out


def test_a_value_that_others_read(run: Run) -> None:
    assert "--set tokens=N" in run("sizes", spec("gpt2")).out


def test_json(run: Run) -> None:
    answer = json.loads(run("sizes", spec("lenet5"), "--format", "json", "--near", "40").out)
    square, height, _ = answer["axes"]
    assert [axis["axis"] for axis in answer["axes"]] == ["side", "height", "width"]
    assert square["valid"]["near"] == [35]
    assert height["proved"] is True
    assert {need["kind"] for need in height["needs"]} == {"valid", "exact"}
    assert answer["together"][0]["condition"] == "(⌊H/4⌋ - 3)·(⌊W/4⌋ - 3) = 25"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input: [3, 8, 8]\nlayers: [{type: conv1d, out_channels: 1, kernel_size: 9}]", "errors"),
        ("input: [3, 8, 8]\nlayers: [rellu]", "errors"),
        ("a: [", "errors"),
        ("", "errors"),
    ],
)
def test_specs_with_errors(run: Run, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(text)
    outcome = run("sizes", str(path))
    assert (outcome.code, outcome.out) == (1, "")
    assert message in outcome.err


UNET = """
input: [3, {size}]
layers:
  - {{type: max_pool1d, kernel_size: 4}}
  - {{type: upsample, scale_factor: 4}}
  - {{type: add, from: [input, prev]}}
expect: [3, 24]
"""


@pytest.mark.parametrize(
    ("size", "message"),
    [(22, "what follows is for 3×20"), (28, "an `expect` that does not hold")],
)
def test_a_model_that_does_not_fit_its_own_input(
    run: Run, tmp_path: Path, size: int, message: str
) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(UNET.format(size=size))
    outcome = run("sizes", str(path))
    assert outcome.code == 1
    assert message in outcome.err
    assert "length ≡ 0 (mod 4), ≥ 4" in outcome.out


@pytest.mark.parametrize("args", ["--list 5", "--list 9..3", "--list 1..99999999", "--near 0"])
def test_wrong_usage(run: Run, args: str) -> None:
    assert run("sizes", spec("unet"), *args.split()).code == 2


def test_no_axis_at_all(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text("input: [8]\nlayers: [{type: linear, out_features: 2}]")
    outcome = run("sizes", str(path))
    assert (outcome.code, outcome.out) == (0, "model: no axis of its input may have another size\n")
