"""A folder of 1,000 specs of 50 layers: how many a second, with one process and with all cores.

They are checked as a user would; the start-up (the same run on one spec) is taken off. yamllint,
which only reads the YAML, runs on the same files.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from pathlib import Path
from random import Random

from tests.benchmarks.harness import Row, in_turn

SPECS = 1_000
#: Specs a second.
WANTED = 300
PEERS = ("yamllint",)
#: With one process, and with one a core.
FIGURES = {"one": 1, "cores": os.cpu_count() or 1}

HEAD = """\
name: Network {number}
input: [3, {size}, {size}]
vars: {{width: {width}, classes: {classes}}}
layers:
"""
#: Six layers, of which there are eight in a spec; with the ends that makes 50.
STAGE = """\
  # Stage {stage}
  - type: conv2d
    name: c{stage}
    out_channels: width * {factor}
    kernel_size: 3
    padding: 1
    bias: false
  - {{type: batch_norm2d, num_features: {channels}}}
  - relu
  - {{type: conv2d, out_channels: {channels}, kernel_size: {kernel}, padding: {padding}}}
  - {{type: leaky_relu, negative_slope: 0.{stage}1}}
  - {{type: {pool}, kernel_size: 3, stride: {stride}, padding: 1}}
"""
TAIL = """\
  - {type: adaptive_avg_pool2d, output_size: 1}
  - flatten
"""


def spec(number: int) -> str:
    """One network; no two are alike, and about one in ten has a mistake."""
    chance = Random(number)
    width = chance.choice([16, 24, 32, 48])
    parts = [
        HEAD.format(
            number=number,
            size=chance.choice([64, 96, 128, 224]),
            width=width,
            classes=chance.randint(2, 1000),
        )
    ]
    for stage in range(1, 9):
        factor = chance.randint(1, 8)
        kernel = chance.choice([1, 3, 5])
        wrong = chance.random() < 0.0125
        parts.append(
            STAGE.format(
                stage=stage,
                factor=factor,
                channels=width * factor + wrong,
                kernel=kernel,
                padding=kernel // 2,
                pool=chance.choice(["max_pool2d", "avg_pool2d"]),
                stride=2 if stage % 2 else 1,
            )
        )
    return "".join([*parts, TAIL])


def measure(python: Path, rounds: int, names: Collection[str]) -> list[Row]:
    """The rows of these figures."""
    processes = dict.fromkeys(FIGURES[name] for name in names)
    with tempfile.TemporaryDirectory() as root:
        many, one = Path(root, "many"), Path(root, "one")
        for folder, count in ((many, SPECS), (one, 1)):
            folder.mkdir()
            for number in range(count):
                (folder / f"{number:04}.yaml").write_text(spec(number), encoding="utf-8")
        check = [str(python.parent / "shapecalc"), "check", "--quiet", "--isolated"]
        tools = {f"--jobs {jobs}": [*check, "--jobs", str(jobs)] for jobs in processes}
        tools["yamllint"] = [str(python.parent / "yamllint"), "-d", "relaxed"]
        commands = {
            f"{name} {folder.name}": [*command, str(folder)]
            for name, command in tools.items()
            for folder in (one, many)
        }
        timed = in_turn(commands, max(rounds // 5, 3))
    rates = {
        name: (SPECS - 1) / (timed[f"{name} many"].seconds - timed[f"{name} one"].seconds)
        for name in tools
    }
    theirs = rates.pop("yamllint")
    return [
        Row(
            f"{SPECS:,} specs of 50 layers, `{name}`", f"{rate:.0f} specs a second",
            f"{theirs:.0f} yamllint, {WANTED} wanted", WANTED / rate,
            1 if name == f"--jobs {FIGURES['cores']}" else None,
        )
        for name, rate in rates.items()
    ]  # fmt: skip
