"""``shapecalc solve``: tables, layers of a spec, and questions without an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ("solve 64:32 128:63", 1, "nearest: 64 → 32, 128 → 64 with kernel_size 4"),
        ("solve 64 500", 1, "nearest: 64 → 84"),
        ("solve 64 32 -k3", 1, "rounded down, kernel_size 3, stride 2, padding 1 drops padding"),
        ("solve 64", 2, "is not IN:OUT"),
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
