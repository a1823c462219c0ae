"""From the prompt to the answer: a one-off, and the check of a small spec.

The limit is the start of the interpreter and of the libraries that every command needs.
"""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.harness import ROOT, Row, in_turn, row

IMPORTS = "import typer, yaml, rich.table; from pydantic import BaseModel"
CONV = "import torch; print(torch.nn.Conv2d(1, 1, 4, 2, 1)(torch.empty(1, 1, 64, 64)).shape)"
TORCHINFO = """
import sys
sys.path.insert(0, {root!r})
from torchinfo import summary
from tests.oracle.networks.dcgan import Discriminator, Generator
print(summary(Generator(), (1, 100, 1, 1)))
print(summary(Discriminator(), (1, 3, 64, 64)))
"""


def measure(python: Path, rounds: int) -> list[Row]:
    """The rows of the table."""
    run, network = str(python), str(ROOT / "tests/oracle/networks/dcgan.py")
    ours = [str(python.parent / "shapecalc")]
    timed = in_turn(
        {
            "conv": [*ours, "conv", "64", "-k4", "-s2", "-p1"],
            "typer": [run, "-c", "import typer"],
            "check": [*ours, "check", "specs/dcgan.yaml"],
            "json": [*ours, "check", "specs/dcgan.yaml", "--format", "json"],
            "imports": [run, "-c", IMPORTS],
            "torchshapeflow": [str(python.parent / "tsf"), "check", network],
        },
        rounds,
    )
    few = in_turn(
        {
            "conv": [*ours, "conv", "64", "-k4", "-s2", "-p1"],
            "torch": [run, "-c", CONV],
            "check": [*ours, "check", "specs/dcgan.yaml"],
            "torchinfo": [run, "-c", TORCHINFO.format(root=str(ROOT))],
        },
        max(rounds // 3, 3),
    )
    check, torchinfo = few["check"], few["torchinfo"]
    return [
        row("`conv 64 -k4 -s2 -p1`", timed["conv"], timed["typer"], "`import typer`", 1.15),
        row("the same through torch", few["conv"], few["torch"], "torch", 0.05),
        row("`check specs/dcgan.yaml`", timed["check"], timed["imports"], "the imports ¹", 1.25),
        row("the same with `--format json`", timed["json"], timed["imports"], "the imports ¹"),
        row("the same network", check, torchinfo, "torchinfo", 1 / 8),
        Row(
            "its memory", f"{check.memory:.0f} MiB", f"{torchinfo.memory:.0f} MiB torchinfo",
            check.memory / torchinfo.memory, 1 / 5,
        ),
        row("the same network", timed["check"], timed["torchshapeflow"], "torchshapeflow"),
    ]  # fmt: skip
