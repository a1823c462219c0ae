"""What a check costs in function calls, which no machine makes faster or slower.

Seconds are measured in tests/benchmarks.
"""

from __future__ import annotations

import cProfile
import pstats
import tracemalloc
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
    """Measured: 356 with the JSON report, 232 with the table."""
    for output_format, most in (("json", 420), ("table", 280)):
        few, many = calls(flat(300), output_format), calls(flat(1_200), output_format)
        assert (many - few) / 900 < most


def peak(text: str) -> int:
    """The most bytes that Python's objects take at once in a check and its report."""
    tracemalloc.start()
    try:
        render(Report((check_source(Source("spec.yaml", text)),)), "json", Options())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_for_a_layer() -> None:
    """Measured: 4,580 bytes with the JSON report, 570 of them its text."""
    few, many = peak(flat(300)), peak(flat(3_000))
    assert (many - few) / 2_700 < 5_500
    assert many < 11 * few


def test_that_the_tests_above_can_fail() -> None:
    """Layers that each read all those before them are a square."""

    def square(n: int) -> str:
        lines = ["input: [1, 2, 2]", "layers:", "  - {type: relu, name: c0}"]
        for number in range(1, n):
            names = ", ".join(f"c{before}" for before in range(number))
            lines.append(f"  - {{type: add, name: c{number}, from: [input, {names}]}}")
        return "\n".join(lines) + "\n"

    assert calls(square(200)) > 11 * calls(square(20))
