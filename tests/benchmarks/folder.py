"""A folder of 1,000 specs of 50 layers: how many a second, with one process and with all cores.

``python -m tests.benchmarks.folder`` makes the specs in a temporary directory and checks them as a
user would; the start-up (the same run on one spec) is taken off. yamllint, which only reads the
YAML, runs on the same files where there is one (``--yamllint``, or on the path).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

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


def seconds(command: list[str]) -> float:
    """How long a command takes, whatever it finds."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specs", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--yamllint", default=shutil.which("yamllint"))
    parser.add_argument("options", nargs="*", default=["--quiet"], help="of shapecalc check")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        many, one = Path(root, "many"), Path(root, "one")
        for folder, count in ((many, options.specs), (one, 1)):
            folder.mkdir()
            for number in range(count):
                (folder / f"{number:04}.yaml").write_text(spec(number), encoding="utf-8")
        check = [sys.executable, "-m", "shapecalc", "check", *options.options]
        rows = {f"shapecalc --jobs {jobs}": [*check, "--jobs", str(jobs)] for jobs in _jobs()}
        if options.yamllint:
            rows["yamllint"] = [options.yamllint, "-d", "relaxed"]
        for name, command in rows.items():
            start, whole = (
                min(seconds([*command, str(folder)]) for _ in range(options.runs))
                for folder in (one, many)
            )
            rate = (options.specs - 1) / (whole - start)
            print(f"{name:20} {whole:6.2f} s, start-up {start:.2f} s: {rate:5.0f} specs a second")


def _jobs() -> list[int]:
    return sorted({1, os.cpu_count() or 1})


if __name__ == "__main__":
    main()
