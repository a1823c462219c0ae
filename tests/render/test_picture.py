"""Pictures: files that are what their names say, with every row's label where it should be."""

from __future__ import annotations

import importlib
import os
import re
import struct
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import shapecalc
from shapecalc.render import _picture
from shapecalc.render._series import series
from tests import gallery
from tests.cli.conftest import Run, run  # noqa: F401

if os.environ.get("SHAPECALC_REQUIRE_MATPLOTLIB") == "1":
    matplotlib: Any = importlib.import_module("matplotlib")
else:
    matplotlib = pytest.importorskip("matplotlib")

SPECS = gallery.FOLDER.parent
SVG = "{http://www.w3.org/2000/svg}"


def texts(data: bytes) -> dict[str, list[float]]:
    """The texts of an SVG, and how far down each of them stands."""
    found: dict[str, list[float]] = {}
    for text in ET.fromstring(data).iter(f"{SVG}text"):
        place = re.search(r"translate\(([\d.]+) ([\d.]+)\)|", text.get("transform", ""))
        y = float(place[2]) if place and place[2] else float(text.get("y", "0"))
        found.setdefault("".join(text.itertext()).strip(), []).append(y)
    return found


@pytest.mark.parametrize("name", ["lenet5", "resnet50", "unet", "gpt2"])
def test_every_row_is_labelled(name: str) -> None:
    (model,) = shapecalc.check(SPECS / f"{name}.yaml").models
    drawn = series(model)
    found = texts(_picture.draw(drawn, "svg"))
    for title in (f"{drawn.name}   {drawn.inputs}", "Layer", "Output"):
        assert len(found[title]) == 1
    for step in drawn.steps:
        assert len(found[step.label]) == sum(one.label == step.label for one in drawn.steps)
    for band in drawn.bands:
        assert band.label in found
    # Rows follow one another from the top, each label beside its shape.
    tops = [found[step.label].pop(0) for step in drawn.steps]
    assert tops == sorted(tops)
    total = "total " + {"lenet5": "61.7k", "resnet50": "25.6M", "unet": "31M", "gpt2": "124M"}[name]
    assert any(total in text for text in found)


def test_the_same_model_is_the_same_file() -> None:
    (model,) = shapecalc.check(SPECS / "lenet5.yaml").models
    for format in _picture.FORMATS:
        assert _picture.draw(series(model), format) == _picture.draw(series(model), format)


def test_png() -> None:
    (model,) = shapecalc.check(SPECS / "densenet121.yaml").models
    data = _picture.draw(series(model, unfold=True), "png")
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height > 10_000) == (1440, True)
    # All of it is there: the pixels unpack to as many as the header says.
    packed, place = b"", 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            packed += data[place + 8 : place + 8 + length]
        place += length + 12
    assert len(zlib.decompress(packed)) == height * (width * 4 + 1)


def test_names_are_text() -> None:
    layers = [{"type": "relu", "name": "a_$x^2$_&<b>"}]
    (model,) = shapecalc.check({"name": "$\\frac{1}{", "input": [3, 8, 8], "layers": layers}).models
    found = texts(_picture.draw(series(model), "svg"))
    assert "relu a_$x^2$_&<b>" in found
    assert "$\\frac{1}{   3×8×8" in found


@pytest.mark.parametrize("format", _picture.FORMATS)
def test_files(run: Run, tmp_path: Path, format: str) -> None:  # noqa: F811
    file = tmp_path / f"costs.{format.upper()}"
    spec = str(SPECS / "lenet5.yaml")
    assert run("plot", spec, "-o", str(file)).code == 0
    start = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[format]
    assert file.read_bytes().startswith(start)
    outcome = run("plot", spec, "-o", str(file))
    assert (outcome.code, outcome.out) == (0, "")
    file.write_text("mine")
    assert run("plot", spec, "-o", str(file)).code == 2
    assert run("plot", spec, "-o", str(file), "--force").code == 0
    assert file.read_bytes().startswith(start)
