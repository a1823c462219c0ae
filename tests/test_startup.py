"""What a one-off loads, and how long it takes to start."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

SPECS = Path(__file__).parent.parent / "specs"
HEAVY = {"pydantic", "pydantic_core", "rich", "yaml"}

#: Runs the command line and then names the modules that were loaded, on standard error.
PROBE = """
import sys
from shapecalc.cli import main
try:
    main()
finally:
    sys.stderr.write("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded(*args: str, prelude: str = "") -> set[str]:
    """The top-level packages that a run of the command line loads."""
    run = subprocess.run(
        [sys.executable, "-c", prelude + PROBE, *args],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return set(run.stderr.split())


@pytest.mark.parametrize(
    "command",
    [
        "conv 64 -k4 -s2 -p1",
        "conv 64x48 -k 3x5 -i3 -o64 --repeat 2 --format json",
        "conv-transpose 4 -k4 -s2 -p1 -q",
        "pool 9 -k2",
        "dense 784 256 10",
        "--version",
        "conv --help",
    ],
)
def test_a_one_off_loads_nothing_heavy(command: str) -> None:
    packages = loaded(*command.split())
    assert {"typer", "shapecalc"} <= packages
    assert not packages & HEAVY


@pytest.mark.parametrize(
    ("format", "unwanted"),
    [("table", {"pydantic", "pydantic_core"}), ("json", {"pydantic", "pydantic_core", "rich"})],
)
def test_a_spec_without_mistakes_loads_no_more_than_it_needs(
    format: str, unwanted: set[str]
) -> None:
    packages = loaded("check", str(SPECS / "dcgan.yaml"), "--format", format)
    assert {"yaml", "shapecalc"} <= packages
    assert not packages & unwanted


@pytest.mark.parametrize("package", sorted(HEAVY))
def test_that_the_test_above_can_fail(package: str) -> None:
    packages = loaded("conv", "64", "-k4", prelude=f"import {package}")
    assert package in packages & HEAVY


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], capture_output=True, check=True)
    return time.perf_counter() - start


@pytest.mark.slow
def test_a_one_off_starts_about_as_fast_as_typer() -> None:
    """Measured 0.95 to 1.0 times `import typer`; pydantic alone would make it 2."""
    ours, bare = ["-m", "shapecalc", "conv", "64", "-k4", "-s2", "-p1"], ["-c", "import typer"]
    for command in (ours, bare):
        seconds(*command)
    # In turn, so that a machine that slows down slows both.
    ratios = [seconds(*ours) / seconds(*bare) for _ in range(15)]
    assert statistics.median(ratios) < 1.3
