"""Compare the catalogue with eager PyTorch for as long as one likes.

    python -m tests.oracle.fuzz --seconds 600 --type conv2d --type max_pool2d
    python -m tests.oracle.fuzz --cases 100000

Reports how many cases were run for each type, how they ended and, shrunk, which disagreed; exits
with 1 if one did. ``--cases`` are shared out evenly among the types.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from math import ceil, inf

from tests.oracle.compare import DisagreementError, Tally, explore
from tests.oracle.draw import twins
from tests.oracle.draw_functional import TYPES

NAMES = [*twins(), *TYPES]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.fuzz", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, help="how long to run (default: 600, with --cases no limit)"
    )
    parser.add_argument("--cases", type=int, help="how many cases to run in all")
    parser.add_argument("--type", action="append", choices=NAMES, help="only this type")
    parser.add_argument("--round", type=int, default=300, help="cases of a type before the next")
    parser.add_argument("--seed", type=int, help="the same cases again")
    return parser.parse_args()


def fuzz(
    names: list[str], seconds: float, cases: float, count: int, source: random.Random
) -> tuple[dict[str, Tally], dict[str, str]]:
    """Go round the types until the time is up, or each has had its share of the cases; a type that
    disagreed is left out from then on."""
    end = time.monotonic() + seconds
    tallies = {name: Tally() for name in names}
    disagreements: dict[str, str] = {}
    share = cases / len(names)
    waiting = list(names)
    while time.monotonic() < end and waiting:
        for name in waiting:
            if time.monotonic() >= end:
                break
            left = ceil(min(count, share - tallies[name].total))
            try:
                explore(name, left, tallies[name], source.getrandbits(64))
            except DisagreementError as error:
                disagreements[name] = str(error)
                print(f"{name} disagrees: {error}", file=sys.stderr, flush=True)
        waiting = [
            name for name in waiting if name not in disagreements and tallies[name].total < share
        ]
    return tallies, disagreements


def report(tallies: dict[str, Tally], disagreements: dict[str, str]) -> None:
    """The numbers, a line a type."""
    print(f"{'type':24}{'cases':>9}{'accepted':>10}{'refused':>9}{'stricter':>10}")
    for name, tally in tallies.items():
        mark = "  DISAGREES" if name in disagreements else ""
        stricter = tally.deliberate.total()
        row = f"{tally.total:9,}{tally.accepted:10,}{tally.refused:9,}{stricter:10,}"
        print(f"{name:24}{row}{mark}")
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    print(f"{total.total:,} cases of {len(tallies)} types, {len(disagreements)} disagree")
    reasons: Counter[str] = total.deliberate
    for reason, count in reasons.most_common():
        print(f"  stricter on purpose: {reason}: {count:,}")
    for message in disagreements.values():
        print(f"\n{message}")


def main() -> int:
    """Run the command."""
    options = arguments()
    start = random.getrandbits(32) if options.seed is None else options.seed
    print(f"--seed {start}")
    names = options.type or NAMES
    cases = inf if options.cases is None else options.cases
    usual = 600 if options.cases is None else inf
    seconds = usual if options.seconds is None else options.seconds
    source = random.Random(start)
    tallies, disagreements = fuzz(names, seconds, cases, options.round, source)
    report(tallies, disagreements)
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
