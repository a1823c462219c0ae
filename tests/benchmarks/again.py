"""A search in one process: a spec that has been read, checked at other values of its `vars`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.harness import ROOT, Row

SCRIPT = ROOT / "tests/benchmarks/_again_peers.py"
PEERS = ("torch==2.13.0", "onnx")


class Search(NamedTuple):
    """What a search took: seconds a model, and how many layers (or nodes) that has."""

    seconds: float
    layers: int

    @property
    def microseconds(self) -> float:
        """A layer."""
        return self.seconds / self.layers * 1e6


class Figure(NamedTuple):
    """A line of the table: two searches, and what is made of them."""

    ours: str
    theirs: str
    row: Callable[[Search, Search], Row]


def _per_layer(what: str, target: float | None = None) -> Callable[[Search, Search], Row]:
    return lambda ours, onnx: Row(
        what, f"{ours.microseconds:.3g} µs a layer", f"{onnx.microseconds:.3g} µs a node onnx",
        ours.microseconds / onnx.microseconds, target,
    )  # fmt: skip


def _whole(ours: Search, meta: Search) -> Row:
    return Row(
        "ResNet-50 again, whole", f"{ours.seconds * 1e3:.3g} ms",
        f"{meta.seconds * 1e3:.3g} ms torch", ours.seconds / meta.seconds, 1 / 50,
    )  # fmt: skip


FIGURES = {
    "new": Figure("other", "onnx", _per_layer("ResNet-50 at values not seen before")),
    "again": Figure("again", "onnx", _per_layer("ResNet-50 again", 1)),
    "meta": Figure("again", "meta", _whole),
}


def measure(python: Path, rounds: int, names: Collection[str]) -> list[Row]:
    """The rows of these figures."""
    wanted = [figure for name, figure in FIGURES.items() if name in names]
    needed = dict.fromkeys(name for figure in wanted for name in (figure.ours, figure.theirs))
    done = subprocess.run(
        [str(python), str(SCRIPT), str(rounds), *needed], check=True, capture_output=True, text=True
    )
    found = {name: Search(*values) for name, values in json.loads(done.stdout).items()}
    return [figure.row(found[figure.ours], found[figure.theirs]) for figure in wanted]
