"""The benchmarks' figures can be named one by one; what they measure is measured by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks import harness, large, start
from tests.benchmarks.harness import Run, Timed

PYTHON = Path("environment/bin/python")


def test_parts_and_single_figures() -> None:
    everything = benchmarks.chosen([])
    assert list(everything) == list(benchmarks.SUBJECTS)
    assert everything["variants"] == ["rate"]
    assert benchmarks.chosen(["start.conv", "variants", "start.torch"]) == {
        "start": ["conv", "torch"],
        "variants": ["rate"],
    }


@pytest.mark.parametrize("word", ["stat", "start.con", "start.", ".conv", ""])
def test_what_there_is_not(word: str) -> None:
    with pytest.raises(ValueError, match="--list names all that there is"):
        benchmarks.chosen([word])


def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the commands that a measurement runs; none is really run."""
    names: list[str] = []

    def in_turn(commands: dict[str, list[str]], rounds: int) -> dict[str, Timed]:
        names.extend(commands)
        return {name: Timed([Run(2.0, 1.0, 100.0)] * rounds) for name in commands}

    monkeypatch.setattr(harness, "in_turn", in_turn)
    return names


def test_a_figure_runs_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ran(monkeypatch)
    (row,) = start.measure(PYTHON, 3, ["conv"])
    assert names == ["conv", "typer"]
    assert row.cells()[2:] == ("2 s `import typer`", "1", "≤ 1.15", "yes")
    names.clear()
    assert len(large.measure(PYTHON, 3, ["growth", "deep"])) == 2
    assert names == ["100k", "10k", "deep"]


def test_every_figure_has_its_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    ran(monkeypatch)
    for part in (start, large):
        assert len(part.measure(PYTHON, 3, list(part.FIGURES))) == len(part.FIGURES)
