"""Specs of many layers: against PyYAML's C loader, which merely reads the file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.harness import Row, Timed, in_turn, milliseconds, row

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


def measure(python: Path, rounds: int) -> list[Row]:
    """The rows of the table."""
    specs = {"10k": flat(9_999), "100k": flat(99_999), "deep": deep(300), "wide": wide(5_000)}
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: str(Path(folder, f"{name}.yaml")) for name in specs}
        for name, text in specs.items():
            Path(paths[name]).write_text(text, encoding="utf-8")
        check = [str(python.parent / "shapecalc"), "check", "--isolated", "--format", "json"]
        load = [str(python), "-c", LOAD]
        commands = {name: [*check, path] for name, path in paths.items()}
        loads = {f"load {name}": [*load, paths[name]] for name in ("100k", "wide")}
        timed = in_turn({**commands, **loads}, max(rounds // 3, 3))
    long, short = timed["100k"], timed["10k"]
    return [
        row("100,000 layers", long, timed["load 100k"], "PyYAML's C loader", 1),
        Row("its memory", f"{long.memory:.0f} MiB", "1 GiB", long.memory / 1024, 1),
        _growth(long, short),
        row("5,000 branches into a `concat`", timed["wide"], timed["load wide"], "PyYAML's", None),
        row("300 blocks in one another", timed["deep"], short, "10,000 layers", None),
    ]


def _growth(long: Timed, short: Timed) -> Row:
    return Row(
        "10 times as many layers", milliseconds(long.seconds),
        f"{milliseconds(short.seconds)} 10,000 layers", long.ratio(short), 11,
    )  # fmt: skip
