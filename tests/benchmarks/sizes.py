"""Which input sizes fit: the networks of the issue beyond the start, and the slowest of all specs.

The start is the same command on a spec of one layer. What is measured is the processor's time: so
short a run is longer than its work on a machine that does something else as well.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.benchmarks.harness import ROOT, Row, Timed, in_turn, milliseconds

NETWORKS = {"resnet50": "ResNet-50", "unet": "U-Net", "googlenet": "GoogLeNet"}
#: Seconds beyond the start, and seconds for any published network.
WANTED, LONGEST = 0.5, 1.0


def measure(python: Path, rounds: int) -> list[Row]:
    """The rows of the table."""
    sizes = [str(python.parent / "shapecalc"), "sizes"]
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder, "tiny.yaml")
        tiny.write_text("input: [3, 8, 8]\nlayers: [relu]\n", encoding="utf-8")
        commands = {name: [*sizes, f"specs/{name}.yaml"] for name in NETWORKS}
        timed = in_turn({"start": [*sizes, str(tiny)], **commands}, max(rounds // 2, 3))
    beyond = {name: _beyond(timed[name], timed["start"]) for name in NETWORKS}
    paths = sorted(str(path.relative_to(ROOT)) for path in _specs())
    every = in_turn({path: [*sizes, path] for path in paths}, max(rounds // 5, 2))
    slowest = max(paths, key=lambda path: every[path].cpu)
    return [
        *(
            Row(
                f"{title}, beyond the start", milliseconds(beyond[name]),
                f"{milliseconds(WANTED)} wanted", beyond[name] / WANTED, 1,
            )
            for name, title in NETWORKS.items()
        ),
        Row(
            f"the slowest of {len(paths)} specs, `{slowest}`, with its start",
            milliseconds(every[slowest].cpu), f"{milliseconds(LONGEST)} wanted",
            every[slowest].cpu / LONGEST, 1,
        ),
    ]  # fmt: skip


def _specs() -> list[Path]:
    return [*(ROOT / "specs").glob("*.yaml"), *(ROOT / "specs/zoo").glob("*.yaml")]


def _beyond(long: Timed, start: Timed) -> float:
    """The median over the rounds of what one took more than the other."""
    pairs = zip(long.runs, start.runs, strict=True)
    return statistics.median(one.cpu - other.cpu for one, other in pairs)
