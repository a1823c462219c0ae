"""``shapecalc check`` asked for costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

SPEC = """input: [3, 32, 32]
layers:
  - {type: conv2d, name: stem, out_channels: 8, kernel_size: 3, padding: 1}
  - relu
  - global_avg_pool2d
  - {type: linear, out_features: 10}
"""


@pytest.fixture(autouse=True)
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.yaml").write_text(SPEC)
    (tmp_path / "broken.yaml").write_text(SPEC.replace("out_channels: 8, ", "out_channels: x, "))


def lines(out: str) -> dict[str, str]:
    """The lines of the section by their names."""
    pairs = [line.strip().split("  ", 1) for line in out.splitlines() if line.startswith("  ")]
    return {pair[0]: pair[-1].strip() for pair in pairs}


def test_nothing_is_said_unless_asked(run: Run) -> None:
    assert "costs of" not in run("check m.yaml").out


def test_training(run: Run) -> None:
    out = run("check m.yaml --summary-only --batch 4 --optimizer adam --memory 1MiB").out
    assert "costs of training with adam, batch 4, float32" in out
    said = lines(out)
    macs = 4 * (32 * 32 * 8 * 27 + 80)
    assert said["MACs"] == f"{macs:,}"
    assert said["FLOPs (2 × MACs)"] == f"{2 * macs:,}"
    # An activation and a pool that reads all of its input.
    assert said["element operations"] == f"{4 * 2 * 8 * 1024:,}"
    assert said["parameters"] == said["gradients"] == "1.23 KiB"
    assert said["optimizer states"] == "2.47 KiB"
    assert said["largest batch in 1 MiB"].isdigit()


def test_json_carries_it_all(run: Run) -> None:
    out = run("check m.yaml --format json --device t4 --dtype float16").out
    model = json.loads(out)["models"][0]
    costs = model["costs"]
    assert (costs["batch"], costs["dtype"], costs["optimizer"]) == (1, "float16", None)
    memory = costs["memory"]
    assert memory["parameters"] == 2 * model["totals"]["params"]
    assert memory["total"] == memory["parameters"] + memory["buffers"] + memory["activations"]
    assert memory["room"] == 16 * 10**9
    assert costs["bytes_moved"] == sum(one["bytes_moved"] for one in costs["layers"])
    dense = costs["layers"][-1]
    assert dense["macs_per_byte"] == 80 / (2 * (8 + 80 + 10 + 10))
    assert len(costs["roofline"]["layers"]) == len(model["layers"])
    assert model["totals"]["flops"] == 2 * model["totals"]["macs"]
    assert model["totals"]["element_ops"] == sum(one["element_ops"] for one in model["layers"])


def test_what_each_layer_keeps_adds_up(run: Run) -> None:
    out = run("check m.yaml --format json --optimizer adam --batch 3").out
    costs = json.loads(out)["models"][0]["costs"]
    kept = sum(one["kept_for_backward"] for one in costs["layers"])
    assert kept == costs["memory"]["kept_for_backward"] > 0


def test_a_device_without_the_dtype_says_so(run: Run) -> None:
    assert "has no bfloat16" in run("check m.yaml --device t4 --dtype bfloat16").out


def test_what_is_not_known_makes_the_sums_partial(run: Run) -> None:
    out = run("check broken.yaml --batch 2 --memory 1GiB").out
    said = lines(out)
    assert said["memory"].startswith("≥ ")
    assert said["largest batch in 1 GiB"] == "not known"
    model = json.loads(run("check broken.yaml --format json").out)["models"][0]
    assert model["costs"]["memory"]["complete"] is False
    assert model["totals"]["complete"] is False


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("--dtype float8", "none of float32"),
        ("--optimizer lion", "none of sgd"),
        ("--memory 24Gigs", "no unit"),
        ("--device gtx", "no device"),
        ("--dtype int8 --optimizer sgd", "no gradients"),
        ("--dtype float32 --autocast", "autocast"),
        ("--batch 0", "batch"),
    ],
)
def test_wrong_usage(run: Run, options: str, why: str) -> None:
    found = run(f"check m.yaml {options}")
    assert found.code == 2
    assert why in " ".join(found.err.replace("│", " ").split())


def test_training_memory_is_a_budget(run: Run) -> None:
    run("check m.yaml --max-training-memory 1MiB")
    out = run("check m.yaml --max-training-memory 64KiB").out
    assert "training memory is" in out
    assert "optimizer states" in out
