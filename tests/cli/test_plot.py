"""``shapecalc plot``: bars in the terminal, and which files are written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import shapecalc
from shapecalc.costs.memory import Memory
from shapecalc.render._series import MAX_ROWS, compact, series
from tests import gallery
from tests.cli.conftest import Run

SPECS = gallery.FOLDER.parent
LENET = str(SPECS / "lenet5.yaml")


def test_bars(run: Run) -> None:
    outcome = run("plot", LENET)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "LeNet-5  1×32×32"
    assert lines[2].split() == ["conv2d", "c1", "6×28×28", "156", "▏", "118k", "███▉", "22.4Ki",
                                "████▉"]  # fmt: skip
    assert lines[-1] == "parameters 61.7k  MACs 417k  peak of live activations 36.8 KiB"
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_rows(spec: Path) -> None:
    """Every layer is in one row, and the rows come to the totals of the model."""
    for model in shapecalc.check(spec).models:
        for unfold in (False, True):
            drawn = series(model, unfold=unfold)
            assert len(drawn.steps) <= MAX_ROWS or unfold or not drawn.bands
            assert drawn.total(0) == (model.total("params").value, True)
            assert drawn.total(1) == (model.total("macs").value, True)
        assert len(drawn.steps) == len(model.layers)
        assert drawn.total(2) == (Memory(model.graph).peak.value, True)


def test_depth(run: Run) -> None:
    text = run("plot", str(SPECS / "resnet50.yaml"), "--depth", "1").out
    assert [line.split()[:3] for line in text.splitlines()[6:9]] == [
        ["stage", "stage1", "…"], ["stage", "stage2", "…"], ["stage", "stage3", "…"],
    ]  # fmt: skip


def test_what_is_not_known(run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "m.yaml"
    spec.write_text("input: [3]\nlayers:\n  - {type: linear, out_features: 2}\n  - nonesuch\n")
    outcome = run("plot", str(spec))
    assert outcome.code == 1
    assert outcome.out.splitlines()[3].split() == ["nonesuch", "?", "?", "?", "?"]
    assert "parameters ≥ 8" in outcome.out
    assert "has errors" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((LENET, "-o", "costs.gif"), "ends in none of .svg, .png, .pdf"),
        ((LENET, "-o", "costs"), "ends in none of .svg, .png, .pdf"),
        ((LENET, "--model", "x"), "There is no model 'x': choose one of LeNet-5"),
        ((str(SPECS / "dcgan.yaml"),), "several models: choose one of generator, discriminator"),
        ((LENET, "--set", "x=1"), "No spec has a var 'x'"),
    ],
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...], said: str) -> None:
    outcome = run("plot", *arguments)
    assert outcome.code == 2
    assert said in " ".join(outcome.err.replace("│", " ").split())


def test_no_such_file(run: Run) -> None:
    assert run("plot", "nowhere.yaml").code == 2


def test_only_pictures_are_overwritten(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "notes.png"
    file.write_text("not a picture")
    outcome = run("plot", LENET, "-o", str(file))
    assert outcome.code == 2
    assert "is there and is no png" in " ".join(outcome.err.split())
    assert file.read_text() == "not a picture"


def test_without_the_extra(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    file = tmp_path / "costs.svg"
    outcome = run("plot", LENET, "-o", str(file))
    assert outcome.code == 2
    assert "pip install 'shapecalc[plot]'" in outcome.err
    assert not file.exists()


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "", "0"), (999, "", "999"), (1000, "", "1k"), (61_706, "", "61.7k"),
        (999_600, "", "1M"), (4_089_184_256, "", "4.09G"), (36.75 * 1024, "B", "36.8 KiB"),
        (960, "B", "960 B"), (5e18, "", "5,000,000T"),
    ],
)  # fmt: skip
def test_compact(value: float, unit: str, text: str) -> None:
    assert compact(value, unit) == text
