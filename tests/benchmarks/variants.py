"""A sweep: variants of a network of 50 layers a second, on all cores."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from tests.benchmarks.harness import Row, in_turn

SPEC = """\
name: net
input: [3, 64, 64]
vars: {width: 16, classes: 10}
blocks:
  unit:
    params: {c, stride: 1}
    layers:
      - {type: conv2d, out_channels: c, kernel_size: 3, stride: stride, padding: 1, bias: false}
      - batch_norm2d
      - relu
layers:
  - {type: unit, c: width, repeat: 5}
  - {type: unit, c: width * 2, stride: 2}
  - {type: unit, c: width * 2, repeat: 4}
  - {type: unit, c: width * 4, stride: 2}
  - {type: unit, c: width * 4, repeat: 4}
  - {type: adaptive_avg_pool2d, output_size: 1}
  - flatten
  - {type: dropout, p: 0.5}
  - {type: linear, out_features: 128}
  - {type: linear, out_features: classes}
"""
#: A second.
WANTED = 1_000
PEERS: tuple[str, ...] = ()
FIGURES = ("rate",)


def measure(python: Path, rounds: int, _names: Collection[str]) -> list[Row]:
    """The only row."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder, "net.yaml")
        spec.write_text(SPEC, encoding="utf-8")
        sweep = [str(python.parent / "shapecalc"), "sweep", str(spec), "--format", "csv"]
        few, many = ["--set", "width=1..20"], ["--set", "width=1..400", "--set", "classes=1..10"]
        timed = in_turn(
            {"few": [*sweep, *few, "-j", str(cores)], "many": [*sweep, *many, "-j", str(cores)]},
            max(rounds // 3, 3),
        )
    rate = (4000 - 20) / (timed["many"].seconds - timed["few"].seconds)
    ours = f"{rate:,.0f} a second on {cores} cores"
    return [Row("variants of 50 layers", ours, f"{WANTED:,} a second", WANTED / rate, 1)]
