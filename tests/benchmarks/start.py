"""From the prompt to the answer: a one-off, and the check of a small spec.

The limit is the start of the interpreter and of the libraries that every command needs.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tests.benchmarks.harness import ROOT, Figure, Row, Timed, compared, measured

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


PEERS = ("torch==2.13.0", "torchinfo", "torchshapeflow")

#: Those that take a fraction of a second are run more often than those that load torch.
QUICK = {
    "conv": compared("`conv 64 -k4 -s2 -p1`", "conv", "typer", "`import typer`", 1.15),
    "check": compared("`check specs/dcgan.yaml`", "check", "imports", "the imports ¹", 1.25),
    "json": compared("`check … --format json`", "json", "imports", "the imports ¹"),
    "torchshapeflow": compared("DCGAN's networks", "check", "torchshapeflow", "torchshapeflow"),
}
SLOW = {
    "torch": compared("`conv` through torch", "conv", "torch", "torch", 0.05),
    "torchinfo": compared("DCGAN's networks", "check", "torchinfo", "torchinfo", 1 / 8),
    "memory": Figure(
        ("check", "torchinfo"), lambda timed: _memory(timed["check"], timed["torchinfo"])
    ),
}
FIGURES = {**QUICK, **SLOW}


def _memory(check: Timed, torchinfo: Timed) -> Row:
    return Row(
        "memory for DCGAN's networks", f"{check.memory:.0f} MiB",
        f"{torchinfo.memory:.0f} MiB torchinfo", check.memory / torchinfo.memory, 1 / 5,
    )  # fmt: skip


def measure(python: Path, rounds: int, names: Collection[str]) -> list[Row]:
    """The rows of these figures."""
    commands = _commands(python)
    quick = [figure for name, figure in QUICK.items() if name in names]
    slow = [figure for name, figure in SLOW.items() if name in names]
    few = max(rounds // 3, 3)
    return measured(quick, commands, rounds) + measured(slow, commands, few)


def _commands(python: Path) -> dict[str, list[str]]:
    run, network = str(python), str(ROOT / "tests/oracle/networks/dcgan.py")
    ours = str(python.parent / "shapecalc")
    return {
        "conv": [ours, "conv", "64", "-k4", "-s2", "-p1"],
        "typer": [run, "-c", "import typer"],
        "check": [ours, "check", "specs/dcgan.yaml"],
        "json": [ours, "check", "specs/dcgan.yaml", "--format", "json"],
        "imports": [run, "-c", IMPORTS],
        "torchshapeflow": [str(python.parent / "tsf"), "check", network],
        "torch": [run, "-c", CONV],
        "torchinfo": [run, "-c", TORCHINFO.format(root=str(ROOT))],
    }
