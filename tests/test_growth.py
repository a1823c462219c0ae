"""What a check costs in function calls, which no machine makes faster or slower.

Seconds are measured in tests/benchmarks.
"""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path

import pytest

from shapecalc.checker import check_source
from shapecalc.render import Options, render
from shapecalc.report import Report
from shapecalc.spec.source import Source
from tests.benchmarks.large import deep, flat, wide

SPECS = Path(__file__).parent.parent / "specs"


def calls(text: str, output_format: str = "json") -> int:
    """The function calls of a check and its report."""
    profile = cProfile.Profile()
    profile.enable()
    report = Report((check_source(Source("spec.yaml", text)),))
    render(report, output_format, Options())
    profile.disable()
    assert report.ok
    stats: object = vars(pstats.Stats(profile))["total_calls"]
    assert isinstance(stats, int)
    return stats


@pytest.fixture(autouse=True, scope="module")
def warm() -> None:
    """What is loaded and prepared once is no part of it."""
    for text in (flat(30), deep(3), wide(3)):
        for output_format in ("json", "table"):
            calls(text, output_format)


@pytest.mark.parametrize("output_format", ["json", "table", "github", "csv"])
@pytest.mark.parametrize(
    ("spec", "n"), [(flat, 300), (wide, 100), (deep, 25)], ids=["flat", "wide", "deep"]
)
def test_ten_times_the_layers_take_ten_times_the_calls(
    spec: Callable[[int], str], n: int, output_format: str
) -> None:
    few, many = calls(spec(n), output_format), calls(spec(10 * n), output_format)
    assert many < 11 * few


def test_calls_for_a_layer() -> None:
    """Measured: about 250 with the JSON report."""
    fixed = calls(flat(300))
    assert (calls(flat(1_200)) - fixed) / 900 < 700


def test_that_the_tests_above_can_fail() -> None:
    """Layers that each read all those before them are a square."""

    def square(n: int) -> str:
        lines = ["input: [1, 2, 2]", "layers:", "  - {type: relu, name: c0}"]
        for number in range(1, n):
            names = ", ".join(f"c{before}" for before in range(number))
            lines.append(f"  - {{type: add, name: c{number}, from: [input, {names}]}}")
        return "\n".join(lines) + "\n"

    assert calls(square(200)) > 11 * calls(square(20))
