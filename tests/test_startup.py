"""What a start loads, and what it takes in function calls; tests/benchmarks measures seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.benchmarks.start import IMPORTS

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


#: Runs its first argument and writes what that took to standard error: function calls, modules.
COUNT = """
import cProfile, sys
profile = cProfile.Profile()
code = compile(sys.argv.pop(1), "<counted>", "exec")
profile.enable()
try:
    exec(code)
except SystemExit:
    pass
profile.disable()
loaded = len(sys.modules)
import pstats
calls = sum(row[1] for row in pstats.Stats(profile).stats.values())
sys.stderr.write(f"\\n{calls} {loaded}")
"""
MAIN = "from shapecalc.cli import main; main()"


class Counted(NamedTuple):
    """What a process does, whatever machine it runs on."""

    calls: int
    modules: int


def counted(code: str, *args: str) -> Counted:
    run = subprocess.run(
        [sys.executable, "-c", COUNT, code, *args],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    calls, modules = run.stderr.rpartition("\n")[2].split()
    return Counted(int(calls), int(modules))


CONV = ("conv", "64", "-k4", "-s2", "-p1")
CHECK = ("check", str(SPECS / "dcgan.yaml"), "--isolated")


@pytest.mark.parametrize(
    ("args", "against", "calls", "modules"),
    [
        # Measured: 1.22 times the calls, 15 modules more.
        (CONV, "import typer", 1.35, 20),
        # 1.56 times the calls without and 1.49 with --format json; 113 and 91 modules more.
        (CHECK, IMPORTS, 1.75, 130),
        ((*CHECK, "--format", "json"), IMPORTS, 1.7, 110),
    ],
)
def test_what_a_start_takes(
    args: tuple[str, ...], against: str, calls: float, modules: int
) -> None:
    """Against what it is built on: see tests/benchmarks for the seconds."""
    ours, theirs = counted(MAIN, *args), counted(against)
    assert ours.calls < calls * theirs.calls
    assert ours.modules <= theirs.modules + modules


def test_that_the_test_above_can_fail_too() -> None:
    ours, theirs = counted(f"import pydantic; {MAIN}", *CONV), counted("import typer")
    assert ours.calls > 1.35 * theirs.calls
    assert ours.modules > theirs.modules + 20
