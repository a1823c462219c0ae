"""The bounds on files of 1 MB: 10 seconds and 1 GB, whatever is in them.

``python -m tests.benchmarks.bounds [CASE...]`` checks each case of :mod:`tests.adversarial` in a
process of its own, and shows what it took.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.adversarial import CASES, MEGABYTE

SECONDS, GIGABYTE = 10.0, 1_000_000  # kilobytes


def measure(file: Path, options: list[str]) -> tuple[int, float, float, int]:
    """The exit code, seconds, seconds of the processor and kilobytes of a check."""
    command = [sys.executable, "-m", "shapecalc", "check", str(file), *options]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    passed = time.perf_counter() - start
    return process.returncode, passed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE")
    parser.add_argument("--format", default="github")
    options = parser.parse_args()
    passed = True
    with tempfile.TemporaryDirectory() as folder:
        for name in options.cases:
            file = Path(folder, f"{name}.yaml")
            file.write_text(CASES[name](MEGABYTE), encoding="utf-8")
            code, seconds, busy, size = measure(file, ["--format", options.format])
            good = code in (0, 1, 2) and busy <= SECONDS and size <= GIGABYTE
            passed = passed and good
            print(
                f"{'' if good else 'BEYOND ':7}{name:22} exit {code}  {busy:5.1f} s of processor "
                f"({seconds:5.1f} s)  {size // 1000:5,} MB  ({file.stat().st_size // 1000:,} kB)",
                flush=True,
            )
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
