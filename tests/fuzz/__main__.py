"""Fuzzing as long as one likes: ``python -m tests.fuzz --seconds 60 --jobs 2``.

Says how many inputs there were, their exit codes and the slowest; each that breaks a promise is
saved, and ``python -m tests.fuzz FILE`` tries it again with all of its traceback. With
``--commands`` all commands and their options rather than ``check`` alone: see
:mod:`tests.fuzz.commands`. Coverage-guided: see :mod:`tests.fuzz.guided`.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import commands, trial
from tests.fuzz.commands import Commands
from tests.fuzz.inputs import Inputs
from tests.fuzz.trial import HangError, alarm, small_limits

#: How long an input may take, in seconds of the processor.
SECONDS = 10.0
#: How often a worker tells how far it is.
REPORT = 10.0
#: Where a worker keeps what it tries, for the case that it dies of it.
CURRENT = "current"


@dataclass
class Tally:
    """What came of many inputs."""

    codes: Counter[int] = field(default_factory=Counter)
    slowest: tuple[float, bytes] = (0.0, b"")
    #: One input for each way to fail.
    failures: dict[str, bytes] = field(default_factory=dict)
    failed: int = 0

    @property
    def inputs(self) -> int:
        """How many there were."""
        return self.codes.total() + self.failed

    def add(self, other: Tally) -> None:
        """Count what another worker did."""
        self.codes += other.codes
        self.slowest = max(self.slowest, other.slowest)
        self.failures = {**other.failures, **self.failures}
        self.failed += other.failed


class Kind(NamedTuple):
    """One kind of inputs: what draws them, what tries them, and the name of a file of them."""

    drawing: Callable[[str], Inputs | Commands]
    attempt: Callable[[bytes, Path], int]
    suffix: str


KINDS = {
    "specs": Kind(Inputs, trial.attempt, ".yaml"),
    "commands": Kind(Commands, commands.attempt, ".json"),
}


def work(kind: str, seed: str, seconds: float, folder: Path, report: Connection) -> None:
    """Try inputs until the time is up."""
    drawing, attempt, _ = KINDS[kind]
    inputs, tally, end = drawing(seed), Tally(), time.monotonic() + seconds
    told = time.monotonic()
    (folder / "files").mkdir()
    with small_limits():
        while time.monotonic() < end:
            data = inputs.draw()
            (folder / CURRENT).write_bytes(data)
            once(attempt, data, folder / "files", tally)
            if time.monotonic() - told > REPORT:
                report.send(tally)
                tally, told = Tally(), time.monotonic()
    report.send(tally)
    report.close()


def once(attempt: Callable[[bytes, Path], int], data: bytes, folder: Path, tally: Tally) -> None:
    """Try one input."""
    start = time.process_time()
    try:
        with alarm(SECONDS):
            tally.codes[attempt(data, folder)] += 1
    except (Exception, HangError) as error:  # noqa: BLE001 - anything at all is what we look for
        tally.failed += 1
        tally.failures.setdefault(signature(error), data)
    tally.slowest = max(tally.slowest, (time.process_time() - start, data))


def signature(error: BaseException) -> str:
    """What tells one failure from another: the error and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    message = str(error).partition("\n")[0][:120]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {message}"


def fuzz(kind: str, seconds: float, jobs: int, seed: str, saved: Path) -> Tally:
    """Try inputs in some processes; one that dies is a failure too. What fails is saved at once."""
    total, start, said = Tally(), time.monotonic(), set[str]()
    # In memory where there is such a folder: one file is written for every input.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as root:
        workers = {}
        for number in range(jobs):
            folder = Path(root, str(number))
            folder.mkdir()
            reader, writer = multiprocessing.Pipe(duplex=False)
            arguments = (kind, f"{seed}-{number}", seconds, folder, writer)
            process = multiprocessing.Process(target=work, args=arguments)
            process.start()
            writer.close()
            workers[reader] = (process, folder)
        while workers:
            for ready in wait(list(workers)):
                assert isinstance(ready, Connection)
                process, folder = workers[ready]
                try:
                    total.add(ready.recv())
                except EOFError:
                    process.join()
                    if process.exitcode:
                        died = f"the process died with {process.exitcode}"
                        total.failures[died] = (folder / CURRENT).read_bytes()
                    del workers[ready]
                for reason in total.failures.keys() - said:
                    print(f"{save(kind, total.failures[reason], saved)}: {reason}")
                    said.add(reason)
            passed = time.monotonic() - start
            print(f"{passed:7.0f} s  {total.inputs:9,} inputs  {total.failed} failed", flush=True)
    return total


def conclude(kind: str, total: Tally, folder: Path) -> int:
    """Say what was found, and save it."""
    codes = ", ".join(
        f"{count:,} with exit code {code}" for code, count in sorted(total.codes.items())
    )
    print(f"{total.inputs:,} inputs: {codes}; {total.failed:,} failed")
    found = {**total.failures, f"slowest, {total.slowest[0]:.1f} s": total.slowest[1]}
    for reason, data in found.items():
        print(f"{save(kind, data, folder)}: {reason}")
    return int(bool(total.failures))


def save(kind: str, data: bytes, folder: Path) -> Path:
    """Write an input to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{hashlib.sha256(data).hexdigest()[:12]}{KINDS[kind].suffix}"
    file.write_bytes(data)
    return file


def again(file: Path) -> int:
    """Try one input once more, with all of its path."""
    with small_limits(), tempfile.TemporaryDirectory() as folder, alarm(SECONDS):
        if file.suffix == KINDS["commands"].suffix:
            code = commands.attempt(file.read_bytes(), Path(folder, "files"))
        else:
            code = trial.attempt(file.read_bytes(), Path(folder), whole=True)
    print(f"exit code {code}")
    return 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="try this input again")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", default=str(time.time_ns()), help="default: another each time")
    parser.add_argument("--save", type=Path, default=Path(tempfile.gettempdir(), "shapecalc-fuzz"))
    parser.add_argument("--commands", action="store_true", help="all commands, not check alone")
    options = parser.parse_args()
    if options.file:
        return again(options.file)
    kind = "commands" if options.commands else "specs"
    total = fuzz(kind, options.seconds, options.jobs, options.seed, options.save)
    return conclude(kind, total, options.save)


if __name__ == "__main__":
    sys.exit(main())
