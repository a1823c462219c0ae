"""Specs of many layers: against PyYAML's C loader, which merely reads the file."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from tests.benchmarks.harness import Figure, Row, Timed, compared, measured

HEAD = "name: big\ninput: [64, 56, 56]\nlayers:\n"
UNIT = (
    "  - {{type: conv2d, name: c{0}, out_channels: 64, kernel_size: 3, padding: 1, bias: false}}\n"
    "  - {{type: batch_norm2d, num_features: 64}}\n"
    "  - {{type: relu, inplace: true}}\n"
)
LOAD = "import sys, yaml; yaml.load(open(sys.argv[1]), yaml.CSafeLoader)"


def flat(layers: int) -> str:
    """A chain of convolutions, norms and activations, written out."""
    return HEAD + "".join(UNIT.format(number) for number in range(layers // 3))


def deep(blocks: int) -> str:
    """Blocks in blocks."""
    inner = "".join(
        f"  b{number}: {{layers: [dropout, {{type: b{number + 1}}}]}}\n"
        for number in range(blocks - 1)
    )
    last = f"  b{blocks - 1}: {{layers: [relu]}}\n"
    return f"input: [8, 8, 8]\nblocks:\n{inner}{last}layers:\n  - type: b0\n"


def wide(branches: int) -> str:
    """Many branches that are joined."""
    names = [f"b{number}" for number in range(branches)]
    layers = "".join(f"  - {{type: relu, name: {name}, from: input}}\n" for name in names)
    return f"input: [8, 8, 8]\nlayers:\n{layers}  - {{type: concat, from: [{', '.join(names)}]}}\n"


PEERS: tuple[str, ...] = ()

SPECS = {
    "10k": lambda: flat(9_999),
    "100k": lambda: flat(99_999),
    "deep": lambda: deep(300),
    "wide": lambda: wide(5_000),
}
FIGURES = {
    "layers": compared("100,000 layers", "100k", "load 100k", "PyYAML's C loader", 1),
    "memory": Figure(("100k",), lambda timed: _memory(timed["100k"])),
    "growth": compared("10 times as many layers", "100k", "10k", "10,000 layers", 11),
    "wide": compared("5,000 branches into a `concat`", "wide", "load wide", "PyYAML's"),
    "deep": compared("300 blocks in one another", "deep", "10k", "10,000 layers"),
}


def _memory(long: Timed) -> Row:
    return Row(
        "memory for 100,000 layers", f"{long.memory:.0f} MiB", "1 GiB", long.memory / 1024, 1
    )


def measure(python: Path, rounds: int, names: Collection[str]) -> list[Row]:
    """The rows of these figures."""
    wanted = [figure for name, figure in FIGURES.items() if name in names]
    needed = {name.removeprefix("load ") for figure in wanted for name in figure.needs}
    check = [str(python.parent / "shapecalc"), "check", "--isolated", "--format", "json"]
    commands = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in needed:
            path = Path(folder, f"{name}.yaml")
            path.write_text(SPECS[name](), encoding="utf-8")
            commands[name] = [*check, str(path)]
            commands[f"load {name}"] = [str(python), "-c", LOAD, str(path)]
        return measured(wanted, commands, max(rounds // 3, 3))
