"""``shapecalc solve``: tables, layers of a spec, and questions without an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import shapecalc
from shapecalc import conv_size
from tests.cli.conftest import Run
from tests.render.hostile import NAMES, is_tame, quoted

DECODER = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1}
  - {type: conv_transpose2d, name: up, out_channels: 3, kernel_size: 3, stride: 2, padding: 1}
  - {type: add, from: [input, up]}
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "model.yaml"
    path.write_text(DECODER)
    return str(path)


def test_a_table(run: Run) -> None:
    outcome = run("solve 64 32 --most 2")
    assert outcome.out.splitlines() == [
        "kernel_size  stride  padding",
        "          4       2        1  keeps the ratio",
        "          2       2        0  keeps the ratio",
        "… 3 more: --most 5",
    ]
    assert "output_padding" in run("solve 8 16 --transpose -k3 -s2").out


def test_the_padding_that_keeps_the_size(run: Run) -> None:
    assert run("solve 64 64 -k5 -d2").out.splitlines()[:2] == [
        "kernel_size  stride  padding  dilation",
        "          5       1        4         2  keeps the ratio",
    ]


def test_a_stack(run: Run) -> None:
    assert run("solve 1 64 --transpose --layers 5").out.splitlines()[:3] == [
        "1 → 4 → 8 → 16 → 32 → 64",
        "  kernel_size 4, stride 1, padding 0",
        "  then 4 × kernel_size 4, stride 2, padding 1",
    ]


def test_the_smallest_change_of_a_layer(run: Run, spec: str) -> None:
    outcome = run("solve", spec, "--layer", "up", "--output", "64", "--most", "2")
    assert outcome.code == 0
    first, *answers = outcome.out.splitlines()
    assert first == (
        "conv_transpose2d `up` at line 5: 32×32 → 63×63 with kernel_size 3, stride 2, padding 1; "
        "for 64×64:"
    )
    assert [answer.split("  ")[1] for answer in answers[:2]] == [
        "output_padding 1 instead of 0",
        "kernel_size 4 instead of 3",
    ]
    assert answers[0].endswith("the rest fits")


def test_what_the_change_breaks(run: Run, spec: str) -> None:
    outcome = run("solve", spec, "--layer", "layers[0]", "--output", "31", "--format", "json")
    solutions = json.loads(outcome.out)["solutions"]
    changes = [one["change"] for one in solutions]
    assert {"kernel_size": 6} in changes
    assert [len(change) for change in changes] == sorted(len(change) for change in changes)
    for one in solutions:
        arguments = {k: v for k, v in one["arguments"].items() if k != "output_padding"}
        assert conv_size(64, **arguments) == 31


def test_one_size_for_each_axis(run: Run, spec: str) -> None:
    assert run("solve", spec, "--layer", "up", "--output", "64x64").code == 0
    assert run("solve", spec, "--layer", "up", "--output", "64x64x64").code == 2


def solved(run: Run, path: Path, layers: str, name: str, output: str) -> list[dict[str, Any]]:
    """The changes found for a layer of a spec of these layers."""
    path.write_text(layers)
    outcome = run("solve", str(path), "--layer", name, "--output", output, "--format", "json")
    return [one["change"] for one in json.loads(outcome.out)["solutions"]]


def gives(layers: str, name: str, change: dict[str, Any]) -> Any:
    """The shape that a layer has after a change."""
    spec = yaml.safe_load(layers)
    (layer,) = [one for one in spec["layers"] if one.get("name") == name]
    layer.update(change)
    model = shapecalc.check(spec).models[0]
    found = [one for one in model.to_dict()["layers"] if one["name"] == name]
    return found[-1]["output_shapes"][0]


@pytest.mark.parametrize(
    ("layers", "output"),
    [
        # A pool's stride follows its kernel; with ceil_mode it rounds up.
        ("input: [3, 64, 64]\nlayers: [{type: max_pool2d, name: a, kernel_size: 2}]", "31"),
        (
            "input: [3, 64, 64]\nlayers: "
            "[{type: max_pool2d, name: a, kernel_size: 2, ceil_mode: true}]",
            "33",
        ),
        # Unlike kernels, and padding that is a word.
        (
            "input: [3, 64, 64]\nlayers: "
            "[{type: conv2d, name: a, out_channels: 3, kernel_size: [3, 5], padding: same}]",
            "64x62",
        ),
        # One that does not fit as it is.
        ("input: [3, 4]\nlayers: [{type: conv1d, name: a, out_channels: 3, kernel_size: 5}]", "4"),
        (
            "framework: keras\ninput: [32, 32, 3]\nlayers: "
            "[{type: conv2d, name: a, out_channels: 3, kernel_size: 3, stride: 2, padding: same}]",
            "15",
        ),
        (
            "input: [3, 30]\nlayers: "
            "[{type: conv1d, name: a, out_channels: 3, kernel_size: 3, repeat: 2}]",
            "28",
        ),
    ],
)
def test_changes_give_the_size(run: Run, tmp_path: Path, layers: str, output: str) -> None:
    found = solved(run, tmp_path / "model.yaml", layers, "a", output)
    assert found
    wanted = {int(size) for size in output.split("x")}
    for change in found:
        assert wanted <= set(gives(layers, "a", change)), change


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ("solve 64:32 128:63", 1, "nearest: 64 → 32, 128 → 64 with kernel_size 4"),
        ("solve 64 500", 1, "nearest: 64 → 84"),
        ("solve 64 32 -k3", 1, "rounded down, kernel_size 3, stride 2, padding 1 drops padding"),
        ("solve 64", 2, "is not IN:OUT"),
        ("solve 64:32:16", 2, "is not IN:OUT"),
        ("solve 64x64 32", 2, "64x64 has 2 sizes and 32 1"),
        ("solve 64 32 -k3 --max-kernel 2", 2, "-k3 is beyond --max-kernel 2"),
        ("solve 64:32 64:31", 1, "contradict one another"),
        ("solve 64x48 32x12", 1, "48 → 12 has kernel_size 4, stride 4, padding 0"),
        ("solve 32 64", 1, "(--transpose) does it with kernel_size 4, stride 2, padding 1"),
        ("solve 64 32 --transpose", 1, "a convolution does it with kernel_size 4"),
        ("solve 64 64 -k4 -d1", 1, "with kernel 4, strides up to 8; nearest"),
        ("solve 65 12 --layers 2 -k3 -s2", 1, "nearest: 65 → 16"),
        ("solve 64 32 --pool --transpose", 2, "either --transpose or --pool"),
        ("solve 64:32 128:64 --layers 2", 2, "--layers takes one"),
        ("solve SPEC --layer up", 2, "belong together"),
        ("solve SPEC --layer upp --output 64", 2, "Did you mean 'up'?"),
        ("solve SPEC --layer layers[2] --output 64", 2, "add has no kernel"),
        ("solve SPEC --layer up --output 640", 1, "nearest: "),
        ("solve SPEC --layer up --output 63", 1, "gives 63×63 as it is"),
        ("solve nowhere.yaml --layer up --output 63", 2, "nowhere.yaml"),
    ],
)
def test_no_answer(run: Run, spec: str, args: str, code: int, message: str) -> None:
    outcome = run(*args.replace("SPEC", spec).split())
    assert outcome.code == code
    assert message in " ".join(outcome.err.split())


@pytest.mark.parametrize("name", [name for name in NAMES if "\ud800" not in name])
def test_the_name_of_a_layer_is_harmless(run: Run, tmp_path: Path, name: str) -> None:
    """The first layer is solved for, the second is what then does not fit."""
    path = tmp_path / "hostile.yaml"
    layer = "{type: conv2d, name: %s, out_channels: 4, kernel_size: %s}"
    first, second = layer % (quoted(name), 3), layer % (quoted(f"{name}2"), 14)
    path.write_text(f"input: [3, 16, 16]\nlayers:\n  - {first}\n  - {second}\n")
    outcome = run("solve", str(path), "--layer", "layers[0]", "--output", "8")
    assert outcome.code == 0
    assert "then conv2d" in outcome.out
    assert is_tame(outcome.out)
