"""Which input sizes fit: the networks of the issue beyond the start, and the slowest of all specs.

The start is the same command on a spec of one layer. What is measured is the processor's time: so
short a run is longer than its work on a machine that does something else as well.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Collection
from pathlib import Path

from tests.benchmarks.harness import ROOT, Row, Timed, in_turn, milliseconds

NETWORKS = {"resnet50": "ResNet-50", "unet": "U-Net", "googlenet": "GoogLeNet"}
#: Seconds beyond the start, and seconds for any published network.
WANTED, LONGEST = 0.5, 1.0


PEERS: tuple[str, ...] = ()
FIGURES = (*NETWORKS, "slowest")


def measure(python: Path, rounds: int, names: Collection[str]) -> list[Row]:
    """The rows of these figures."""
    sizes = [str(python.parent / "shapecalc"), "sizes"]
    networks = [name for name in NETWORKS if name in names]
    rows = _networks(sizes, networks, max(rounds // 2, 3)) if networks else []
    return [*rows, _slowest(sizes, max(rounds // 5, 2))] if "slowest" in names else rows


def _networks(sizes: list[str], names: list[str], rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder, "tiny.yaml")
        tiny.write_text("input: [3, 8, 8]\nlayers: [relu]\n", encoding="utf-8")
        commands = {name: [*sizes, f"specs/{name}.yaml"] for name in names}
        timed = in_turn({"start": [*sizes, str(tiny)], **commands}, rounds)
    beyond = {name: _beyond(timed[name], timed["start"]) for name in names}
    return [
        Row(
            f"{NETWORKS[name]}, beyond the start", milliseconds(beyond[name]),
            f"{milliseconds(WANTED)} wanted", beyond[name] / WANTED, 1,
        )
        for name in names
    ]  # fmt: skip


def _slowest(sizes: list[str], rounds: int) -> Row:
    paths = [*(ROOT / "specs").glob("*.yaml"), *(ROOT / "specs/zoo").glob("*.yaml")]
    names = sorted(str(path.relative_to(ROOT)) for path in paths)
    every = in_turn({name: [*sizes, name] for name in names}, rounds)
    slowest = max(names, key=lambda name: every[name].cpu)
    seconds = every[slowest].cpu
    return Row(
        f"the slowest of {len(names)} specs, `{slowest}`, with its start",
        milliseconds(seconds), f"{milliseconds(LONGEST)} wanted", seconds / LONGEST, 1,
    )  # fmt: skip


def _beyond(long: Timed, start: Timed) -> float:
    """The median over the rounds of what one took more than the other."""
    pairs = zip(long.runs, start.runs, strict=True)
    return statistics.median(one.cpu - other.cpu for one, other in pairs)
