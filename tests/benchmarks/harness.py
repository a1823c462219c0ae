"""Timing whole processes in turn, so that a machine that slows down slows all of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent


class Run(NamedTuple):
    """One run of a command."""

    seconds: float
    #: Processor time of the process and its children.
    cpu: float
    #: The most memory it held at once, in MiB.
    memory: float


class Timed(NamedTuple):
    """The runs of one command."""

    runs: list[Run]

    @property
    def seconds(self) -> float:
        """The median of the wall time."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        """The median of the processor time."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def memory(self) -> float:
        """The median of the memory, in MiB."""
        return statistics.median(run.memory for run in self.runs)

    def ratio(self, other: Timed) -> float:
        """The median over the rounds of how much longer this took than another."""
        pairs = zip(self.runs, other.runs, strict=True)
        return statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs)


def once(command: Sequence[str]) -> Run:
    """Run a command to its end, whatever it finds; what it prints is thrown away."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=_environment()
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _environment() -> dict[str, str]:
    """The user's, but for what would make Python compile its modules anew at each start."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def in_turn(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Timed]:
    """Run the commands one after the other, round after round; a first round is not counted."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for count in range(rounds + 1):
        for name, command in commands.items():
            run = once(command)
            if count:
                runs[name].append(run)
    return {name: Timed(found) for name, found in runs.items()}


class Row(NamedTuple):
    """A line of the table: what was measured, and against which target."""

    what: str
    ours: str
    theirs: str
    ratio: float
    #: The ratio that is wanted at most.
    target: float | None = None

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        wanted = "" if self.target is None else f"≤ {self.target:g}"
        met = "" if self.target is None else "yes" if self.ratio <= self.target else "**no**"
        return self.what, self.ours, self.theirs, f"{self.ratio:.3g}", wanted, met


def row(what: str, ours: Timed, theirs: Timed, name: str, target: float | None = None) -> Row:
    """Two commands compared by their wall time."""
    return Row(
        what, milliseconds(ours.seconds), f"{milliseconds(theirs.seconds)} {name}",
        ours.ratio(theirs), target,
    )  # fmt: skip


class Figure(NamedTuple):
    """A line of the table before it is measured: the commands that it needs, and what it makes of
    their times."""

    needs: tuple[str, ...]
    row: Callable[[Mapping[str, Timed]], Row]


def compared(what: str, ours: str, theirs: str, name: str, target: float | None = None) -> Figure:
    """Two commands compared by their wall time."""
    return Figure((ours, theirs), lambda timed: row(what, timed[ours], timed[theirs], name, target))


def measured(
    figures: Sequence[Figure], commands: Mapping[str, Sequence[str]], rounds: int
) -> list[Row]:
    """The rows of some figures; no other commands are run than they need."""
    needed = dict.fromkeys(name for figure in figures for name in figure.needs)
    timed = in_turn({name: commands[name] for name in needed}, rounds)
    return [figure.row(timed) for figure in figures]


def milliseconds(seconds: float) -> str:
    """``12 ms``, ``3.4 s``."""
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
