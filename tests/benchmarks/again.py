"""A search in one process: a spec that has been read, checked at other values of its `vars`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.benchmarks.harness import ROOT, Row

SCRIPT = ROOT / "tests/benchmarks/_again_peers.py"


def measure(python: Path, rounds: int) -> list[Row]:
    """The rows of the table."""
    done = subprocess.run(
        [str(python), str(SCRIPT), str(rounds)], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    ours, seen, onnx, meta = found["ours"], found["seen"], found["onnx"], found["meta"]
    per = f"{ours['seconds'] / ours['layers'] * 1e6:.3g} µs a layer"
    again = f"{seen['seconds'] / seen['layers'] * 1e6:.3g} µs a layer"
    node = onnx["seconds"] / onnx["nodes"]
    return [
        Row(
            "ResNet-50 at values not seen before", per, f"{node * 1e6:.3g} µs a node onnx",
            ours["seconds"] / ours["layers"] / node,
        ),
        Row(
            "ResNet-50 again", again, f"{node * 1e6:.3g} µs a node onnx",
            seen["seconds"] / seen["layers"] / node, 1,
        ),
        Row(
            "the same against the meta device", f"{seen['seconds'] * 1e3:.3g} ms",
            f"{meta['seconds'] * 1e3:.3g} ms torch", seen["seconds"] / meta["seconds"], 1 / 50,
        ),
    ]  # fmt: skip
