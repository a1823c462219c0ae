"""Keras networks in ``specs/``, layer by layer against the real ones (``keras_networks.py``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from tests.oracle.keras_networks import FILE, MODELS

SPECS = Path(__file__).resolve().parents[2] / "specs"


def layers_of(model: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers of a report in the form of the golden file."""
    return [
        {"type": row["type"], "output": row["output_shapes"][0], "weights": row["weights"]}
        for row in model["layers"]
    ]


@pytest.mark.parametrize("name", MODELS)
def test_network(name: str) -> None:
    keras = json.loads(FILE.read_text(encoding="utf-8"))[name]
    report = shapecalc.check(SPECS / f"{name}.yaml").to_dict()
    (model,) = report["models"]
    found = [d for d in model["diagnostics"] if d["severity"] in ("error", "warning")]
    assert not found

    ours = layers_of(model)
    for position, (row, layer) in enumerate(zip(ours, keras["layers"], strict=False)):
        assert row == layer, f"layer {position} ({model['layers'][position]['path']})"
    assert len(ours) == len(keras["layers"])

    totals = model["totals"]
    assert totals["params"] == keras["params"]
    assert totals["params"] - totals["trainable_params"] == keras["frozen"]
